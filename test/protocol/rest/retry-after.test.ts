import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { retryAfterOf } from "../../../src/protocol/rest/retry-after.ts";
import { Code } from "../../../src/rpc/code.ts";
import { type ErrorDetail, RpcError } from "../../../src/rpc/rpc-error.ts";

const typeUrl = "type.googleapis.com/google.rpc.RetryInfo";

function retryInfo(seconds?: bigint, nanos = 0): ErrorDetail {
  const retryDelay = seconds === undefined ? {} : { retryDelay: { seconds, nanos } };
  return { typeUrl, value: toBinary(RetryInfoSchema, create(RetryInfoSchema, retryDelay)) };
}

const rows: readonly [details: readonly ErrorDetail[], want: string | undefined, why: string][] = [
  [[], undefined, "no details"],
  [[retryInfo(7n)], "7", "whole seconds"],
  [[retryInfo(1n, 1)], "2", "rounded up, so that nobody comes early"],
  [[retryInfo(0n, 500_000_000)], "1", "less than a second"],
  [[retryInfo(0n)], "0", "at once"],
  [[retryInfo(-5n)], "0", "a delay in the past"],
  [[retryInfo(-5n, -1)], "0", "likewise with nanos"],
  [[retryInfo(2n ** 62n)], "31536000", "a year at most"],
  [[retryInfo()], undefined, "RetryInfo without a delay says nothing"],
  [[{ typeUrl, value: Uint8Array.of(0xff) }], undefined, "bytes that are no RetryInfo"],
  [[{ typeUrl: "x/google.rpc.Help", value: new Uint8Array() }, retryInfo(3n)], "3", "wherever it stands"],
  [[{ ...retryInfo(3n), typeUrl: "x/acme.google.rpc.RetryInfo" }], undefined, "a type that only ends alike"],
];
for (const [details, want, why] of rows) {
  test(`Retry-After is ${want}: ${why}`, () => {
    assert.equal(retryAfterOf(new RpcError(Code.UNAVAILABLE, "", { details })), want);
  });
}
