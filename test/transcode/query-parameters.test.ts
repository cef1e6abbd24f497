import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { queryLimits } from "../../src/transcode/query-parameters.ts";
import { compileSchema, fixtureOf, partsOf, refusalOf, service } from "./route-fixture.ts";

const messages = `
enum View { VIEW_UNSPECIFIED = 0; BASIC = 1; FULL = 2; }
message Author { string full_name = 1; int32 age = 2; Author mentor = 3; }
message Req {
  string text = 1;
  int32 i32 = 2; sint32 s32 = 3; uint32 u32 = 4; fixed32 f32 = 5; sfixed32 sf32 = 6;
  int64 i64 = 7; sint64 s64 = 8; uint64 u64 = 9; fixed64 f64 = 10; sfixed64 sf64 = 11;
  float flt = 12; double dbl = 13; bool flag = 14; bytes raw_bytes = 15;
  View view = 16;
  repeated string tags = 17; repeated int32 nums = 18; repeated View views = 19;
  map<string, string> labels = 20; map<int32, View> view_of = 21; map<bool, google.protobuf.Timestamp> times = 22;
  map<string, Author> authors = 23;
  google.protobuf.Timestamp at = 24; google.protobuf.Duration ttl = 25; google.protobuf.FieldMask mask = 26;
  google.protobuf.Int64Value boxed = 27; google.protobuf.StringValue boxed_text = 28;
  google.protobuf.Struct struct = 29; google.protobuf.Value value = 30; google.protobuf.ListValue list = 31;
  Author author = 32; repeated Author crowd = 33;
  oneof choice { string left = 34; Author right = 35; }
  optional string maybe = 36;
  string renamed = 37 [json_name = "other"];
  repeated google.protobuf.Duration ttls = 38;
  google.protobuf.Any any = 39;
  string id = 40;
  repeated google.protobuf.Value values = 41;
  google.protobuf.NullValue nothing = 42;
}`;
const registry = compileSchema(`${messages}\n${service('get: "/v1/{id}/{author.mentor.full_name}"')}`);
const standard = fixtureOf(registry);
const gateway = fixtureOf(registry, "grpc-gateway");
const google = fixtureOf(registry, "google");
const path = { id: "p", author: { mentor: { full_name: "m" } } };

function bound(query: string, fixture = standard): unknown {
  return fixture.bind({ captures: ["p", "m"], query });
}

function refused(query: string, fixture = standard): string {
  return refusalOf(() => bound(query, fixture));
}

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
];

describe("accepted queries", () => {
  for (const [query, message, fact] of accepted) {
    test(`${fact}: ${query}`, () => {
      const expected = structuredClone(message) as { author?: object };
      assert.deepEqual(bound(query), { ...path, ...expected });
    });
  }
});

const rejected: readonly (readonly [query: string, message: string])[] = [
  ["bok=1", 'query parameter "bok": no field "bok" in t.Req'],
  ["author.nme=1", 'query parameter "author.nme": no field "nme" in t.Author'],
  ["=1", 'query: no field "" in t.Req'],
  ["__proto__=1", 'query parameter "__proto__": no field "__proto__" in t.Req'],
  ["text=a&text=b", 'query parameter "text": given twice, and "text" is not repeated'],
  ["raw_bytes=&rawBytes=", 'query parameter "rawBytes": given twice, and "raw_bytes" is not repeated'],
  [
    "author.age=1&author.age=1",
    'query parameter "author.age": given twice, and "author.age" is not repeated',
  ],
  ["labels[a]=1&labels[a]=2", 'query parameter "labels[a]": given twice for one key of a map'],
  [
    "left=a&right.age=1",
    'query parameter "right.age": "left" is set already, and both are in the oneof "choice"',
  ],
  ["i32=2147483648", 'query parameter "i32": expected int32, got "2147483648"'],
  ["u32=-1", 'query parameter "u32": expected uint32, got "-1"'],
  ["u64=18446744073709551616", 'query parameter "u64": expected uint64, got "18446744073709551616"'],
  ["i64=1.5", 'query parameter "i64": expected int64, got "1.5"'],
  ["i32=1e-1", 'query parameter "i32": expected int32, got "1e-1"'],
  ["i32=1e10", 'query parameter "i32": expected int32, got "1e10"'],
  ["u64=1e400000000", 'query parameter "u64": expected uint64, got "1e400000000"'],
  ["i32=1e", 'query parameter "i32": expected int32, got "1e"'],
  ["i32=01.0", 'query parameter "i32": expected int32, got "01.0"'],
  ["i32=0x10", 'query parameter "i32": expected int32, got "0x10"'],
  ["i32=", 'query parameter "i32": expected int32, got ""'],
  ["i32=-", 'query parameter "i32": expected int32, got "-"'],
  ["i32=+1", 'query parameter "i32": expected int32, got " 1"'],
  [`i64=${"1".repeat(60)}`, `query parameter "i64": expected int64, got "${"1".repeat(40)}…"`],
  ["flt=1e39", 'query parameter "flt": expected float, got "1e39"'],
  ["dbl=1e400", 'query parameter "dbl": expected double, got "1e400"'],
  ["dbl=.5", 'query parameter "dbl": expected double, got ".5"'],
  ["dbl=inf", 'query parameter "dbl": expected double, got "inf"'],
  ["flag=1", 'query parameter "flag": expected bool (true or false), got "1"'],
  ["flag=True", 'query parameter "flag": expected bool (true or false), got "True"'],
  ["raw_bytes=A", 'query parameter "raw_bytes": expected bytes (base64), got "A"'],
  ["raw_bytes=AA=", 'query parameter "raw_bytes": expected bytes (base64), got "AA="'],
  ["raw_bytes=A*==", 'query parameter "raw_bytes": expected bytes (base64), got "A*=="'],
  [
    "view=full",
    'query parameter "view": expected t.View (VIEW_UNSPECIFIED, BASIC, FULL or a number), got "full"',
  ],
  [
    "view=toString",
    'query parameter "view": expected t.View (VIEW_UNSPECIFIED, BASIC, FULL or a number), got "toString"',
  ],
  [
    "at=now",
    'query parameter "at": expected google.protobuf.Timestamp (RFC 3339, such as 2026-01-31T10:00:20.021Z), got "now"',
  ],
  ["ttl=1h", 'query parameter "ttl": expected google.protobuf.Duration (such as 3.5s), got "1h"'],
  [
    "mask=a,,b",
    'query parameter "mask": expected google.protobuf.FieldMask (paths with commas between), got "a,,b"',
  ],
  ["struct=[]", 'query parameter "struct": expected google.protobuf.Struct (JSON), got "[]"'],
  ["value=x", 'query parameter "value": expected google.protobuf.Value (JSON), got "x"'],
  ["view_of[x]=FULL", 'query parameter "view_of[x]": expected map<int32, t.View>, got "FULL"'],
  ["author=x", 'query parameter "author": "author" is t.Author, set its fields as author.field'],
  ["any=x", 'query parameter "any": "any" is google.protobuf.Any, set its fields as any.field'],
  ["crowd=x", 'query parameter "crowd": "crowd" is repeated t.Author, which a parameter cannot carry'],
  ["crowd.age=1", 'query parameter "crowd.age": "crowd" is repeated t.Author, which has no "age" to set'],
  [
    "at.seconds=1",
    'query parameter "at.seconds": "at" is google.protobuf.Timestamp, which has no "seconds" to set',
  ],
  ["text.x=1", 'query parameter "text.x": "text" is string, which has no "x" to set'],
  ["labels=x", 'query parameter "labels": "labels" is map<string, string>, set it as labels[key]'],
  ["labels[a=x", 'query parameter "labels[a": a "[" without the "]" at the end'],
  ["tags[0]=x", 'query parameter "tags[0]": "tags" is repeated string, not a map'],
  [
    "authors[a]=x",
    'query parameter "authors[a]": "authors" is map<string, t.Author>, its values cannot be set by a parameter',
  ],
  ["text=%zz", 'query parameter "text": malformed percent-encoding in "%zz"'],
  ["text=%ff", 'query parameter "text": malformed percent-encoding in "%ff"'],
  ["%=1", 'query parameter "%": malformed percent-encoding in "%"'],
  ["bok=%", 'query parameter "bok": malformed percent-encoding in "%"'],
  [
    `author.${"mentor.".repeat(40)}age=1`,
    `query parameter "author.mentor.mentor.mentor.mentor.mento…": nested deeper than 32`,
  ],
];

