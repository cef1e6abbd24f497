import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { writeError } from "../../../src/protocol/rest/write-error.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { textOf, trailerOf } from "./pieces.ts";
import { statusFormatOf } from "./rest-fixture.ts";

const format = { formatStatus: statusFormatOf() };
const retryInfo = {
  typeUrl: "type.googleapis.com/google.rpc.RetryInfo",
  value: toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 4n } })),
};

const statuses = [
  [Code.CANCELLED, 499],
  [Code.UNKNOWN, 500],
  [Code.INVALID_ARGUMENT, 400],
  [Code.DEADLINE_EXCEEDED, 504],
  [Code.NOT_FOUND, 404],
  [Code.ALREADY_EXISTS, 409],
  [Code.PERMISSION_DENIED, 403],
  [Code.RESOURCE_EXHAUSTED, 429],
  [Code.FAILED_PRECONDITION, 400],
  [Code.ABORTED, 409],
  [Code.OUT_OF_RANGE, 400],
  [Code.UNIMPLEMENTED, 501],
  [Code.INTERNAL, 500],
  [Code.UNAVAILABLE, 503],
  [Code.DATA_LOSS, 500],
  [Code.UNAUTHENTICATED, 401],
  [99, 500],
] as const;
for (const [code, httpStatus] of statuses) {
  test(`code ${code} is HTTP ${httpStatus}`, async () => {
    const response = writeError(new RpcError(code, "why"), format);
    assert.equal(response.httpStatus, httpStatus);
    assert.equal(response.header.get("content-type"), "application/json");
    assert.deepEqual(JSON.parse(await textOf(response)), { code, message: "why", details: [] });
  });
}

test("an unknown error says nothing of our insides", async () => {
  const response = writeError(new TypeError("secret of line 7"), format);
  assert.equal(response.httpStatus, 500);
  assert.deepEqual(JSON.parse(await textOf(response)), { code: 13, message: "internal error", details: [] });
});

test("HTTP's own status and header entries are taken as given", () => {
  const response = writeError(new RpcError(Code.UNIMPLEMENTED, ""), format, 405, [["allow", "GET"]]);
  assert.equal(response.httpStatus, 405);
  assert.equal(response.header.get("allow"), "GET");
});

test("the google shape says the same status as HTTP does", async () => {
  const response = writeError(
    new RpcError(Code.RESOURCE_EXHAUSTED, ""),
    { formatStatus: statusFormatOf("google") },
    413,
  );
  assert.equal(JSON.parse(await textOf(response)).error.code, 413);
});

test("metadata of the failure becomes header and trailer, gRPC's own stays inside", async () => {
  const error = new RpcError(Code.ABORTED, "", {
    header: Header.of([
      ["x-request-id", "1"],
      ["content-type", "application/grpc"],
      ["grpc-encoding", "gzip"],
    ]),
    trailer: Header.of([
      ["x-cost", "2"],
      ["grpc-status", "10"],
      ["grpc-status-details-bin", "AA"],
    ]),
  });
  const response = writeError(error, format);
  assert.deepEqual(
    [...response.header],
    [
      ["content-type", "application/json"],
      ["x-request-id", "1"],
    ],
  );
  assert.deepEqual(await trailerOf(response), [["x-cost", "2"]]);
  assert.equal(writeError(new RpcError(Code.ABORTED, ""), format).trailer, undefined, "none = no trailers");
});

test("RetryInfo becomes Retry-After, once, even where the backend sent one of its own", () => {
  const header = Header.of([["retry-after", "60"]]);
  const both = writeError(new RpcError(Code.UNAVAILABLE, "", { details: [retryInfo], header }), format);
  assert.deepEqual(both.header.getAll("retry-after"), ["4"]);
  const own = writeError(new RpcError(Code.UNAVAILABLE, "", { header }), format);
  assert.deepEqual(own.header.getAll("retry-after"), ["60"]);
});
