// The table of request targets.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRequestTarget, type RequestTarget } from "../../src/server/request-target.ts";

const path = (path: string, query = ""): RequestTarget => ({ kind: "path", path, query });
const rows: readonly [reason: string, method: string, target: string, expected: RequestTarget | "refused"][] =
  [
    ["origin-form", "GET", "/v1/shelves", path("/v1/shelves")],
    ["a query is split off raw", "GET", "/a?b=%20&c", path("/a", "b=%20&c")],
    ["the first ? splits", "GET", "/a?b?c", path("/a", "b?c")],
    ["an empty query is no query", "GET", "/a?", path("/a")],
    ["percent triples stay, broken ones too", "GET", "/%2F%zz", path("/%2F%zz")],
    ["dots and empty segments stay", "GET", "//a/../b", path("//a/../b")],
    ["bytes beyond ASCII become triples", "GET", "/\xe6\x97\xa5?\xff", path("/%E6%97%A5", "%FF")],
    ["absolute-form", "GET", "http://h:80/a?b", { kind: "path", path: "/a", query: "b", authority: "h:80" }],
    [
      "absolute-form without a path",
      "GET",
      "HTTPS://h",
      { kind: "path", path: "/", query: "", authority: "h" },
    ],
    [
      "absolute-form, query only",
      "GET",
      "http://h?q",
      { kind: "path", path: "/", query: "q", authority: "h" },
    ],
    ["asterisk-form", "OPTIONS", "*", { kind: "server" }],
    ["asterisk-form is for OPTIONS", "GET", "*", "refused"],
    ["authority-form is for proxies", "GET", "host:443", "refused"],
    ["a relative path", "GET", "a/b", "refused"],
    ["nothing", "GET", "", "refused"],
    ["another scheme", "GET", "ftp://h/", "refused"],
    ["userinfo", "GET", "http://user@h/", "refused"],
    ["no authority", "GET", "http:///a", "refused"],
    ["a fragment", "GET", "/a#b", "refused"],
    ["a space", "GET", "/a b", "refused"],
    ["a control", "GET", "/a\x01", "refused"],
    ["DEL", "GET", "/a\x7f", "refused"],
  ];

for (const [reason, method, target, expected] of rows) {
  test(`${reason}: ${method} ${JSON.stringify(target)}`, () => {
    const parsed = parseRequestTarget(method, target, false);
    if (expected === "refused") assert.equal(parsed.kind, "refused");
    else assert.deepEqual(parsed, expected);
  });
}

test("HTTP/2 has no absolute-form: :path is a path", () => {
  assert.equal(parseRequestTarget("GET", "http://h/a", true).kind, "refused");
});

test("any text is read without a throw, and a path is ASCII and begins with a slash", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (target, http2) => {
      const parsed = parseRequestTarget("OPTIONS", target, http2);
      if (parsed.kind === "path") assert.match(parsed.path + parsed.query, /^\/[\x21-\x7e]*$/);
    }),
  );
});
