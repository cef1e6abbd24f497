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
  google.protobuf.Empty empty = 43; map<string, google.protobuf.Empty> empties = 44; google.protobuf.BytesValue boxed_bytes = 45;
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
  ["right=x", 'query parameter "right": "right" is t.Author, set its fields as right.field'],
  [
    "at=2026-01-31T00:00:00Z&at.seconds=1",
    'query parameter "at.seconds": given twice, its message is set as a whole already',
  ],
  ["mask.paths=a&mask=b", 'query parameter "mask": given twice, fields of "mask" are set already'],
  [
    "value=1&value.structValue.fields[a]=1",
    'query parameter "value.structValue.fields[a]": given twice, its message is set as a whole already',
  ],
  [
    "value.structValue.fields[a]=1&value.structValue={}",
    'query parameter "value.structValue": given twice, fields of "value.struct_value" are set already',
  ],
  [
    "value.stringValue=a&value.numberValue=1",
    'query parameter "value.numberValue": "string_value" is set already, and both are in the oneof "kind"',
  ],
  [
    "at.seconds=1&at.seconds=1",
    'query parameter "at.seconds": given twice, and "at.seconds" is not repeated',
  ],
  ["at.seconds=now", 'query parameter "at.seconds": expected int64, got "now"'],
  ["boxed.value=x", 'query parameter "boxed.value": expected int64, got "x"'],
  ["boxed.text=x", 'query parameter "boxed.text": no field "text" in google.protobuf.Int64Value'],
  ["empty=x", 'query parameter "empty": expected google.protobuf.Empty (nothing, or {}), got "x"'],
  ["empty={ }", 'query parameter "empty": expected google.protobuf.Empty (nothing, or {}), got "{ }"'],
  ["empty.x=1", 'query parameter "empty.x": no field "x" in google.protobuf.Empty'],
  ["any=x", 'query parameter "any": "any" is google.protobuf.Any, set its fields as any.field'],
  ["crowd=x", 'query parameter "crowd": "crowd" is repeated t.Author, which a parameter cannot carry'],
  ["crowd.age=1", 'query parameter "crowd.age": "crowd" is repeated t.Author, which has no "age" to set'],
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
    assert.deepEqual(bound("bok=1&author.bok=x&text=a", gateway), { ...path, text: "a" });
    assert.match(refused("bok=%", gateway), /malformed/);
    assert.match(refused("i32=x", gateway), /expected int32/);
  });

  for (const [query, reason, fact] of [
    ["right=x", "set its fields as right.field", "a message as a value"],
    ["any=x", "set its fields as any.field", "an Any as a value"],
    ["crowd=x", "which a parameter cannot carry", "a repeated message as a value"],
    ["labels=x", "set it as labels[key]", "a map without a key"],
    ["authors[a]=x", "its values cannot be set by a parameter", "a map of messages"],
    ["tags[0]=x", "not a map", "brackets on a field that is no map"],
    ["text.more=x", 'which has no "more" to set', "a field below a scalar"],
    ["text.=x", 'which has no "" to set', "a dot behind a scalar"],
    ["crowd.age=1", 'which has no "age" to set', "a field below a repeated message"],
    ["author.mentor.full_name.x=1&text.x=1", 'which has no "x" to set', "but not where the path binds it"],
    [`right.${"mentor.".repeat(40)}age=1`, "nested deeper than 32", "a field that is too deep to be meant"],
  ] as const) {
    test(`grpc-gateway refuses a known key that is misused: ${fact}`, () => {
      assert.ok(refused(query, gateway).includes(reason), refused(query, gateway));
      const steps = gateway.route.explainBinding(partsOf({ captures: ["p", "m"], query }));
      const told = steps.find(({ outcome }) => outcome === "refused");
      assert.ok(told?.reason?.includes(reason) && told.field !== undefined && told.type !== undefined);
    });
  }

  test("grpc-gateway ignores what begins like a known key and names no field", () => {
    for (const query of ["labels[a=x", "labels[a].b=x", "bok.deep=1", "bok[a]=1", ".text=a"]) {
      assert.deepEqual(bound(query, gateway), path, query);
    }
  });

  test("integers are decimal in the grpc-gateway profile too: its ParseInt is asked for base 10", () => {
    for (const text of ["0x10", "0b1", "0o7", "1_000"]) {
      assert.match(refused(`i32=${text}`, gateway), /expected int32/);
      assert.match(refused(`boxed=${text}`, gateway), /expected int64/);
    }
    assert.deepEqual(bound("i32=010", gateway), { ...path, i32: 10 });
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
    ["+5s", "5s"],
    ["+0", "0s"],
    ["-0", "0s"],
    [".5s", "0.500s"],
    ["1.s", "1s"],
    ["-.5h", "-1800s"],
  ] as const) {
    test(`grpc-gateway reads the duration ${text} as ${expected}`, () => {
      assert.deepEqual(bound(`ttl=${encodeURIComponent(text)}`, gateway), { ...path, ttl: expected });
    });
  }

  for (const text of ["1", "h", "-", "+", "+-1s", ".s", ".", "00", "", "1h x", `${"9".repeat(18)}h`]) {
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
