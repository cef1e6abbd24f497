// Reading ProtoJSON, messages with a JSON form of their own: well-known types, Any, and such messages at the root.
import assert from "node:assert/strict";
import { test } from "node:test";
import { strict, testAccepted, testRefused } from "./decode-json-case.ts";
import { messageDesc, utf8 } from "./schema.ts";

testAccepted([
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
]);

testRefused([
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
]);

test("an Any of a type that the schema does not know keeps the bytes in value", () => {
  const desc = messageDesc("all.Known");
  const codec = strict.message(desc);
  const json = '{"any":{"@type":"x/not.Known","value":"AQID"}}';
  assert.equal(codec.encodeJson(codec.decodeJson(utf8(json))), json);
});
