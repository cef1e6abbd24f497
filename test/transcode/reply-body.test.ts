import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type DescMessage, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import type { JsonOptions } from "../../src/codec/codec.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { dialects } from "../../src/transcode/dialect.ts";
import { compileReplyBody, type ReplyBodyScope } from "../../src/transcode/reply-body.ts";
import type { ReplyForm } from "../../src/transcode/route.ts";
import { compileSchema, refusalOf } from "./route-fixture.ts";

const registry = compileSchema(`
  enum View { BASIC = 0; FULL = 1; }
  message Author { string full_name = 1; }
  message Reply {
    string text = 1; Author author = 2; repeated Author authors = 3; google.api.HttpBody file = 4; int64 count = 5; View view = 6;
  }`);
const { policy } = dialects.standard;
const codecOf = (json: JsonOptions) => createCodec(registry, json);
const scope = { policy, codec: codecOf(policy.json), codecOf };
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

function encode(
  desc: DescMessage,
  responseBody: string,
  bytes: Uint8Array,
  form?: ReplyForm,
  of: ReplyBodyScope = scope,
): string {
  const writer = compileReplyBody(desc, responseBody, of);
  assert.ok(typeof writer === "object", String(writer));
  if (form !== undefined) writer.check(form);
  const body = writer.encode(bytes, form);
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

test("an unset response_body message has its defaults where defaults are printed, and no other nulls than asked", () => {
  const under = (options: Partial<JsonOptions>, form?: ReplyForm): string => {
    const json = { ...policy.json, ...options };
    return encode(reply, "author", empty, form, {
      policy: { ...policy, json },
      codec: codecOf(json),
      codecOf,
    });
  };
  assert.equal(under({}), "application/json {}");
  assert.equal(under({ emitDefaults: true }), 'application/json {"fullName":""}');
  // What is not selected is no default.
  assert.equal(under({ emitDefaults: true }, { fields: "fullName" }), "application/json {}");
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

function protobufOf(responseBody: string, bytes: Uint8Array, desc = reply): number[] {
  const writer = compileReplyBody(desc, responseBody, scope);
  assert.ok(typeof writer === "object", String(writer));
  const { contentType, content } = writer.encode(bytes, { format: "protobuf" });
  assert.equal(contentType, writer.raw ? "application/octet-stream" : "application/protobuf");
  return [...Buffer.from(content)];
}

test("a reply is protobuf where the client wants it: its own bytes, or those of a response_body message", () => {
  assert.deepEqual(protobufOf("", message), [...message]);
  assert.deepEqual(protobufOf("author", message), [0x0a, 1, 0x6e]);
  assert.deepEqual(protobufOf("author", empty), []);
});

test("a response_body that is no message is protobuf in its reply message, alone", () => {
  assert.deepEqual(protobufOf("text", message), [0x0a, 1, 0x74]);
  assert.deepEqual(protobufOf("authors", message), [0x1a, 3, 0x0a, 1, 0x6d, 0x1a, 0]);
  assert.deepEqual(protobufOf("count", empty), []);
});

test("an HttpBody stays what it is, whatever form is asked for", () => {
  const bytes = toBinary(httpBody, create(httpBody, { data: Uint8Array.of(1) }));
  assert.deepEqual(protobufOf("", bytes, httpBody), [1]);
  assert.equal(
    encode(httpBody, "", bytes, { pretty: true, fields: "nope" }),
    "raw application/octet-stream \x01",
  );
});

test("a form may ask for numbers of enums, indentation and some of the fields", () => {
  const bytes = toBinary(reply, fromJson(reply, { ...json, view: "FULL" }));
  assert.equal(encode(reply, "view", bytes, {}), 'application/json "FULL"');
  assert.equal(encode(reply, "view", bytes, { enumNumbers: true }), "application/json 1");
  assert.equal(encode(reply, "author", bytes, { pretty: true }), 'application/json {\n  "fullName": "n"\n}');
  assert.equal(
    encode(reply, "", bytes, { fields: "text,author(full_name)" }),
    'application/json {"text":"t","author":{"fullName":"n"}}',
  );
  assert.equal(
    encode(reply, "authors", bytes, { fields: "fullName" }),
    'application/json [{"fullName":"m"},{}]',
  );
  assert.equal(encode(reply, "", bytes, { fields: " " }), encode(reply, "", bytes));
  assert.equal(encode(reply, "text", bytes, { fields: "*" }), 'application/json "t"');
});

test("a form whose fields name nothing is refused before the backend is asked", () => {
  for (const [responseBody, fields, reason] of [
    ["", "nope", 'no field "nope" in t.Reply'],
    ["author", "text", 'no field "text" in t.Author'],
    ["text", "a", '"text" is string, which has no fields to select'],
    ["", "a(", "column 3: expected a field name"],
  ] as const) {
    assert.equal(
      refusalOf(() => encode(reply, responseBody, message, { fields })),
      `INVALID_ARGUMENT: query parameter "fields": ${reason}`,
    );
  }
});

test("fields that a header asks for are refused in the header's name", () => {
  const form = { fields: "nope", fieldsFrom: "x-goog-fieldmask" };
  assert.equal(
    refusalOf(() => encode(reply, "", message, form)),
    'INVALID_ARGUMENT: header "x-goog-fieldmask": no field "nope" in t.Reply',
  );
});

test("the policy of a method decides about defaults, names, enums and 64-bit integers", () => {
  const bytes = toBinary(reply, fromJson(reply, { count: "7", view: "FULL", author: { fullName: "n" } }));
  const under = (options: Partial<JsonOptions>, form?: ReplyForm): string => {
    const json = { ...policy.json, ...options };
    return encode(reply, "", bytes, form, { policy: { ...policy, json }, codec: codecOf(json), codecOf });
  };
  assert.equal(under({}), 'application/json {"author":{"fullName":"n"},"count":"7","view":"FULL"}');
  assert.equal(
    under({ protoNames: true }),
    'application/json {"author":{"full_name":"n"},"count":"7","view":"FULL"}',
  );
  assert.equal(
    under({ enumNumbers: true }),
    'application/json {"author":{"fullName":"n"},"count":"7","view":1}',
  );
  assert.equal(
    under({ enumNumbers: true }, { enumNumbers: false }),
    'application/json {"author":{"fullName":"n"},"count":"7","view":"FULL"}',
  );
  assert.equal(
    under({ int64Numbers: true }),
    'application/json {"author":{"fullName":"n"},"count":7,"view":"FULL"}',
  );
  assert.match(under({ emitDefaults: true }), /"text":""/);
  // What is not selected is not there, and no default either.
  assert.equal(under({ emitDefaults: true }, { fields: "count" }), 'application/json {"count":"7"}');
});

test("a response_body is a field of the reply message itself", () => {
  assert.equal(compileReplyBody(reply, "nope", scope), 'response_body: no field "nope" in t.Reply');
  assert.equal(
    compileReplyBody(reply, "author.full_name", scope),
    'response_body: no field "author.full_name" in t.Reply',
  );
});
