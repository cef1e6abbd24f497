// What raw HTTP gets of unary calls: statuses, headers and bodies, on both versions of HTTP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { versions } from "../../server/open-listener.ts";
import { envelope } from "../envelopes.ts";
import { pathOf } from "../note-service.ts";
import { openEdge } from "./connect-fixture.ts";
import { type Asked, echo, json, limit, ofSize, proto, streamJson, streamProto } from "./raw-edge.ts";

interface Row {
  readonly why: string;
  readonly ask: Asked;
  readonly status: number;
  /** Of the error in the body; undefined = none is expected. */
  readonly code?: string;
  readonly message?: RegExp;
  readonly allow?: string;
  readonly acceptPost?: string;
}

const unary: readonly Row[] = [
  { why: "a plain POST of JSON is a call", ask: { header: json, body: "{}" }, status: 200 },
  {
    why: "so is one with the version",
    ask: { header: { ...json, "connect-protocol-version": "1" }, body: "{}" },
    status: 200,
  },
  {
    why: "unknown keys of JSON are ignored",
    ask: { header: json, body: '{"none":1}' },
    status: 200,
  },
  { why: "an empty binary body is an empty message", ask: { header: proto }, status: 200 },
  {
    why: "there is only version 1",
    ask: { header: { ...json, "connect-protocol-version": "2" }, body: "{}" },
    status: 400,
    code: "invalid_argument",
    message: /connect-protocol-version must be "1", got "2"/,
  },
  { why: "nothing is not JSON", ask: { header: json, body: "" }, status: 400, code: "invalid_argument" },
  {
    why: "JSON that is not of the message says where",
    ask: { header: json, body: '{"id":1}' },
    status: 400,
    code: "invalid_argument",
    message: /id/,
  },
  {
    why: "a timeout has no unit",
    ask: { header: { ...json, "connect-timeout-ms": "5s" }, body: "{}" },
    status: 400,
    code: "invalid_argument",
    message: /connect-timeout-ms.*"5s"/,
  },
  {
    why: "a timeout has ten digits at most",
    ask: { header: { ...json, "connect-timeout-ms": "12345678901" }, body: "{}" },
    status: 400,
    code: "invalid_argument",
  },
  {
    why: "binary metadata is base64",
    ask: { header: { ...json, "x-data-bin": "!" }, body: "{}" },
    status: 400,
    code: "invalid_argument",
    message: /x-data-bin/,
  },
  {
    why: "an unknown compression is told what there is",
    ask: { header: { ...json, "content-encoding": "snappy" }, body: "{}" },
    status: 501,
    code: "unimplemented",
    message: /snappy.*gzip,br,zstd,deflate/,
  },
  {
    why: "a body that is not so compressed",
    ask: { header: { ...proto, "content-encoding": "gzip" }, body: "no gzip" },
    status: 400,
    code: "invalid_argument",
  },
  {
    why: "nothing is not decompressed",
    ask: { header: { ...proto, "content-encoding": "gzip" }, body: "" },
    status: 200,
  },
  { why: "exactly the limit passes", ask: { header: proto, body: ofSize(limit) }, status: 200 },
  {
    why: "one byte more does not",
    ask: { header: proto, body: ofSize(limit + 1) },
    status: 429,
    code: "resource_exhausted",
  },
  {
    why: "the limit is one of the decompressed message",
    ask: { header: { ...proto, "content-encoding": "gzip" }, body: gzipSync(ofSize(limit)) },
    status: 200,
  },
  {
    why: "so a bomb does not pass",
    ask: { header: { ...proto, "content-encoding": "gzip" }, body: gzipSync(ofSize(1_000_000)) },
    status: 429,
    code: "resource_exhausted",
  },
  {
    why: "HTTP methods are POST, and GET where the proto allows it",
    ask: { method: "DELETE", header: proto },
    status: 405,
    allow: "GET, HEAD, POST",
  },
  {
    why: "a method with side effects is no GET",
    ask: { method: "GET", path: `${pathOf("Write")}?encoding=json&message={}` },
    status: 405,
    allow: "POST",
  },
  {
    why: "nor is a stream",
    ask: { method: "GET", path: `${pathOf("ServerStreaming")}?encoding=json&message={}` },
    status: 405,
    allow: "POST",
  },
  { why: "OPTIONS says what there is", ask: { method: "OPTIONS" }, status: 204, allow: "GET, HEAD, POST" },
  {
    why: "a content type that is none of Connect's",
    ask: { header: { "content-type": "image/jpeg" }, body: "x" },
    status: 415,
    message: /"image\/jpeg".*a unary method takes application\/proto, application\/json/,
    acceptPost: "application/proto, application/json",
  },
  {
    why: "no content type at all",
    ask: { body: "{}" },
    status: 415,
    acceptPost: "application/proto, application/json",
  },
  {
    why: "another charset",
    ask: { header: { "content-type": "application/json; charset=latin1" }, body: "{}" },
    status: 415,
    acceptPost: "application/proto, application/json",
  },
  {
    why: "a unary method has no envelopes",
    ask: { header: streamJson, body: envelope("{}") },
    status: 415,
    acceptPost: "application/proto, application/json",
  },
  {
    why: "a stream has envelopes",
    ask: { name: "ServerStreaming", header: json, body: "{}" },
    status: 415,
    message: /a server streaming method/,
    acceptPost: "application/connect+proto, application/connect+json",
  },
  {
    why: "a method that there is not",
    ask: { path: "/test.Transport/None", header: { ...json, "connect-protocol-version": "1" }, body: "{}" },
    status: 404,
    code: "unimplemented",
    message: /\/test\.Transport\/None/,
  },
  {
    why: "nor as a stream",
    ask: { path: "/test.Transport/None", header: streamProto },
    status: 404,
    code: "unimplemented",
  },
  {
    why: "a GET is a call",
    ask: { method: "GET", path: `${pathOf("Unary")}?connect=v1&encoding=json&message=%7B%7D` },
    status: 200,
  },
  {
    why: "a GET of another version",
    ask: { method: "GET", path: `${pathOf("Unary")}?connect=v2&encoding=json&message=%7B%7D` },
    status: 400,
    code: "invalid_argument",
    message: /connect must be "v1", got "v2"/,
  },
  {
    why: "a GET without a message",
    ask: { method: "GET", path: `${pathOf("Unary")}?encoding=json` },
    status: 400,
    code: "invalid_argument",
    message: /message is missing/,
  },
  {
    why: "a GET of a codec that there is none of",
    ask: { method: "GET", path: `${pathOf("Unary")}?encoding=xml&message=x` },
    status: 415,
    message: /encoding "xml"/,
    acceptPost: "application/proto, application/json",
  },
  {
    why: "a GET of a compression that there is none of",
    ask: { method: "GET", path: `${pathOf("Unary")}?encoding=json&compression=x&message=%7B%7D` },
    status: 501,
    code: "unimplemented",
  },
  {
    why: "a GET of a message beyond the limit",
    ask: { method: "GET", path: `${pathOf("Unary")}?encoding=json&message=%22${"a".repeat(limit)}%22` },
    status: 429,
    code: "resource_exhausted",
  },
  {
    why: "a GET of a bomb",
    ask: {
      method: "GET",
      path: `${pathOf("Unary")}?encoding=proto&base64=1&compression=gzip&message=${gzipSync(ofSize(9_000)).toString("base64url")}`,
    },
    status: 429,
    code: "resource_exhausted",
  },
];
for (const { why, ask: asked, status, code, message, allow, acceptPost } of unary) {
  for (const version of versions) {
    test(`${why}: ${status} (${version.name})`, async (context) => {
      const port = await openEdge(context, echo, { maxRequestBytes: limit });
      const { method = "POST", name = "Unary", path = pathOf(name), header = {}, body } = asked;
      const answer = await version.ask(port, { method, path, header, ...(body !== undefined && { body }) });
      assert.equal(answer.status, status, answer.body);
      if (code !== undefined) {
        assert.equal(answer.header["content-type"], "application/json");
        const error = JSON.parse(answer.body);
        assert.equal(error.code, code);
        if (message !== undefined) assert.match(error.message, message);
        assert.ok(!("details" in error));
      } else if (status >= 400) {
        // A refusal of HTTP's own is no error of Connect's, which JSON would make of it.
        assert.equal(answer.header["content-type"], "text/plain; charset=utf-8");
        assert.match(answer.body, message ?? /./);
      }
      assert.equal(answer.header.allow, allow);
      assert.equal(answer.header["accept-post"], acceptPost);
    });
  }
}
