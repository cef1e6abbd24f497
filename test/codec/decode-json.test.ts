// Every rule of reading ProtoJSON as a row: what is accepted, as protobuf-es prints the result, and what is refused, with
// the text that says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { anyRegistry } from "./arbitrary-message.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

const strict = testCodec();
const lenient = testCodec({ unknownFields: "ignore" });

function decode(type: string, json: string | Uint8Array, codec = strict): unknown {
  const desc = messageDesc(type);
  const bytes = typeof json === "string" ? utf8(json) : json;
  const message = fromBinary(desc, codec.message(desc).decodeJson(bytes));
  return toJson(desc, message, { registry: anyRegistry });
}

/** The text of the error, without the code in front. */
function refusal(type: string, json: string | Uint8Array, codec = strict): string {
  try {
    decode(type, json, codec);
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    assert.equal(error.code, Code.INVALID_ARGUMENT);
    return error.rawMessage;
  }
  assert.fail("accepted");
}

type Accepted = readonly [reason: string, type: string, json: string, expected: unknown];

const accepted: readonly Accepted[] = [
  // names
  ["a JSON name", "all.Scalars", '{"int32Value":1}', { int32Value: 1 }],
  ["a proto name", "all.Scalars", '{"int32_value":1}', { int32Value: 1 }],
  ["a name with escapes", "all.Scalars", '{"int32\\u0056alue":1}', { int32Value: 1 }],
  ["a declared json_name", "all.Traps", '{"@other name":"a"}', { "@other name": "a" }],
  ["the proto name of a field with a json_name", "all.Traps", '{"renamed":"a"}', { "@other name": "a" }],
  [
    "names that are traps",
    "all.Traps",
    '{"constructor":"c","toString":"t"}',
    { constructor: "c", toString: "t" },
  ],
  ["the largest field number", "all.Traps", '{"far":"x"}', { far: "x" }],
  ["members out of order", "all.Book", '{"pages":1,"title":"t"}', { title: "t", pages: 1 }],
  [
    "white space everywhere",
    "all.Book",
    ' {\n"years"\t:\r[ 1 , 2 ] , "pages" : 3 } \n',
    { years: [1, 2], pages: 3 },
  ],
  ["no members", "all.Book", "{}", {}],
  // integers
  ["an integer in quotes", "all.Scalars", '{"int32Value":"-12"}', { int32Value: -12 }],
  ["an integer in quotes with escapes", "all.Scalars", '{"int32Value":"2\\u0031"}', { int32Value: 21 }],
  ["an exponent", "all.Scalars", '{"int32Value":1e3}', { int32Value: 1000 }],
  ["a capital exponent with a sign", "all.Scalars", '{"int32Value":12E+2}', { int32Value: 1200 }],
  ["a negative exponent that is exact", "all.Scalars", '{"int32Value":1200e-2}', { int32Value: 12 }],
  ["a fraction of zeros", "all.Scalars", '{"int32Value":1.0}', { int32Value: 1 }],
  ["a fraction that the exponent uses up", "all.Scalars", '{"int32Value":1.25e2}', { int32Value: 125 }],
  ["zero with any exponent", "all.Scalars", '{"int32Value":0e999999999999}', {}],
  ["minus zero", "all.Optionals", '{"int32Value":-0}', { int32Value: 0 }],
  ["the least int32", "all.Scalars", '{"int32Value":-2147483648}', { int32Value: -2147483648 }],
  ["the greatest uint32", "all.Scalars", '{"uint32Value":4294967295}', { uint32Value: 4294967295 }],
  [
    "the least int64, as a number",
    "all.Scalars",
    '{"int64Value":-9223372036854775808}',
    { int64Value: "-9223372036854775808" },
  ],
  [
    "every digit of an int64 number",
    "all.Scalars",
    '{"int64Value":9007199254740993}',
    { int64Value: "9007199254740993" },
  ],
  [
    "sixteen digits and more",
    "all.Scalars",
    '{"uint64Value":18446744073709551615}',
    { uint64Value: "18446744073709551615" },
  ],
  [
    "an int64 with an exponent",
    "all.Scalars",
    '{"int64Value":"9.223372036854775807e18"}',
    { int64Value: "9223372036854775807" },
  ],
  [
    "an int64 with a long fraction of zeros",
    "all.Scalars",
    `{"int64Value":5.${"0".repeat(5000)}}`,
    { int64Value: "5" },
  ],
  ["minus zero, unsigned", "all.Optionals", '{"uint64Value":-0}', { uint64Value: "0" }],
  [
    "an integer with two 32-bit halves",
    "all.Scalars",
    '{"sint64Value":-4294967296}',
    { sint64Value: "-4294967296" },
  ],
  // floats
  ["a double", "all.Scalars", '{"doubleValue":-1.5e-7}', { doubleValue: -1.5e-7 }],
  [
    "a double of many digits",
    "all.Scalars",
    '{"doubleValue":0.1234567890123456789}',
    { doubleValue: 0.12345678901234568 },
  ],
  [
    "the largest double",
    "all.Scalars",
    '{"doubleValue":1.7976931348623157e308}',
    { doubleValue: 1.7976931348623157e308 },
  ],
  ["a double too small for anything but zero", "all.Optionals", '{"doubleValue":1e-999}', { doubleValue: 0 }],
  [
    "the words of a double",
    "all.Lists",
    '{"doubleValue":["NaN","Infinity","-Infinity","1.5"]}',
    { doubleValue: ["NaN", "Infinity", "-Infinity", 1.5] },
  ],
  [
    "the largest float as other runtimes print it",
    "all.Scalars",
    '{"floatValue":3.4028235e38}',
    { floatValue: 3.4028234663852886e38 },
  ],
  // text and bytes
  [
    "all short escapes",
    "all.Scalars",
    '{"stringValue":"\\"\\\\\\/\\b\\f\\n\\r\\t"}',
    { stringValue: '"\\/\b\f\n\r\t' },
  ],
  ["an escaped NUL", "all.Scalars", '{"stringValue":"a\\u0000b"}', { stringValue: "a\u0000b" }],
  [
    "escapes of one to four bytes of UTF-8",
    "all.Scalars",
    '{"stringValue":"\\u0041\\u00E9\\u4e2d\\uD83D\\uDE00"}',
    { stringValue: "Aé中😀" },
  ],
  ["UTF-8 as it is", "all.Scalars", '{"stringValue":"é中😀\u2028"}', { stringValue: "é中😀\u2028" }],
  [
    "a long text",
    "all.Scalars",
    `{"stringValue":"${"x".repeat(70_000)}"}`,
    { stringValue: "x".repeat(70_000) },
  ],
  ["standard base64", "all.Scalars", '{"bytesValue":"+/+/"}', { bytesValue: "+/+/" }],
  ["URL-safe base64", "all.Scalars", '{"bytesValue":"-_-_"}', { bytesValue: "+/+/" }],
  ["base64 without padding", "all.Scalars", '{"bytesValue":"AQ"}', { bytesValue: "AQ==" }],
  ["base64 with padding", "all.Scalars", '{"bytesValue":"AQI="}', { bytesValue: "AQI=" }],
  ["base64 with escapes", "all.Scalars", '{"bytesValue":"AQ\\u003d="}', { bytesValue: "AQ==" }],
  // enums
  ["an enum by name", "all.Scalars", '{"genre":"POETRY"}', { genre: "POETRY" }],
  ["an enum by alias", "all.Scalars", '{"genre":"ROMAN"}', { genre: "NOVEL" }],
  ["an enum by number", "all.Scalars", '{"genre":-5}', { genre: "NEGATIVE" }],
  ["a number that an open enum does not know", "all.Scalars", '{"genre":99}', { genre: 99 }],
  ["an enum by a number with an exponent", "all.Scalars", '{"genre":2e0}', { genre: "POETRY" }],
  // null
  ["null as not set, of any kind", "all.Book", '{"title":null,"author":null,"labels":null,"years":null}', {}],
  ["null in an optional", "all.Optionals", '{"stringValue":null}', {}],
  ["null in a oneof beside another member", "all.Choice", '{"left":null,"right":"r"}', { right: "r" }],
  ["null of a Value", "all.Known", '{"value":null}', { value: null }],
  ["null of a NullValue", "all.Known", '{"maybeNull":null}', { maybeNull: null }],
  ["NULL_VALUE by name", "all.Known", '{"maybeNull":"NULL_VALUE"}', { maybeNull: null }],
  ["null of a Value in a oneof", "all.Choice", '{"value":null}', { value: null }],
  ["null of a NullValue in a oneof", "all.Choice", '{"nullValue":null}', { nullValue: null }],
  ["null of a wrapper as not set", "all.Choice", '{"wrapped":null,"boolValue":true}', { boolValue: true }],
  [
    "nulls in lists that have one",
    "all.Known",
    '{"values":[null,1],"nulls":[null]}',
    { values: [null, 1], nulls: [null] },
  ],
  [
    "nulls in maps that have one",
    "all.Maps",
    '{"toValue":{"a":null},"toNull":{"b":null}}',
    { toValue: { a: null }, toNull: { b: null } },
  ],
  // duplicate keys: the last wins, and replaces
  ["a scalar twice", "all.Book", '{"pages":1,"pages":2}', { pages: 2 }],
  ["a scalar by both names", "all.Scalars", '{"int32Value":1,"int32_value":2}', { int32Value: 2 }],
  ["a scalar, then its default", "all.Book", '{"pages":1,"title":"t","pages":0}', { title: "t" }],
  ["a scalar, then null", "all.Book", '{"pages":1,"pages":null}', {}],
  ["null, then a scalar", "all.Book", '{"pages":null,"pages":3}', { pages: 3 }],
  ["three times with null between", "all.Book", '{"pages":1,"pages":null,"pages":3}', { pages: 3 }],
  [
    "a message twice is not merged",
    "all.Book",
    '{"author":{"givenName":"a"},"title":"t","author":{"birthYear":1}}',
    { author: { birthYear: 1 }, title: "t" },
  ],
  ["a list twice is not appended", "all.Book", '{"years":[1,2],"years":[3]}', { years: [3] }],
  ["a list, then an empty one", "all.Book", '{"years":[1,2],"years":[]}', {}],
  ["a map twice is not merged", "all.Book", '{"labels":{"a":1},"labels":{"b":2}}', { labels: { b: 2 } }],
  ["a key of a map twice", "all.Book", '{"labels":{"a":1,"a":2}}', { labels: { a: 2 } }],
  [
    "a key of a map to messages twice is not merged",
    "all.Maps",
    '{"toMessage":{"a":{"int32Value":1},"a":{"boolValue":true}}}',
    { toMessage: { a: { boolValue: true } } },
  ],
  [
    "a key of a Struct twice",
    "all.Known",
    '{"struct":{"a":{"x":1},"a":{"y":2}}}',
    { struct: { a: { y: 2 } } },
  ],
  ["the same member of a oneof twice", "all.Choice", '{"left":"a","left":"b"}', { left: "b" }],
  [
    "a member of a oneof that gives way",
    "all.Choice",
    '{"left":"a","left":null,"right":"b"}',
    { right: "b" },
  ],
  [
    "duplicates inside a message that is repeated",
    "all.Shelf",
    '{"books":[{"pages":1,"pages":2},{"years":[1],"years":[2]}]}',
    { books: [{ pages: 2 }, { years: [2] }] },
  ],
  [
    "duplicates of a large message",
    "all.Book",
    `{"author":{"givenName":"${"a".repeat(300)}"},"author":{"givenName":"b"}}`,
    { author: { givenName: "b" } },
  ],
  [
    "a group twice",
    "ed.Ed",
    '{"group":{"implicit":1},"text":"t","group":{"explicit":2}}',
    { group: { explicit: 2 }, text: "t" },
  ],
  // maps
  [
    "keys of integers",
    "all.Maps",
    '{"byInt32":{"-1":1},"byUint64":{"18446744073709551615":2}}',
    { byInt32: { "-1": 1 }, byUint64: { "18446744073709551615": 2 } },
  ],
  ["keys of bools", "all.Maps", '{"byBool":{"true":1,"false":2}}', { byBool: { true: 1, false: 2 } }],
  ["the empty key", "all.Maps", '{"byString":{"":1}}', { byString: { "": 1 } }],
  [
    "a key with escapes",
    "all.Maps",
    '{"byInt32":{"\\u0031":1},"byString":{"\\n":2}}',
    { byInt32: { "1": 1 }, byString: { "\n": 2 } },
  ],
  // proto2, editions, extensions
  [
    "a proto2 group",
    "old.Old",
    '{"id":1,"part":{"size":2,"inner":{"id":3}},"bit":[{"size":1},{}]}',
    { id: 1, part: { size: 2, inner: { id: 3 } }, bit: [{ size: 1 }, {}] },
  ],
  ["a zero with presence", "old.Old", '{"id":0,"text":""}', { id: 0, text: "" }],
  [
    "extensions by full name",
    "old.Old",
    '{"id":1,"[old.number]":5,"[old.words]":["a"],"[old.Holder.held]":{"note":"n"}}',
    { id: 1, "[old.number]": 5, "[old.words]": ["a"], "[old.Holder.held]": { note: "n" } },
  ],
  ["presence of editions", "ed.Ed", '{"implicit":0,"explicit":0}', { explicit: 0 }],
  [
    "delimited encoding",
    "ed.Ed",
    '{"groups":[{"implicit":1},{"group":{"text":"x"}}]}',
    { groups: [{ implicit: 1 }, { group: { text: "x" } }] },
  ],
  // well-known types
  [
    "a timestamp with an offset",
    "all.Known",
    '{"timestamp":"2024-02-29T12:30:00.5+02:00"}',
    { timestamp: "2024-02-29T10:30:00.500Z" },
  ],
  ["a negative duration", "all.Known", '{"duration":"-0.5s"}', { duration: "-0.500s" }],
  [
    "a field mask",
    "all.Known",
    '{"fieldMask":"user.displayName,photo"}',
    { fieldMask: "user.displayName,photo" },
  ],
  ["an empty field mask", "all.Known", '{"fieldMask":""}', { fieldMask: "" }],
  [
    "wrappers",
    "all.Known",
    '{"int64Value":"5","boolValue":false,"stringValue":"","bytesValue":"AQ=="}',
    { int64Value: "5", boolValue: false, stringValue: "", bytesValue: "AQ==" },
  ],
  ["an Empty", "all.Known", '{"empty":{}}', { empty: {} }],
  [
    "any JSON as a Value",
    "all.Known",
    '{"value":[1,"a",true,false,null,{"b":[]},{}]}',
    { value: [1, "a", true, false, null, { b: [] }, {}] },
  ],
  [
    "a ListValue and a Struct",
    "all.Known",
    '{"listValue":[[]],"struct":{"a":{"b":1}}}',
    { listValue: [[]], struct: { a: { b: 1 } } },
  ],
  // Any
  [
    "an Any",
    "all.Known",
    '{"any":{"@type":"x/all.Author","birthYear":3}}',
    { any: { "@type": "x/all.Author", birthYear: 3 } },
  ],
  [
    "an Any with @type last",
    "all.Known",
    '{"any":{"birthYear":3,"given_name":"a","@type":"x/all.Author"}}',
    { any: { "@type": "x/all.Author", birthYear: 3, givenName: "a" } },
  ],
  [
    "an Any whose @type is a type of the schema without a slash",
    "all.Known",
    '{"any":{"@type":"all.Author","birthYear":3}}',
    { any: { "@type": "all.Author", birthYear: 3 } },
  ],
  [
    "an Any with @type escaped",
    "all.Known",
    '{"any":{"birthYear":3,"\\u0040type":"x/all.Author"}}',
    { any: { "@type": "x/all.Author", birthYear: 3 } },
  ],
  [
    "an Any of which the last @type counts",
    "all.Known",
    '{"any":{"@type":"x/all.Book","birthYear":3,"@type":"x/all.Author"}}',
    { any: { "@type": "x/all.Author", birthYear: 3 } },
  ],
  [
    "an Any with a value",
    "all.Known",
    '{"any":{"value":"1s","@type":"x/google.protobuf.Duration"}}',
    { any: { "@type": "x/google.protobuf.Duration", value: "1s" } },
  ],
  [
    "an Any of which the last value counts",
    "all.Known",
    '{"any":{"@type":"x/google.protobuf.Duration","value":"1s","value":"2s"}}',
    { any: { "@type": "x/google.protobuf.Duration", value: "2s" } },
  ],
  [
    "an Any in an Any",
    "all.Known",
    '{"any":{"value":{"birthYear":3,"@type":"x/all.Author"},"@type":"x/google.protobuf.Any"}}',
    { any: { "@type": "x/google.protobuf.Any", value: { "@type": "x/all.Author", birthYear: 3 } } },
  ],
  ["an empty Any", "all.Known", '{"any":{}}', { any: {} }],
  [
    "a null Value in an Any",
    "all.Known",
    '{"any":{"@type":"x/google.protobuf.Value","value":null}}',
    { any: { "@type": "x/google.protobuf.Value", value: null } },
  ],
  // roots with a form of their own
  [
    "a root that is a timestamp",
    "google.protobuf.Timestamp",
    '"1970-01-01T00:00:01Z"',
    "1970-01-01T00:00:01Z",
  ],
  ["a root that is a wrapper, null", "google.protobuf.StringValue", "null", ""],
  ["a root that is a Value", "google.protobuf.Value", " null ", null],
];

