import assert from "node:assert/strict";
import { test } from "node:test";
import { isLines, refuseContentType, resolveBodyType } from "../../../src/protocol/rest/body-type.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";

const rows: readonly [contentType: string, unary: boolean, streamed: boolean, why: string][] = [
  ["", true, true, "nothing said is taken for JSON"],
  ["application/json", true, true, "JSON"],
  ["Application/JSON; charset=utf-8", true, true, "case and parameters do not matter"],
  ["application/vnd.acme+json", true, true, "a type built on JSON"],
  ["application/protobuf", true, false, "one message as it is"],
  ["application/x-protobuf", true, false, "its older name"],
  ["application/x-www-form-urlencoded", true, false, "a form is one message"],
  [
    "multipart/form-data; boundary=x",
    true,
    true,
    "a form with files is one message, or a stream of their pieces",
  ],
  ["application/x-ndjson", false, true, "lines are a stream"],
  ["application/jsonl", false, true, "their other name"],
  ["text/plain", false, false, "text is no message"],
  ["text/json", false, false, "no registered name of JSON"],
  ["application/xml", false, false, "nor is XML"],
  ["application/grpc", false, false, "gRPC is another protocol"],
  ["garbage", false, false, "what is no media type names none that is read"],
];
for (const [contentType, unary, streamed, why] of rows) {
  test(`${JSON.stringify(contentType)} is read ${unary ? "" : "not "}as one message, ${streamed ? "" : "not "}as a stream: ${why}`, () => {
    assert.equal(refuseContentType(contentType, false, "declared") === undefined, unary);
    assert.equal(refuseContentType(contentType, true, "declared") === undefined, streamed);
  });
}

test("the refusal names what was sent, shortened, and what is expected", () => {
  const unary = refuseContentType(`text/${"x".repeat(5_000)}`, false, "declared");
  assert.equal(unary?.code, Code.INVALID_ARGUMENT);
  assert.match(
    unary?.rawMessage ?? "",
    /^Content-Type "text\/x+" is not read here, expected application\/json$/,
  );
  assert.ok((unary?.rawMessage.length ?? 0) < 200);
  const streamed = refuseContentType("application/x-www-form-urlencoded", true, "declared");
  assert.match(
    streamed?.rawMessage ?? "",
    /expected application\/json, application\/x-ndjson or multipart\/form-data; with curl add -H 'Content-Type: application\/json'$/,
  );
});

test("a client stream of binary messages is told where such streams go, whatever the dialect", () => {
  for (const bodyTypes of ["declared", "any-is-json"] as const) {
    for (const contentType of ["application/protobuf", "application/x-protobuf; a=b"]) {
      const error = refuseContentType(contentType, true, bodyTypes);
      assert.match(
        error?.rawMessage ?? "",
        /protobuf" is not read here, expected application\/json, application\/x-ndjson or multipart\/form-data for a stream of messages; binary ones go over gRPC, Connect or WebSocket$/,
      );
      assert.equal(refuseContentType(contentType, false, bodyTypes), undefined);
    }
  }
});

test("where any body is JSON, no other type is refused", () => {
  for (const contentType of [
    "text/plain",
    "x",
    "application/octet-stream",
    "application/xml",
    "*/*",
    ";",
    "\u0000",
  ]) {
    for (const streamed of [false, true]) {
      assert.equal(refuseContentType(contentType, streamed, "any-is-json"), undefined, contentType);
      assert.equal(resolveBodyType(contentType, "any-is-json", Buffer.from("a=1")), contentType);
    }
  }
});

const form = "application/x-www-form-urlencoded";
/** `refused` by what is declared; `json` or `form` where any body is JSON. */
const labels: readonly [
  contentType: string,
  body: string,
  declared: "refused" | "kept",
  anyIsJson: "json" | "kept",
  why: string,
][] = [
  [form, '{"a":1}', "refused", "json", "curl -d without -H"],
  [form, "[1]", "refused", "json", "an array likewise"],
  [form, ' \r\n\t{"a":1}', "refused", "json", "white space may stand before JSON, as in curl -d @file"],
  [form, "{", "refused", "json", "broken JSON is no form either"],
  [form, '"x"', "kept", "json", "a text, where the body is a field"],
  [form, "-12.5e3\n", "kept", "json", "a number"],
  [form, " true ", "kept", "json", "a word of JSON"],
  [form, "null", "kept", "json", "likewise"],
  [form, "a=1", "kept", "kept", "a form"],
  [form, "true=1", "kept", "kept", "a key that begins like JSON"],
  [form, "12=1", "kept", "kept", "likewise"],
  [form, "truth", "kept", "kept", "a key without a value"],
  [form, "1".repeat(100_000), "kept", "kept", "a number of nobody's"],
  [form, "%7B%7D", "kept", "kept", "an encoded brace is a key's"],
  [form, "\ufeff{}", "kept", "kept", "a byte order mark is no JSON (RFC 8259)"],
  [form, "", "kept", "kept", "nothing"],
  [form, "  ", "kept", "kept", "white space alone"],
  [`${form.toUpperCase()}; charset=utf-8`, "{}", "refused", "json", "case and parameters do not matter"],
  ["application/json", '{"a":1}', "kept", "kept", "what is labelled JSON is no puzzle"],
  ["multipart/form-data", "{", "kept", "kept", "only the label that curl writes unasked"],
  ["application/protobuf", "{", "kept", "kept", "binary may begin so: field 15 in a group"],
];
for (const [contentType, body, declared, anyIsJson, why] of labels) {
  const shown = body.length > 40 ? `${body.length} characters` : JSON.stringify(body);
  test(`${shown} as ${contentType} is ${declared} where types are declared, ${anyIsJson} where any is JSON: ${why}`, () => {
    const strict = resolveBodyType(contentType, "declared", Buffer.from(body));
    if (declared === "kept") assert.equal(strict, contentType);
    else {
      assert.ok(strict instanceof RpcError);
      assert.match(strict.rawMessage, /looks like JSON.*curl add -H 'Content-Type: application\/json'/);
    }
    const loose = resolveBodyType(contentType, "any-is-json", Buffer.from(body));
    assert.equal(loose, anyIsJson === "json" ? "application/json" : contentType);
  });
}

test("the messages of a client stream are never forms: a form is JSON where any body is", () => {
  assert.equal(resolveBodyType(form, "any-is-json", undefined), "application/json");
  assert.equal(resolveBodyType("application/x-ndjson", "any-is-json", undefined), "application/x-ndjson");
});

test("only the types of lines make an array on a line a message", () => {
  assert.equal(isLines("application/x-ndjson; charset=utf-8"), true);
  assert.equal(isLines("application/jsonl"), true);
  assert.equal(isLines("application/json"), false);
  assert.equal(isLines(""), false);
});