describe("refused queries", () => {
  for (const [query, message] of rejected) {
    test(`${query.slice(0, 60)} is refused`, () =>
      assert.equal(refused(query), `INVALID_ARGUMENT: ${message}`));
  }

  test("more parameters than the limit are refused, and exactly as many are not", () => {
    const many = (count: number) => Array.from({ length: count }, () => "tags=").join("&");
    assert.equal(refused(many(queryLimits.parameterCount)), "not refused");
    assert.match(refused(many(queryLimits.parameterCount + 1)), /query: more than 1000 parameters/);
  });

  test("a query of 10,000 keys is refused, and costs no more than the first thousand", () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `labels[${i}]=`).join("&");
    assert.match(refused(keys), /query: (more than 1000 parameters|longer than 65536 characters)/);
    assert.match(refused(Array.from({ length: 10_000 }, () => "a=b").join("&")), /query parameter "a"/);
  });

  test("a query longer than the limit is refused", () => {
    assert.match(
      refused(`text=${"a".repeat(queryLimits.totalLength)}`),
      /query: longer than 65536 characters/,
    );
  });
});

describe("dialects", () => {
  test("grpc-gateway ignores unknown keys, but no malformed ones", () => {
    assert.deepEqual(bound("bok=1&author=x&text=a", gateway), { ...path, text: "a" });
    assert.match(refused("bok=%", gateway), /malformed/);
    assert.match(refused("i32=x", gateway), /expected int32/);
  });

  test("grpc-gateway reads bools as Go does", () => {
    assert.deepEqual(bound("flag=T", gateway), { ...path, flag: true });
    assert.match(refused("flag=yes", gateway), /expected bool/);
  });

  test("google reads bools as Python prints them", () => {
    assert.deepEqual(bound("flag=True", google), { ...path, flag: true });
    assert.match(refused("flag=1", google), /expected bool/);
  });

  for (const [text, expected] of [
    ["1h30m", "5400s"],
    ["-300ms", "-0.300s"],
    ["1.5h", "5400s"],
    ["2m0.5s", "120.500s"],
    ["1us", "0.000001s"],
    ["0", "0s"],
    ["3.5s", "3.500s"],
  ] as const) {
    test(`grpc-gateway reads the duration ${text} as ${expected}`, () => {
      assert.deepEqual(bound(`ttl=${text}`, gateway), { ...path, ttl: expected });
    });
  }

  for (const text of ["1", "h", "-", "", "1h x", `${"9".repeat(18)}h`]) {
    test(`grpc-gateway reads no duration in "${text}"`, () => {
      assert.match(refused(`ttl=${encodeURIComponent(text)}`, gateway), /expected google.protobuf.Duration/);
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
  assert.deepEqual(fixture.bind({ captures: ["5"], query: "at=2026-01-01T00:00:00Z" }), {
    at: "1970-01-01T00:00:05Z",
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
