// Reading ProtoJSON, the JSON itself: its grammar and encoding, the place and path that a refusal names, and what stays
// when a message was refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { decode, lenient, refusal, strict, testRefused } from "./decode-json-case.ts";
import { messageDesc, utf8 } from "./schema.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? utf8(part) : Uint8Array.from(part))));

testRefused([
  // positions and paths
  [
    "the path has indexes and the spelling of the text",
    "all.Shelf",
    '{"books":[{},{"author":{"birth_year":"abc"}}]}',
    'books[1].author.birth_year: expected int32, got "abc" (line 1, column 38)',
  ],
  [
    "lines and columns count characters",
    "all.Book",
    '{\n  "title": "é😀",\n  "pages": true}',
    "pages: expected int32, got true (line 3, column 12)",
  ],
  [
    "keys of maps that are no identifiers are quoted",
    "all.Book",
    '{"labels":{"a b":"x"}}',
    'labels["a b"]: expected int32, got "x" (line 1, column 18)',
  ],
  [
    "got is shortened",
    "all.Book",
    `{"pages":"${"x".repeat(100)}"}`,
    `pages: expected int32, got "${"x".repeat(39)}… (line 1, column 10)`,
  ],
  [
    "control characters are escaped in got",
    "all.Book",
    '{"pages":"\u007f"}',
    'pages: expected int32, got "\\u007f" (line 1, column 10)',
  ],
  [
    "objects and arrays are named only",
    "all.Book",
    '{"pages":{"a":1}}',
    "pages: expected int32, got an object (line 1, column 10)",
  ],
  // JSON
  ["nothing", "all.Book", "", "expected a JSON value, got nothing"],
  [
    "white space only",
    "all.Book",
    " ",
    "expected an object of all.Book, got end of input (line 1, column 2)",
  ],
  ["text after the value", "all.Book", "{} {}", "expected end of input, got an object (line 1, column 4)"],
  ["a comma after the value", "all.Book", "{},", "expected end of input, got , (line 1, column 3)"],
  ["a NUL after the value", "all.Book", "{}\u0000", "expected end of input, got \\u0000 (line 1, column 3)"],
  [
    "a comma too many",
    "all.Book",
    '{"pages":1,}',
    "expected a key in double quotes, got } (line 1, column 12)",
  ],
  [
    "a comma too many in a list",
    "all.Book",
    '{"years":[1,]}',
    "years[1]: expected int32, got ] (line 1, column 13)",
  ],
  [
    "an end that is missing",
    "all.Book",
    '{"pages":1',
    'pages: expected "," or "}", got end of input (line 1, column 11)',
  ],
  ["a wrong end", "all.Book", '{"years":[1}', 'years[0]: expected "," or "]", got } (line 1, column 12)'],
  [
    "a key without quotes",
    "all.Book",
    "{pages:1}",
    "expected a key in double quotes, got pages (line 1, column 2)",
  ],
  [
    "single quotes",
    "all.Book",
    "{'pages':1}",
    "expected a key in double quotes, got 'pages' (line 1, column 2)",
  ],
  ["a comment", "all.Book", "{/**/}", "expected a key in double quotes, got /**/ (line 1, column 2)"],
  ["a string without an end", "all.Book", '{"title":"a', "title: string without an end (line 1, column 10)"],
  [
    "a string that ends in a backslash",
    "all.Book",
    '{"title":"a\\"',
    "title: string without an end (line 1, column 10)",
  ],
  [
    "a control character in a string",
    "all.Book",
    '{"title":"a\nb"}',
    "title: control character in a string, to be written as \\n (line 1, column 12)",
  ],
  [
    "a control character after an escape",
    "all.Book",
    '{"title":"\\na\tb"}',
    "title: control character in a string, to be written as \\t (line 1, column 14)",
  ],
  [
    "a NUL in a string",
    "all.Book",
    '{"title":"\u0000"}',
    "title: control character in a string, to be written as \\u0000 (line 1, column 11)",
  ],
  [
    "an escape that is none",
    "all.Book",
    '{"title":"\\x41"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 11)",
  ],
  [
    "an escape of three digits",
    "all.Book",
    '{"title":"\\u041"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 11)",
  ],
  [
    "a high surrogate alone",
    "all.Book",
    '{"title":"\\ud83d"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 11)",
  ],
  [
    "a high surrogate before another character",
    "all.Book",
    '{"title":"\\ud83d\\u0041"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 11)",
  ],
  [
    "a low surrogate alone",
    "all.Book",
    '{"title":"\\ude00"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 11)",
  ],
  [
    "a lone surrogate in a key",
    "all.Book",
    '{"labels":{"\\ud83d":1}}',
    "invalid escape or lone surrogate in a string",
  ],
  [
    "a byte order mark",
    "all.Book",
    "\ufeff{}",
    "JSON text must not start with a byte order mark (line 1, column 1)",
  ],
  [
    "invalid UTF-8 in a string",
    "all.Book",
    bytes('{"title":"', [0xc3, 0x28], '"}'),
    "title: JSON text is not valid UTF-8 (line 1, column 11)",
  ],
  [
    "a surrogate in UTF-8",
    "all.Book",
    bytes('{"title":"a', [0xed, 0xa0, 0x80], '"}'),
    "title: JSON text is not valid UTF-8",
  ],
  [
    "overlong UTF-8",
    "all.Book",
    bytes('{"title":"', [0xc0, 0x80], '"}'),
    "title: JSON text is not valid UTF-8",
  ],
  [
    "UTF-8 that is cut off",
    "all.Book",
    bytes('{"title":"', [0xe4, 0xb8]),
    "title: JSON text is not valid UTF-8",
  ],
  [
    "UTF-16",
    "all.Book",
    Buffer.from("\ufeff{}", "utf16le"),
    "JSON text is not valid UTF-8 (line 1, column 1)",
  ],
  [
    "a root of another kind",
    "all.Book",
    "[]",
    "expected an object of all.Book, got an array (line 1, column 1)",
  ],
  ["a root null", "all.Book", "null", "expected an object of all.Book, got null (line 1, column 1)"],
]);

test("messages nest a hundred deep, not deeper", () => {
  const nested = (depth: number): string => `${'{"left":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
  assert.ok(decode("all.Tree", nested(100)));
  assert.match(refusal("all.Tree", nested(101)), /nested deeper than 100 messages/);
  assert.match(refusal("google.protobuf.Value", "[".repeat(101) + "]".repeat(101)), /nested deeper/);
  assert.match(refusal("all.Book", `{"x":${"[".repeat(101)}`, lenient), /nested too deep/);
});

test("a result is not changed by what is decoded next", () => {
  const codec = strict.message(messageDesc("all.Book"));
  const first = codec.decodeJson(utf8('{"title":"first"}'));
  codec.decodeJson(utf8('{"title":"other"}'));
  assert.deepEqual(first, codec.decodeJson(utf8('{"title":"first"}')));
});

test("an error leaves nothing behind", () => {
  const codec = strict.message(messageDesc("all.Book"));
  assert.throws(() => codec.decodeJson(utf8('{"author":{"givenName":"a","birthYear":"x"}}')), RpcError);
  assert.equal(codec.decodeJson(utf8("{}")).length, 0);
});
