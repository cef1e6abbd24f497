// What a query binds to.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bound, gateway, path, standard } from "./query-fixture.ts";
import { compileSchema, fixtureOf, partsOf, refusalOf, service } from "./route-fixture.ts";

const accepted: readonly (readonly [query: string, message: object, fact: string])[] = [
  ["", {}, "no query binds nothing"],
  ["&&", {}, "empty parameters are none"],
  ["text=a%20b+c%2B", { text: "a b c+" }, "a plus is a space, a triple what it stands for"],
  ["text=a=b", { text: "a=b" }, "only the first equals sign parts key and value"],
  ["text", {}, "a key without a value is an empty text"],
  ["maybe=", { maybe: "" }, "an empty value is set explicitly"],
  ["t%65xt=a", { text: "a" }, "keys are decoded, then looked up"],
  ["rawBytes=AQI", { raw_bytes: "AQI=" }, "JSON names name fields"],
  ["raw_bytes=AQI%3D", { raw_bytes: "AQI=" }, "proto names too"],
  ["other=x", { renamed: "x" }, "json_name of the author"],
  [
    "i32=-2147483648&s32=2147483647&u32=4294967295&f32=1&sf32=-1",
    { i32: -2147483648, s32: 2147483647, u32: 4294967295, f32: 1, sf32: -1 },
    "32-bit integers to their bounds",
  ],
  [
    "i64=-9223372036854775808&s64=-1&u64=18446744073709551615&f64=18446744073709551615&sf64=-9223372036854775808",
    {
      i64: "-9223372036854775808",
      s64: "-1",
      u64: "18446744073709551615",
      f64: "18446744073709551615",
      sf64: "-9223372036854775808",
    },
    "64-bit integers keep every digit",
  ],
  ["i32=007", { i32: 7 }, "leading zeros do not make octals"],
  [
    "i32=1.0&u32=1e3&i64=9.223372036854775807e18&s64=-120e-1&nums=-0.0E%2B5",
    { i32: 1, u32: 1000, i64: "9223372036854775807", s64: "-12", nums: [0] },
    "integers as ProtoJSON spells them, where they are exact",
  ],
  ["flt=1.5&dbl=-1e300", { flt: 1.5, dbl: -1e300 }, "floats"],
  ["flt=NaN&dbl=-Infinity", { flt: "NaN", dbl: "-Infinity" }, "floats that are no numbers"],
  ["flag=true", { flag: true }, "a bool"],
  ["raw_bytes=-_-_", { raw_bytes: "+/+/" }, "URL base64"],
  ["view=FULL", { view: "FULL" }, "an enum by name"],
  ["view=1", { view: "BASIC" }, "an enum by number"],
  ["view=77", { view: 77 }, "an undeclared number is kept"],
  ["nothing=null", {}, "NullValue as null"],
  [
    "tags=a&tags=b&nums=1&nums=2&views=FULL&views=1",
    { tags: ["a", "b"], nums: [1, 2], views: ["FULL", "BASIC"] },
    "repeated scalars by repetition",
  ],
  [
    "labels[env]=prod&labels[a.b%5D]=c",
    { labels: { env: "prod", "a.b]": "c" } },
    "map entries, the key between first and last bracket",
  ],
  ["labels[]=x", { labels: { "": "x" } }, "an empty map key"],
  ["labels[__proto__]=x", { labels: JSON.parse('{"__proto__":"x"}') }, "a map key from Object.prototype"],
  [
    "view_of[-3]=FULL&times[true]=2026-01-31T00:00:00Z",
    { view_of: { "-3": "FULL" }, times: { true: "2026-01-31T00:00:00Z" } },
    "maps with other keys and well-known values",
  ],
  ["at=2026-01-31T10:00:20.021Z", { at: "2026-01-31T10:00:20.021Z" }, "a Timestamp"],
  [
    "at=1970-01-01T00:00:00Z&ttl=0s",
    { at: "1970-01-01T00:00:00Z", ttl: "0s" },
    "well-known types at their default are set",
  ],
  ["ttl=-1.5s&ttls=1s&ttls=2s", { ttl: "-1.500s", ttls: ["1s", "2s"] }, "Durations"],
  [
    "mask=displayName,photo_url,author.fullName",
    { mask: "displayName,photoUrl,author.fullName" },
    "a FieldMask in camelCase and snake_case",
  ],
  ["mask=", { mask: "" }, "an empty FieldMask"],
  ["boxed=0&boxedText=", { boxed: "0", boxed_text: "" }, "wrappers at their default are set"],
  [
    'struct={"a":[1]}&value=[null]&list=[1,"x"]',
    { struct: { a: [1] }, value: [null], list: [1, "x"] },
    "Struct, Value and ListValue as JSON",
  ],
  ["value=null", { value: null }, "null is a Value"],
  ["values=1&values=true", { values: [1, true] }, "repeated Values"],
  [
    "author.fullName=A&author.age=3&author.mentor.age=4",
    { author: { full_name: "A", age: 3, mentor: { full_name: "m", age: 4 } } },
    "nested fields join what the path binds in the same message",
  ],
  ["left=a", { left: "a" }, "a oneof's member"],
  [
    "right.age=1&right.full_name=x",
    { right: { age: 1, full_name: "x" } },
    "several fields of one member of a oneof",
  ],
  ["id=other", {}, "a field that the path binds stays the path's"],
  ["author.mentor.fullName=x&author.mentor.full_name=y", {}, "under every spelling"],
  ["author=x&author.mentor=x", {}, "a message that holds what the path binds is the path's too"],
  ["id.x=1&id[a]=1", {}, "whatever is made of it"],
  ["at.seconds=5&at.nanos=500000000", { at: "1970-01-01T00:00:05.500Z" }, "a Timestamp field by field"],
  ["at.seconds=0", { at: "1970-01-01T00:00:00Z" }, "which sets it at its default as well"],
  ["ttl.seconds=-1&ttl.nanos=-500000000", { ttl: "-1.500s" }, "a Duration field by field"],
  ["boxed.value=42&boxedText.value=", { boxed: "42", boxed_text: "" }, "a wrapper by its value"],
  ["boxed_bytes.value=AQI", { boxed_bytes: "AQI=" }, "one of bytes, in either base64"],
  [
    "mask.paths=display_name&mask.paths=author.fullName",
    { mask: "displayName,author.fullName" },
    "a FieldMask path by path, in either spelling, as older OpenAPI clients do",
  ],
  ["mask.paths=a,b", { mask: "a,b" }, "a comma is in no path, so it parts two here too"],
  ["mask.paths=", { mask: "" }, "an empty path is none"],
  [
    'value.stringValue=a&struct.fields[k]="v"',
    { value: "a", struct: { k: "v" } },
    "Value and Struct by fields",
  ],
  ["list.values=1&list.values=true", { list: [1, true] }, "a ListValue element by element"],
  ["empty=", { empty: {} }, "an Empty has nothing to say"],
  ["empty", { empty: {} }, "without a sign too"],
  ["empty={}&empties[k]=", { empty: {}, empties: { k: {} } }, "or says so in JSON"],
];

