import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { takeTimeout } from "../../../src/protocol/websocket/call-deadline.ts";
import { parseClientFrame } from "../../../src/protocol/websocket/client-frame.ts";
import { closeCodeOf } from "../../../src/protocol/websocket/close-code.ts";
import {
  formatErrorFrame,
  formatHeaderFrame,
  formatUndecoded,
} from "../../../src/protocol/websocket/server-frame.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";

/** What a frame says, its bytes as text. */
function said(frame: string | Uint8Array): unknown {
  const parsed = parseClientFrame(frame);
  return parsed.kind === "message" ? `${parsed.form} ${Buffer.from(parsed.bytes)}` : parsed;
}

test("a binary frame is a message, whatever it holds", () => {
  assert.equal(said(Buffer.from('{"halfClose":true}')), 'proto {"halfClose":true}');
  assert.equal(said(new Uint8Array()), "proto ");
});

test("a text frame with the key message holds a value that is not looked into", () => {
  for (const [frame, json] of [
    ['{"message":{"a":1}}', '{"a":1}'],
    [' {\r\n\t"message" : {"a":1} }\n', ' {"a":1} '],
    ['{"message":null}', "null"],
    ['{"message":18446744073709551615}', "18446744073709551615"],
    ['{"message":"}"}', '"}"'],
    // What these are is for the codec to say, with the position.
    ['{"message":{}', "{"],
    ['{"message":1,"header":{}}', '1,"header":{}'],
    ['{"message":}', ""],
  ] as const) {
    assert.equal(said(frame), `json ${json}`, frame);
  }
});

test("every JSON value comes out of its frame as it went in", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const frame = parseClientFrame(JSON.stringify({ message: value }));
      assert.ok(frame.kind === "message");
      assert.deepEqual(JSON.parse(Buffer.from(frame.bytes).toString()), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("header and half-close are frames of their own", () => {
  assert.deepEqual(said('{"halfClose":true}'), { kind: "half_close" });
  assert.deepEqual(said('{"header":{"A":"1","b":["2","3"],"c":[]}}'), {
    kind: "header",
    entries: [
      ["A", "1"],
      ["b", "2"],
      ["b", "3"],
    ],
  });
  assert.deepEqual(said('{"header":{"__proto__":"1"}}'), { kind: "header", entries: [["__proto__", "1"]] });
});

test("everything else is malformed, and says why", () => {
  for (const [frame, reason] of [
    ["", /no JSON/],
    ["hello", /no JSON/],
    ["[]", /no object/],
    ["null", /no object/],
    ['"message"', /no object/],
    ["{}", /one key/],
    ['{"text":"bare"}', /one key: "message"/],
    ['{"halfClose":false}', /halfClose/],
    ['{"halfClose":true,"message":1}', /one key/],
    ['{"header":1}', /"header" is no object/],
    ['{"header":["a"]}', /"header" is no object/],
    ['{"header":{"a":1}}', /header a: expected a string/],
    ['{"header":{"a":[["1"]]}}', /header a/],
    ['{"message":1', /no } at its end/],
    ['{"mess\\u0061ge":1}', /one key/],
    [`{"header":{"a":"${"x".repeat(40_000)}"}}`, /at most 32768/],
  ] as const) {
    const parsed = parseClientFrame(frame);
    assert.ok(parsed.kind === "malformed", frame);
    assert.match(parsed.reason, reason);
  }
});

test("no text and no bytes make the reader throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()),
      (frame) => void parseClientFrame(frame),
    ),
  );
  fc.assert(fc.property(fc.json(), (frame) => void parseClientFrame(frame)));
});

test("metadata of a backend is data, also under the names of an object's own", () => {
  const header = Header.of([
    ["__proto__", "1"],
    ["constructor", "2"],
    ["a", "1"],
    ["a", "2"],
    ["grpc-status", "0"],
    ["a-bin", "AAE"],
  ]);
  assert.equal(
    formatHeaderFrame(header),
    '{"header":{"__proto__":"1","constructor":"2","a":["1","2"],"a-bin":"AAE"}}',
  );
});

test("an error frame is JSON for every message and detail", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), fc.uint8Array(), (message, typeUrl, value) => {
      const error = new RpcError(5, message, { details: [{ typeUrl, value }] });
      const { end } = JSON.parse(formatErrorFrame(error, formatUndecoded));
      assert.equal(end.message, message);
      assert.deepEqual(end.details, [{ "@type": typeUrl, value: Buffer.from(value).toString("base64") }]);
    }),
  );
});

test("a close code is 1000 for OK and else 4000 and the code", () => {
  assert.deepEqual([0, 1, 5, 16, 999].map(closeCodeOf), [1000, 4001, 4005, 4016, 4999]);
  // A backend may send any number; there is no room for these.
  assert.deepEqual([1000, -1, 1.5, Number.NaN].map(closeCodeOf), [4002, 4002, 4002, 4002]);
});

test("$timeout is taken out of the query, and nothing else is", () => {
  for (const [query, text, left] of [
    ["", undefined, ""],
    ["a=1&timeout=5", undefined, "a=1&timeout=5"],
    ["$timeout=5", "5", ""],
    ["a=1&%24timeout=2.5s&b=2", "2.5s", "a=1&b=2"],
    ["$timeout=1&$timeout=2", "2", ""],
    ["x$timeout=1", undefined, "x$timeout=1"],
  ] as const) {
    assert.deepEqual(takeTimeout(query), { text, query: left }, query);
  }
});