for (const [reason, type, json, expected] of accepted) {
  test(`accepted: ${reason}`, () => {
    assert.deepEqual(decode(type, json), expected);
    // Nothing that strict reading accepts is lost by ignoring what is unknown.
    assert.deepEqual(decode(type, json, lenient), expected);
  });
}

test("the name __proto__ is a name like any other", () => {
  assert.deepEqual(decode("all.Traps", '{"__proto__":"p"}'), { Proto: "p" });
  assert.equal(
    JSON.stringify(decode("all.Maps", '{"byString":{"__proto__":1}}')),
    '{"byString":{"__proto__":1}}',
  );
});

test("an Any of a type that the schema does not know keeps the bytes in value", () => {
  const desc = messageDesc("all.Known");
  const codec = strict.message(desc);
  const json = '{"any":{"@type":"x/not.Known","value":"AQID"}}';
  assert.equal(codec.encodeJson(codec.decodeJson(utf8(json))), json);
});

type Refused = readonly [reason: string, type: string, json: string | Uint8Array, text: string];

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? utf8(part) : Uint8Array.from(part))));

const refused: readonly Refused[] = [
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
  // names
  [
    "an unknown name",
    "all.Book",
    '{"author":{"surname":"x"}}',
    "author.surname: all.Author has no such field (line 1, column 12)",
  ],
  [
    "another spelling of a name",
    "all.Book",
    '{"Pages":1}',
    'Pages: all.Book has no such field, did you mean "pages"? (line 1, column 2)',
  ],
  [
    "an extension that is none",
    "old.Old",
    '{"[old.nothing]":1}',
    "[old.nothing]: old.Old has no such field (line 1, column 2)",
  ],
  [
    "an extension of another message",
    "all.Book",
    '{"[old.number]":1}',
    "[old.number]: all.Book has no such field (line 1, column 2)",
  ],
  [
    "@type outside an Any",
    "all.Book",
    '{"@type":"x/all.Book"}',
    '["@type"]: all.Book has no such field (line 1, column 2)',
  ],
  // integers
  [
    "int32 too large",
    "all.Scalars",
    '{"int32Value":2147483648}',
    "int32Value: expected int32, got 2147483648 (line 1, column 15)",
  ],
  [
    "int32 too small",
    "all.Scalars",
    '{"sint32Value":-2147483649}',
    "sint32Value: expected sint32, got -2147483649",
  ],
  [
    "uint32 too large",
    "all.Scalars",
    '{"uint32Value":4294967296}',
    "uint32Value: expected uint32, got 4294967296",
  ],
  ["uint32 negative", "all.Scalars", '{"fixed32Value":-1}', "fixed32Value: expected fixed32, got -1"],
  [
    "int64 too large",
    "all.Scalars",
    '{"int64Value":"9223372036854775808"}',
    'int64Value: expected int64, got "9223372036854775808"',
  ],
  ["int64 too small", "all.Scalars", '{"sfixed64Value":-9223372036854775809}', "expected sfixed64"],
  ["uint64 too large", "all.Scalars", '{"uint64Value":18446744073709551616}', "expected uint64"],
  ["uint64 negative", "all.Scalars", '{"fixed64Value":"-1"}', "expected fixed64"],
  ["a fraction", "all.Scalars", '{"int32Value":0.5}', "int32Value: expected int32, got 0.5"],
  ["an exponent that leaves a fraction", "all.Scalars", '{"int64Value":15e-1}', "expected int64"],
  ["an exponent without bound", "all.Scalars", '{"int64Value":1e999999999999999999}', "expected int64"],
  [
    "a million digits",
    "all.Scalars",
    `{"int64Value":${"9".repeat(1_000_000)}}`,
    "expected int64, got 9999999999",
  ],
  ["a leading zero", "all.Scalars", '{"int32Value":01}', "expected int32, got 01"],
  ["a leading zero in quotes", "all.Scalars", '{"int32Value":"01"}', "expected int32"],
  ["a plus sign", "all.Scalars", '{"int32Value":"+1"}', "expected int32"],
  ["a space in quotes", "all.Scalars", '{"int32Value":"1 "}', "expected int32"],
  ["empty quotes", "all.Scalars", '{"int32Value":""}', 'expected int32, got ""'],
  ["digits, then letters", "all.Scalars", '{"int32Value":12abc}', 'expected "," or "}", got abc'],
  ["digits, then letters, in quotes", "all.Scalars", '{"int32Value":"12abc"}', 'expected int32, got "12abc"'],
  ["hexadecimal", "all.Scalars", '{"int32Value":"0x10"}', "expected int32"],
  ["a minus sign alone", "all.Scalars", '{"int32Value":-}', "expected int32, got -"],
  ["a point without digits", "all.Scalars", '{"int32Value":1.}', "expected int32"],
  ["an exponent without digits", "all.Scalars", '{"int32Value":1e}', "expected int32"],
  ["an integer from a bool", "all.Scalars", '{"int32Value":true}', "expected int32, got true"],
  // floats
  [
    "a double too large",
    "all.Scalars",
    '{"doubleValue":1.8e308}',
    "doubleValue: expected double, got 1.8e308",
  ],
  ["a float too large", "all.Scalars", '{"floatValue":3.5e38}', "floatValue: expected float, got 3.5e38"],
  ["a bare NaN", "all.Scalars", '{"doubleValue":NaN}', "expected double, got NaN"],
  ["a bare Infinity", "all.Scalars", '{"doubleValue":-Infinity}', "expected double, got -Infinity"],
  ["words in another spelling", "all.Scalars", '{"doubleValue":"nan"}', 'expected double, got "nan"'],
  ["a point in front", "all.Scalars", '{"doubleValue":.5}', "expected double"],
  ["a point at the end", "all.Scalars", '{"doubleValue":5.}', "expected double"],
  ["two points", "all.Scalars", '{"doubleValue":1.2.3}', 'expected "," or "}"'],
  ["a leading zero of a double", "all.Scalars", '{"doubleValue":00.5}', "expected double"],
  // bool, string, bytes
  ["a bool in quotes", "all.Scalars", '{"boolValue":"true"}', 'boolValue: expected bool, got "true"'],
  ["a bool from a number", "all.Scalars", '{"boolValue":1}', "expected bool, got 1"],
  ["a word that starts like true", "all.Scalars", '{"boolValue":truth}', "expected a JSON value, got truth"],
  ["a string from a number", "all.Scalars", '{"stringValue":1}', "stringValue: expected string, got 1"],
  [
    "base64 with another character",
    "all.Scalars",
    '{"bytesValue":"A*=="}',
    'bytesValue: expected base64, got "A*=="',
  ],
  ["base64 of an impossible length", "all.Scalars", '{"bytesValue":"AAAAA"}', "expected base64"],
  ["base64 with half its padding", "all.Scalars", '{"bytesValue":"AQ="}', "expected base64"],
  ["base64 with padding inside", "all.Scalars", '{"bytesValue":"AQ==AQ=="}', "expected base64"],
  ["base64 with white space", "all.Scalars", '{"bytesValue":"AQ I"}', "expected base64"],
  // enums
  [
    "a name that the enum does not have",
    "all.Scalars",
    '{"genre":"PROSE"}',
    'genre: expected all.Genre, got "PROSE" (line 1, column 10)',
  ],
  ["a name in another case", "all.Scalars", '{"genre":"novel"}', "expected all.Genre"],
  ["an enum's number in quotes", "all.Scalars", '{"genre":"1"}', "expected all.Genre"],
  ["an enum's number out of range", "all.Scalars", '{"genre":2147483648}', "expected all.Genre"],
  [
    "a number that a closed enum does not know",
    "old.Old",
    '{"closed":3}',
    "closed: expected old.Closed, got 3",
  ],
  ["a number that a closed enum of an edition does not know", "ed.Ed", '{"closed":3}', "expected ed.Closed"],
  // null, lists, maps, oneofs
  [
    "null in a list",
    "all.Book",
    '{"years":[1,null]}',
    "years[1]: expected an element that is not null, got null (line 1, column 13)",
  ],
  [
    "null in a list of messages",
    "all.Shelf",
    '{"books":[null]}',
    "books[0]: expected an element that is not null",
  ],
  [
    "null in a map",
    "all.Book",
    '{"labels":{"a":null}}',
    "labels.a: expected a value that is not null, got null",
  ],
  ["one value for a list", "all.Book", '{"years":1}', "years: expected an array of int32, got 1"],
  [
    "an object for a list",
    "all.Shelf",
    '{"books":{}}',
    "books: expected an array of all.Book, got an object",
  ],
  ["a list for a map", "all.Book", '{"labels":[]}', "labels: expected an object, got an array"],
  [
    "a list for a message",
    "all.Book",
    '{"author":[]}',
    "author: expected an object of all.Author, got an array",
  ],
  ["a key of the wrong type", "all.Maps", '{"byInt32":{"a":1}}', 'byInt32.a: expected int32, got "a"'],
  ["a key out of range", "all.Maps", '{"byUint32":{"-1":1}}', 'expected uint32, got "-1"'],
  ["a key that is no bool", "all.Maps", '{"byBool":{"TRUE":1}}', 'byBool.TRUE: expected "true" or "false"'],
  [
    "two members of a oneof",
    "all.Choice",
    '{"left":"a","right":"b"}',
    "right: another field of oneof other is set already (line 1, column 13)",
  ],
  [
    "two members of a oneof, one the default",
    "all.Choice",
    '{"int32Value":0,"boolValue":false}',
    "boolValue: another field of oneof kind is set already",
  ],
  [
    "two members of a oneof, one a null that counts",
    "all.Choice",
    '{"value":null,"boolValue":true}',
    "boolValue: another field of oneof kind",
  ],
  // well-known types
  [
    "a timestamp without an offset",
    "all.Known",
    '{"timestamp":"2024-01-01T00:00:00"}',
    'timestamp: expected a timestamp such as "2024-12-31T23:59:59Z", got "2024-01-01T00:00:00"',
  ],
  [
    "a timestamp from a number",
    "all.Known",
    '{"timestamp":0}',
    'expected a timestamp such as "2024-12-31T23:59:59Z", got 0',
  ],
  ["a duration without a unit", "all.Known", '{"duration":"1"}', "expected a duration"],
  [
    "a field mask in snake_case",
    "all.Known",
    '{"fieldMask":"display_name"}',
    'fieldMask: expected a field mask such as "name,author.birthYear", got',
  ],
  ["a list for a Struct", "all.Known", '{"struct":[]}', "struct: expected an object, got an array"],
  [
    "an object for a ListValue",
    "all.Known",
    '{"listValue":{}}',
    "listValue: expected an array, got an object",
  ],
  ["a Value that is no JSON", "all.Known", '{"value":nul}', "value: expected a JSON value, got nul"],
  [
    "a Value too large for a double",
    "all.Known",
    '{"value":[1e999]}',
    "value[0]: expected a JSON value, got 1e999",
  ],
  [
    "members of an Empty",
    "all.Known",
    '{"empty":{"a":1}}',
    "empty.a: google.protobuf.Empty has no such field",
  ],
  ["a wrapper of the wrong type", "all.Known", '{"int32Value":"x"}', "int32Value: expected int32"],
  // Any
  [
    "an Any without @type",
    "all.Known",
    '{"any":{"birthYear":3}}',
    'any: "@type" is missing (line 1, column 8)',
  ],
  ["an Any with an empty @type", "all.Known", '{"any":{"@type":""}}', 'any: "@type" names no type'],
  [
    "an Any with @type null",
    "all.Known",
    '{"any":{"@type":null}}',
    'any["@type"]: expected a type URL, got null',
  ],
  [
    "an Any of an unknown type",
    "all.Known",
    '{"any":{"@type":"x/not.Known","a":1}}',
    'any: type "x/not.Known" is not in the schema (line 1, column 8)',
  ],
  [
    "an Any of an unknown type, no bytes",
    "all.Known",
    '{"any":{"@type":"x/not.Known"}}',
    'any: type "x/not.Known" is not in the schema',
  ],
  [
    "an Any of an unknown type with a value that is no text",
    "all.Known",
    '{"any":{"@type":"x/not.Known","value":{}}}',
    'type "x/not.Known" is not in the schema',
  ],
  [
    "an Any whose @type is no URL and no type of the schema",
    "all.Known",
    '{"any":{"@type":"not_a_url","value":""}}',
    'any: "@type" must be a URL such as "x/package.Type", got "not_a_url" (line 1, column 8)',
  ],
  [
    "members of their own in an Any of a message with a JSON form of its own",
    "all.Known",
    '{"any":{"@type":"x/google.protobuf.Duration","seconds":1}}',
    'any.seconds: google.protobuf.Duration stands under "value" in an Any (line 1, column 46)',
  ],
  [
    "an Any without value",
    "all.Known",
    '{"any":{"@type":"x/google.protobuf.Duration"}}',
    'any: the member "value" is missing',
  ],
  [
    "an Any with a wrong value",
    "all.Known",
    '{"any":{"value":1,"@type":"x/google.protobuf.Duration"}}',
    'any.value: expected a duration such as "1.5s", got 1',
  ],
  [
    "an Any with an unknown member",
    "all.Known",
    '{"any":{"@type":"x/all.Author","surname":1}}',
    "any.surname: all.Author has no such field",
  ],
  ["a list for an Any", "all.Known", '{"any":[]}', 'any: expected an object with "@type", got an array'],
];

