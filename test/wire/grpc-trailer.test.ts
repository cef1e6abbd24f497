import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Header } from "../../src/rpc/header.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { decodeGrpcMessage } from "../../src/wire/grpc-message.ts";
import { decodeGrpcStatusDetails } from "../../src/wire/grpc-status-details.ts";
import { errorTrailer, formatTrailer, okTrailer } from "../../src/wire/grpc-trailer.ts";

const detail = { typeUrl: "type.googleapis.com/t.Odd", value: Uint8Array.of(1, 2) };

test("a call that ended well has status 0 and its metadata, duplicates in order", () => {
  const metadata = Header.of([
    ["x-a", "1"],
    ["x-b-bin", "AAE"],
    ["x-a", "2"],
  ]);
  assert.deepEqual([...okTrailer(metadata)], [["grpc-status", "0"], ...metadata]);
});

test("an error has code, encoded message and metadata; an empty message is not written", () => {
  const trailer = Header.of([["x-a", "1"]]);
  assert.deepEqual(
    [...errorTrailer(new RpcError(5, "grün", { trailer }))],
    [
      ["grpc-status", "5"],
      ["grpc-message", "gr%C3%BCn"],
      ["x-a", "1"],
    ],
  );
  assert.deepEqual([...errorTrailer(new RpcError(5, ""))], [["grpc-status", "5"]]);
});

test("a code that is none of the seventeen stays as it is", () => {
  assert.equal(errorTrailer(new RpcError(4711, "x")).get("grpc-status"), "4711");
});

test("details are written once, with code and message, whatever the metadata holds", () => {
  const trailer = Header.of([["grpc-status-details-bin", "AAAA"]]);
  const written = errorTrailer(new RpcError(9, "m", { details: [detail], trailer }));
  const [value, ...more] = written.getAll("grpc-status-details-bin");
  assert.deepEqual(more, []);
  const status = decodeGrpcStatusDetails(value ?? "");
  assert.equal(status?.code, 9);
  assert.equal(status?.message, "m");
  assert.equal(status?.details[0]?.typeUrl, detail.typeUrl);
  assert.deepEqual([...(status?.details[0]?.value ?? [])], [1, 2]);
});

test("of gRPC's own names in the metadata only the advice on retries passes, where it is a number", () => {
  const metadata = Header.of([
    ["grpc-status", "7"],
    ["grpc-message", "no"],
    ["grpc-retry-pushback-ms", "250"],
    ["content-type", "x"],
  ]);
  assert.deepEqual(
    [...okTrailer(metadata)],
    [
      ["grpc-status", "0"],
      ["grpc-retry-pushback-ms", "250"],
    ],
  );
  assert.equal(okTrailer(Header.of([["grpc-retry-pushback-ms", "x\r\n"]])).size, 1);
});

test("as text each entry is one line in lower case, whatever code, message and metadata are", () => {
  const entry = fc.tuple(fc.string({ minLength: 1 }), fc.string());
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(entry), (message, metadata) => {
      const trailer = errorTrailer(new RpcError(3, message, { trailer: Header.of(metadata) }));
      const text = formatTrailer(trailer);
      const lines = text.split("\r\n");
      assert.equal(lines.pop(), "", "the last line is ended too, and no empty one follows");
      assert.equal(lines.length, trailer.size);
      for (const line of lines) assert.match(line, /^[a-z0-9_.-]+: [ -~]*$/);
      const encoded = trailer.get("grpc-message") ?? "";
      assert.equal(decodeGrpcMessage(encoded), Buffer.from(message).toString());
    }),
  );
});
