import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { QuotaFailureSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { refuse } from "../../src/pipeline/refusal.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import type { RpcError } from "../../src/rpc/rpc-error.ts";

function retryMsOf(error: RpcError): number | undefined {
  const detail = error.details.find(({ typeUrl }) => typeUrl === "type.googleapis.com/google.rpc.RetryInfo");
  if (detail === undefined) return undefined;
  const delay = fromBinary(RetryInfoSchema, detail.value).retryDelay;
  return Number(delay?.seconds) * 1000 + Number(delay?.nanos) / 1e6;
}

const yearMs = 365 * 24 * 3600 * 1000;
const waits: readonly [
  retryAfterMs: number | undefined,
  told: number | undefined,
  pushback: string | undefined,
  reason: string,
][] = [
  [undefined, undefined, undefined, "nobody knows"],
  [0, 0, "0", "at once is a time too"],
  [1500, 1500, "1500", "seconds and nanoseconds"],
  [2000, 2000, "2000", "whole seconds"],
  [0.2, 1, "1", "rounded up, or the client would come too early"],
  [-5, 0, "0", "a time that has passed"],
  [31 * 86_400_000, 31 * 86_400_000, "2147483647", "the pushback fits into an int32"],
  [1e300, yearMs, "2147483647", "a year is as good as never"],
  [Number.POSITIVE_INFINITY, undefined, "-1", "never, which clients know as a negative pushback"],
];
for (const [retryAfterMs, told, pushback, reason] of waits) {
  test(`a wait of ${retryAfterMs} ms is told as ${told} and ${pushback}: ${reason}`, () => {
    const error = refuse(Code.RESOURCE_EXHAUSTED, "no", retryAfterMs === undefined ? {} : { retryAfterMs });
    assert.equal(retryMsOf(error), told);
    assert.equal(error.trailer.get("grpc-retry-pushback-ms"), pushback);
    assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
    assert.equal(error.rawMessage, "no");
  });
}

test("violations become a QuotaFailure, sixteen at most", () => {
  const violations = Array.from({ length: 40 }, (_, i) => ({ subject: `s${i}`, description: `naïve ${i}` }));
  const { details } = refuse(Code.RESOURCE_EXHAUSTED, "no", { violations });
  assert.equal(details.length, 1);
  assert.equal(details[0]?.typeUrl, "type.googleapis.com/google.rpc.QuotaFailure");
  const read = fromBinary(QuotaFailureSchema, details[0].value).violations;
  assert.deepEqual(
    read.map(({ subject, description }) => ({ subject, description })),
    violations.slice(0, 16),
  );
});

test("header and cause go with the error", () => {
  const header = new Header(["ratelimit", '"1";r=0;t=1']);
  const cause = new Error("down");
  const error = refuse(Code.UNAVAILABLE, "no", { header, cause });
  assert.equal(error.header, header);
  assert.equal(error.cause, cause);
  assert.equal(error.trailer.size, 0);
  assert.deepEqual(error.details, []);
});
