import assert from "node:assert/strict";
import { test } from "node:test";
import { isLines, refuseContentType, refuseMislabelledJson } from "../../../src/protocol/rest/body-type.ts";
import { Code } from "../../../src/rpc/code.ts";

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
    assert.equal(refuseContentType(contentType, false) === undefined, unary);
    assert.equal(refuseContentType(contentType, true) === undefined, streamed);
  });
}

test("the refusal names what was sent, shortened, and what is expected", () => {
  const unary = refuseContentType(`text/${"x".repeat(5_000)}`, false);
  assert.equal(unary?.code, Code.INVALID_ARGUMENT);
  assert.match(
    unary?.rawMessage ?? "",
    /^Content-Type "text\/x+" is not read here, expected application\/json$/,
  );
  assert.ok((unary?.rawMessage.length ?? 0) < 200);
  const streamed = refuseContentType("application/x-www-form-urlencoded", true);
  assert.match(
    streamed?.rawMessage ?? "",
    /expected application\/json or application\/x-ndjson; with curl add -H 'Content-Type: application\/json'$/,
  );
});

const form = "application/x-www-form-urlencoded";
const labels: readonly [contentType: string, body: string, refused: boolean, why: string][] = [
  [form, '{"a":1}', true, "curl -d without -H"],
  [form, "[1]", true, "an array likewise"],
  [form, ' \r\n\t{"a":1}', true, "white space may stand before JSON, as in curl -d @file"],
  [form, "a=1", false, "a form"],
  [form, "", false, "nothing"],
  [form, "  ", false, "white space alone"],
  ["application/json", '{"a":1}', false, "what is labelled JSON is no puzzle"],
  ["multipart/form-data", "{", false, "only the label that curl writes unasked"],
];
for (const [contentType, body, refused, why] of labels) {
  test(`${JSON.stringify(body)} as ${contentType} is ${refused ? "" : "not "}taken for mislabelled JSON: ${why}`, () => {
    const error = refuseMislabelledJson(contentType, Buffer.from(body));
    assert.equal(error !== undefined, refused);
    if (error)
      assert.match(error.rawMessage, /looks like JSON.*curl add -H 'Content-Type: application\/json'/);
  });
}

test("only the types of lines make an array on a line a message", () => {
  assert.equal(isLines("application/x-ndjson; charset=utf-8"), true);
  assert.equal(isLines("application/jsonl"), true);
  assert.equal(isLines("application/json"), false);
  assert.equal(isLines(""), false);
});
