import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";
import { decodeGrpcStatusDetails, encodeGrpcStatusDetails } from "../../src/wire/grpc-status-details.ts";

const noNullPrototype = { noNullPrototype: true };
const status = fc.record(
  {
    code: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    message: fc.string({ unit: "grapheme" }),
    details: fc.array(
      fc.record(
        { typeUrl: fc.string(), value: fc.uint8Array().map((bytes) => Uint8Array.from(bytes)) },
        noNullPrototype,
      ),
      { maxLength: 4 },
    ),
  },
  noNullPrototype,
);

test("decoding is the inverse of encoding", () => {
  fc.assert(
    fc.property(status, (value) => {
      assert.deepEqual(decodeGrpcStatusDetails(encodeGrpcStatusDetails(value)), value);
    }),
  );
});

test("it reads what protobuf-es writes, padded or not", () => {
  fc.assert(
    fc.property(status, (value) => {
      const details = value.details.map((detail) => create(AnySchema, detail));
      const bytes = toBinary(StatusSchema, create(StatusSchema, { ...value, details }));
      const text = Buffer.from(bytes).toString("base64");
      assert.deepEqual(decodeGrpcStatusDetails(text), value);
      assert.deepEqual(decodeGrpcStatusDetails(text.replace(/=+$/, "")), value);
    }),
  );
});

const rows: readonly [text: string, reason: string][] = [
  ["!", "not base64"],
  ["A", "not a whole number of bytes"],
  ["CA", "a tag without its value"],
  ["GgU", "a length beyond the end"],
  ["AAA", "field number 0"],
  ["GgMKBQ", "an Any that is cut off"],
  [Buffer.from("1a00".repeat(1001), "hex").toString("base64"), "more details than anyone sends"],
];
for (const [text, reason] of rows) {
  test(`${text.slice(0, 20)} is no status: ${reason}`, () => {
    assert.equal(decodeGrpcStatusDetails(text), undefined);
  });
}

test("unknown fields are skipped", () => {
  assert.deepEqual(decodeGrpcStatusDetails(Buffer.from("0805a001012202ffff", "hex").toString("base64")), {
    code: 5,
    message: "",
    details: [],
  });
});

test("no bytes make decoding throw", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      decodeGrpcStatusDetails(Buffer.from(bytes).toString("base64"));
    }),
  );
});