for (const [reason, type, json, text] of refused) {
  test(`refused: ${reason}`, () => {
    const message = refusal(type, json);
    assert.ok(message.includes(text), message);
    assert.ok(message.length < 500, message);
  });
}

const ignored: readonly Accepted[] = [
  [
    "a member of any shape",
    "all.Book",
    '{"x":{"a":[1,{"b":"\\u0041"},null,true,-1.5e3]},"pages":1}',
    { pages: 1 },
  ],
  ["an empty object and array", "all.Book", '{"x":{},"y":[],"pages":1}', { pages: 1 }],
  [
    "members of an Any",
    "all.Known",
    '{"any":{"@type":"x/all.Author","surname":1,"birthYear":2}}',
    { any: { "@type": "x/all.Author", birthYear: 2 } },
  ],
  [
    "members beside the value of an Any",
    "all.Known",
    '{"any":{"a":1,"@type":"x/google.protobuf.Duration","value":"1s"}}',
    { any: { "@type": "x/google.protobuf.Duration", value: "1s" } },
  ],
  [
    "a name that the enum does not have",
    "all.Optionals",
    '{"genre":"PROSE","boolValue":true}',
    { boolValue: true },
  ],
  ["such a name after a value replaces it", "all.Optionals", '{"genre":"NOVEL","genre":"PROSE"}', {}],
  ["such names in lists", "all.Lists", '{"genre":["PROSE","NOVEL","PROSE"]}', { genre: ["NOVEL"] }],
  [
    "such names in lists that are not packed",
    "old.Old",
    '{"id":1,"closeds":["NONE","ONE"]}',
    { id: 1, closeds: ["ONE"] },
  ],
  ["such names in maps", "all.Maps", '{"toGenre":{"a":"PROSE","b":"NOVEL"}}', { toGenre: { b: "NOVEL" } }],
];

