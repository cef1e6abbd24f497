import assert from "node:assert/strict";
import { test } from "node:test";
import { toBinary } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { note, statusFormatOf } from "./rest-fixture.ts";

const plain = statusFormatOf();
const google = statusFormatOf("google");
const typeUrl = "type.googleapis.com/t.Note";

function parsed(text: string): unknown {
  return JSON.parse(text);
}

test("the plain shape is google.rpc.Status, details always there", () => {
  const error = new RpcError(Code.NOT_FOUND, 'no "note"\n');
  assert.equal(plain(error), '{"code":5,"message":"no \\"note\\"\\n","details":[]}');
});

test("the google shape has the HTTP status as code and the code's name as status", () => {
  const error = new RpcError(Code.NOT_FOUND, "no note");
  assert.deepEqual(parsed(google(error)), {
    error: { code: 404, message: "no note", status: "NOT_FOUND", details: [] },
  });
});

test("the google shape repeats the HTTP status that HTTP itself gives", () => {
  const error = new RpcError(Code.UNIMPLEMENTED, "POST is not allowed");
  assert.equal((parsed(google(error, 405)) as { error: { code: number } }).error.code, 405);
  assert.equal((parsed(plain(error, 405)) as { code: number }).code, Code.UNIMPLEMENTED);
});

test("a code that gRPC does not have keeps its number", () => {
  const error = new RpcError(99, "odd");
  assert.deepEqual(parsed(plain(error)), { code: 99, message: "odd", details: [] });
  assert.deepEqual(parsed(google(error)), {
    error: { code: 500, message: "odd", status: "CODE_99", details: [] },
  });
});

test("details are JSON through the schema, in order", () => {
  const details = [
    { typeUrl, value: note({ id: "7", size: 9n }) },
    { typeUrl: "other.example/t.Note", value: new Uint8Array() },
  ];
  assert.deepEqual(
    (parsed(plain(new RpcError(Code.ABORTED, "", { details }))) as { details: unknown }).details,
    [{ "@type": typeUrl, id: "7", size: "9" }, { "@type": "other.example/t.Note" }],
  );
});

test("a detail with a JSON form of its own stands in value", () => {
  const packed = anyPack(DurationSchema, { $typeName: "google.protobuf.Duration", seconds: 3n, nanos: 0 });
  const detail = { typeUrl: packed.typeUrl, value: toBinary(DurationSchema, anyValue(3n)) };
  const text = plain(new RpcError(Code.ABORTED, "", { details: [detail] }));
  assert.deepEqual((parsed(text) as { details: unknown }).details, [
    { "@type": "type.googleapis.com/google.protobuf.Duration", value: "3s" },
  ]);
});

const unreadable: readonly [typeUrl: string, bytes: readonly number[], why: string][] = [
  ["type.googleapis.com/acme.Unknown", [1, 2, 255], "a type that the schema does not have"],
  [typeUrl, [0x0a, 0x20, 0x61], "bytes that end in the middle of a field"],
  [typeUrl, [0x0a, 0x01, 0xff], "text that is not UTF-8"],
  ["type.googleapis.com/__proto__", [1], "a name that is no name"],
];
for (const [url, bytes, why] of unreadable) {
  test(`${why} is kept as base64 and costs nobody the error`, () => {
    const details = [
      { typeUrl: url, value: Uint8Array.from(bytes) },
      { typeUrl, value: note({ id: "7" }) },
    ];
    const text = plain(new RpcError(Code.ABORTED, "x", { details }));
    assert.deepEqual(parsed(text), {
      code: 10,
      message: "x",
      details: [
        { "@type": url, value: Buffer.from(bytes).toString("base64") },
        { "@type": typeUrl, id: "7" },
      ],
    });
  });
}

test("a lone surrogate in a message is still JSON in UTF-8", () => {
  const text = plain(new RpcError(Code.UNKNOWN, "\ud800"));
  assert.equal(Buffer.from(text).toString(), text);
  assert.equal((parsed(text) as { message: string }).message, "\ud800");
});

function anyValue(seconds: bigint) {
  return { $typeName: "google.protobuf.Duration" as const, seconds, nanos: 0 };
}
