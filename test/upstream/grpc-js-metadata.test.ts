import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Header } from "../../src/rpc/header.ts";
import { headerFromMetadata, metadataFromHeader } from "../../src/upstream/grpc-js-metadata.ts";

const passes = (name: string, value: string, fixed?: Header): string[] =>
  metadataFromHeader(Header.of([[name, value]]), fixed)
    .get(name)
    .map((sent) => (typeof sent === "string" ? sent : sent.toString("hex")));

const rows: readonly [name: string, value: string, sent: string[], reason: string][] = [
  ["x-a", "1", ["1"], "text"],
  ["x-a", " 1 ", ["1"], "HTTP has no spaces around values"],
  ["x-bin", "AAE", ["0001"], "base64 becomes bytes"],
  ["x-bin", "!", [], "what is no base64 cannot be sent"],
  ["x-a", "é", [], "gRPC has no such value"],
  ["x-a", "a\nb", [], "nor this one"],
  ["a:b", "1", [], "node:http2 throws for such a name"],
  [":path", "/", [], "pseudo headers are the transport's"],
  ["te", "trailers", [], "so is te"],
  ["content-type", "x", [], "and what describes the body"],
  ["grpc-timeout", "1S", [], "and gRPC's own"],
  ["grpc-previous-rpc-attempts", "1", ["1"], "but for what a retry tells the backend"],
];
for (const [name, value, sent, reason] of rows) {
  test(`${name}: ${JSON.stringify(value)} is sent as ${JSON.stringify(sent)}: ${reason}`, () => {
    assert.deepEqual(passes(name, value), sent);
  });
}

test("of a name that may stand once the first value is sent", () => {
  const header = Header.of([
    ["referer", "a"],
    ["referer", "b"],
  ]);
  assert.deepEqual(metadataFromHeader(header).get("referer"), ["a"]);
});

test("a fixed header replaces what the call says", () => {
  assert.deepEqual(passes("authorization", "client", Header.of([["authorization", "gateway"]])), ["gateway"]);
});

test("what was sent is what is received", () => {
  const name = fc.stringMatching(/^x-[a-z0-9_.]{0,8}$/);
  const text = fc.tuple(name, fc.stringMatching(/^[!-~]{0,12}$/));
  const binary = fc.tuple(
    name.map((prefix) => `${prefix}-bin`),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "")),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(text, binary)), (pairs) => {
      const header = Header.of(pairs);
      const received = headerFromMetadata(metadataFromHeader(header));
      for (const [key] of pairs) assert.deepEqual(received.getAll(key), header.getAll(key));
      assert.equal(received.size, header.size);
    }),
  );
});