for (const [reason, type, json, expected] of ignored) {
  test(`ignored under unknownFields "ignore": ${reason}`, () => {
    assert.deepEqual(decode(type, json, lenient), expected);
    refusal(type, json, strict);
  });
}

test("what is skipped must still be JSON", () => {
  for (const json of [
    '{"x":[1,}',
    '{"x":{"a"}}',
    '{"x":{"a":01}}',
    '{"x":tru}',
    '{"x":"\\ud800"}',
    '{"x":{1:2}}',
    '{"x":',
  ]) {
    refusal("all.Book", json, lenient);
  }
});

test("messages nest a hundred deep, not deeper", () => {
  const nested = (depth: number): string => `${'{"left":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
  assert.ok(decode("all.Tree", nested(100)));
  assert.match(refusal("all.Tree", nested(101)), /nested deeper than 100 messages/);
  assert.match(refusal("google.protobuf.Value", "[".repeat(101) + "]".repeat(101)), /nested deeper/);
  assert.match(refusal("all.Book", `{"x":${"[".repeat(101)}`, lenient), /nested too deep/);
});

test("a field of a wide message is found whatever its place", () => {
  const json: Record<string, string> = {};
  for (let i = 79; i >= 0; i--) json[`f${i}`] = `${i}`;
  json.o39 = "last";
  assert.deepEqual(decode("all.Wide", JSON.stringify(json)), json);
  assert.match(refusal("all.Wide", '{"o0":"a","o39":"b"}'), /o39: another field of oneof far/);
});

test("packed and unpacked fields are written as their features say", () => {
  const hex = (type: string, json: string): string =>
    Buffer.from(strict.message(messageDesc(type)).decodeJson(utf8(json))).toString("hex");
  assert.equal(hex("all.Lists", '{"int32Value":[1,2]}'), "1a020102");
  assert.equal(hex("all.Lists", '{"loose":[1,2]}'), "b00101b00102");
  assert.equal(hex("old.Old", '{"unpacked":[1,2],"packed":[1,2]}'), "2801280232020102");
  assert.equal(hex("old.Old", '{"[old.packs]":[1,2]}'), "c206020102");
  assert.equal(hex("ed.Ed", '{"expanded":[1,2]}'), "28012802");
  assert.equal(hex("ed.Ed", '{"group":{"implicit":1}}'), "1b08011c");
  assert.equal(hex("all.Scalars", '{"int32Value":0,"stringValue":"","boolValue":false,"genre":0}'), "");
  assert.equal(hex("all.Lists", '{"int32Value":[]}'), "");
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
