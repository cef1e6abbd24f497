import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type DescMessage, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { compileReplyBody } from "../../src/transcode/reply-body.ts";
import { compileSchema, refusalOf } from "./route-fixture.ts";

const registry = compileSchema(`
  message Author { string full_name = 1; }
  message Reply {
    string text = 1; Author author = 2; repeated Author authors = 3; google.api.HttpBody file = 4; int64 count = 5;
  }`);
const codec = createCodec(registry, defaultJsonOptions);
const reply = registry.getMessage("t.Reply") as DescMessage;
const httpBody = registry.getMessage("google.api.HttpBody") as DescMessage;
const json: JsonValue = {
  text: "t",
  author: { fullName: "n" },
  authors: [{ fullName: "m" }, {}],
  count: "7",
};
const message = toBinary(reply, fromJson(reply, json));
const empty = new Uint8Array(0);

function encode(desc: DescMessage, responseBody: string, bytes: Uint8Array): string {
  const writer = compileReplyBody(desc, responseBody, codec);
  assert.ok(typeof writer === "object", String(writer));
  const body = writer.encode(bytes);
  return `${writer.raw ? "raw " : ""}${body.contentType} ${Buffer.from(body.content).toString()}`;
}

test("a reply is JSON of the whole message, or of its response_body field", () => {
  assert.equal(encode(reply, "", message), `application/json ${JSON.stringify(json)}`);
  assert.equal(encode(reply, "author", message), 'application/json {"fullName":"n"}');
  assert.equal(encode(reply, "authors", message), 'application/json [{"fullName":"m"},{}]');
  assert.equal(encode(reply, "text", message), 'application/json "t"');
  assert.equal(encode(reply, "count", message), 'application/json "7"');
});

test("an unset response_body prints its JSON default", () => {
  const defaults = ["text", "authors", "count"].map((name) => encode(reply, name, empty));
  assert.deepEqual(defaults, ['application/json ""', "application/json []", 'application/json "0"']);
});

test("an HttpBody is its bytes under its content type, as the whole reply and as a field", () => {
  const file = { contentType: "text/plain; charset=utf-8", data: Buffer.from("hi") };
  const whole = toBinary(httpBody, create(httpBody, file));
  assert.equal(encode(httpBody, "", whole), "raw text/plain; charset=utf-8 hi");
  const field = Buffer.concat([Uint8Array.of(0x22, whole.length), whole]);
  assert.equal(encode(reply, "file", Buffer.concat([message, field])), "raw text/plain; charset=utf-8 hi");
  // Split over two occurrences, which parsers merge.
  const parts = [Uint8Array.of(0x22, 3, 0x12, 1, 0x61), Uint8Array.of(0x22, 5, 0x0a, 3, 0x61, 0x2f, 0x62)];
  assert.equal(encode(reply, "file", Buffer.concat(parts)), "raw a/b a");
  assert.equal(encode(reply, "file", empty), "raw application/octet-stream ");
});

test("a content type that could not be a header's value is none", () => {
  const bytes = toBinary(httpBody, create(httpBody, { contentType: "a/b\r\nx: y", data: empty }));
  assert.equal(encode(httpBody, "", bytes), "raw application/octet-stream ");
});

test("a backend's bytes that are no such message are INTERNAL", () => {
  for (const [desc, responseBody] of [
    [reply, ""],
    [reply, "author"],
    [reply, "file"],
    [httpBody, ""],
  ] as const) {
    assert.match(
      refusalOf(() => encode(desc, responseBody, Uint8Array.of(0x0a, 9))),
      /^INTERNAL/,
    );
  }
});

test("a response_body is a field of the reply message itself", () => {
  assert.equal(compileReplyBody(reply, "nope", codec), 'response_body: no field "nope" in t.Reply');
  assert.equal(
    compileReplyBody(reply, "author.full_name", codec),
    'response_body: no field "author.full_name" in t.Reply',
  );
});