describe("accepted queries", () => {
  for (const [query, message, fact] of accepted) {
    test(`${fact}: ${query}`, () => {
      const expected = structuredClone(message) as { author?: object };
      assert.deepEqual(bound(query), { ...path, ...expected });
    });
  }
});

test("a member of a oneof that the path binds has no rivals in the query", () => {
  const fixture = fixtureOf(
    compileSchema(`message Req { oneof c { string a = 1; string b = 2; } } ${service('get: "/{a}"')}`),
  );
  const refusal = refusalOf(() => fixture.bind({ captures: ["x"], query: "b=y" }));
  assert.equal(
    refusal,
    'INVALID_ARGUMENT: query parameter "b": "a" is set already, and both are in the oneof "c"',
  );
});

test("a field inside of which the path binds is not the query's", () => {
  const fixture = fixtureOf(
    compileSchema(`message Req { google.protobuf.Timestamp at = 1; } ${service('get: "/{at.seconds}"')}`),
  );
  for (const query of ["at=2026-01-01T00:00:00Z", "at=x", "at.seconds=7"]) {
    assert.deepEqual(fixture.bind({ captures: ["5"], query }), { at: "1970-01-01T00:00:05Z" }, query);
  }
  // What is beside it joins it.
  assert.deepEqual(fixture.bind({ captures: ["5"], query: "at.nanos=500000000" }), {
    at: "1970-01-01T00:00:05.500Z",
  });
});

test("what protobuf prints as text binds to the value it was", () => {
  const bits = (signed: boolean, size: number) =>
    fc.bigInt(
      signed
        ? { min: -(2n ** BigInt(size - 1)), max: 2n ** BigInt(size - 1) - 1n }
        : { min: 0n, max: 2n ** BigInt(size) - 1n },
    );
  const value = fc.oneof(
    ...["i32", "s32", "sf32"].map((name) => fc.tuple(fc.constant(name), bits(true, 32).map(Number))),
    ...["u32", "f32"].map((name) => fc.tuple(fc.constant(name), bits(false, 32).map(Number))),
    ...["i64", "s64", "sf64"].map((name) => fc.tuple(fc.constant(name), bits(true, 64).map(String))),
    ...["u64", "f64"].map((name) => fc.tuple(fc.constant(name), bits(false, 64).map(String))),
    fc.tuple(fc.constant("dbl"), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.tuple(fc.constant("flt"), fc.float({ noNaN: true, noDefaultInfinity: true })),
    fc.tuple(fc.constant("maybe"), fc.string({ unit: "grapheme" })),
    fc.tuple(
      fc.constant("raw_bytes"),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
    ),
  );
  const defaults = new Set<unknown>([0, "0", ""]);
  fc.assert(
    fc.property(value, ([name, printed]) => {
      const message = bound(`${name}=${encodeURIComponent(printed)}`) as Record<string, unknown>;
      const expected = defaults.has(printed) && name !== "maybe" ? undefined : printed;
      // An explicit -0 is a value of its own on the wire and in JSON.
      assert.ok(
        Object.is(message[name], expected) || (expected === undefined && Object.is(message[name], 0)),
        `${name}=${printed}`,
      );
    }),
    { numRuns: 1000 },
  );
});

test("reading a query is total: it binds or is refused as INVALID_ARGUMENT, and explain agrees", () => {
  const part = fc.constantFrom(
    "text",
    "i32",
    "labels[",
    "]",
    "author.",
    "mentor.",
    "age",
    "=",
    "&",
    "%41",
    "%",
    "+",
    "view",
    "FULL",
    "tags",
    "1",
    "left",
    "at",
    "[",
    ".",
    "seconds",
    "mask",
    "paths",
    "right",
    "empty",
  );
  const query = fc.oneof(
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(query, fc.constantFrom(standard, gateway), (text, fixture) => {
      const parts = partsOf({ captures: ["p", "m"], query: text });
      const refusal = refusalOf(() => fixture.bind(parts));
      assert.match(refusal, /^(not refused|INVALID_ARGUMENT: query)/);
      const explained = fixture.route.explainBinding(parts).some(({ outcome }) => outcome === "refused");
      assert.equal(explained, refusal !== "not refused");
    }),
    { numRuns: 2000 },
  );
});
