// The `fields` of a partial response: its grammar, and what it leaves of a reply.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DescMessage, fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { checkSelection, filterMessage } from "../../src/transcode/field-filter.ts";
import { fieldsLimits, parseFields, type Selection } from "../../src/transcode/partial-response.ts";
import { compileSchema, refusalOf } from "./route-fixture.ts";

/** A selection as plain data: `true` for everything. */
function shown({ whole, inside }: Selection): unknown {
  if (whole && inside.size === 0) return true;
  const entries = Object.fromEntries([...inside].map(([name, next]) => [name, shown(next)]));
  return whole ? { ...entries, whole } : entries;
}

function parsed(text: string): unknown {
  const fields = parseFields(text);
  return fields.kind === "fields" ? shown(fields.selection) : `column ${fields.column}: ${fields.reason}`;
}

describe("fields", () => {
  for (const [text, expected, fact] of [
    ["", true, "nothing is everything"],
    ["a", { a: true }, "a name"],
    ["a,b", { a: true, b: true }, "names"],
    ["a/b/c", { a: { b: { c: true } } }, "a path with slashes"],
    ["a.b.c", { a: { b: { c: true } } }, "a path with dots, as a FieldMask has them"],
    ["a(b,c)", { a: { b: true, c: true } }, "a sub-selection"],
    ["a,b(c,d),e/f,*", { a: true, b: { c: true, d: true }, e: { f: true }, "*": true }, "all of it"],
    ["a(b(c),d/e(f)),g", { a: { b: { c: true }, d: { e: { f: true } } }, g: true }, "nested sub-selections"],
    ["a/*/b", { a: { "*": { b: true } } }, "a star on the way"],
    ["a/b,a/c", { a: { b: true, c: true } }, "paths that share their beginning"],
    ["a,a/b", { a: { b: true, whole: true } }, "the whole beats a part"],
    [" a ( b , c ) , d ", { a: { b: true, c: true }, d: true }, "spaces between"],
    ["__proto__/a-b", { ["__proto__"]: { "a-b": true } }, "map keys of any spelling"],
  ] as const) {
    test(`${fact}: ${JSON.stringify(text)}`, () => assert.deepEqual(parsed(text), expected));
  }

  for (const [text, expected] of [
    [",", 'column 1: unexpected ","'],
    ["a,", "column 3: expected a field name"],
    ["a,,b", 'column 3: unexpected ","'],
    ["a/", "column 3: expected a field name"],
    ["a//b", 'column 3: unexpected "/"'],
    ["a(", "column 3: expected a field name"],
    ["a()", 'column 3: unexpected ")"'],
    ["a(b", 'column 2: a "(" without its ")"'],
    ["a)", 'column 2: unexpected ")"'],
    ["a(b))", 'column 5: unexpected ")"'],
    ["a(b)c", 'column 5: unexpected "c"'],
    ["(a)", 'column 1: unexpected "("'],
    ["a(b)(c)", 'column 5: unexpected "("'],
    ["a/b/".repeat(17), "column 65: nested deeper than 32"],
    ["a,".repeat(300), "column 513: more than 256 field names"],
    ["a".repeat(5000), "column 4097: longer than 4096 characters"],
  ] as const) {
    test(`refused: ${text.slice(0, 40)}`, () => assert.equal(parsed(text), expected));
  }

  test("are read totally, and a refusal has a column of the text", () => {
    const piece = fc.constantFrom("a", "b", ",", "/", "(", ")", "*", ".", " ");
    const text = fc.oneof(
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (fields) => {
        const result = parseFields(fields);
        if (result.kind === "refusal") {
          assert.ok(result.column >= 1 && result.column <= fields.length + 1, `${result.column}`);
        }
      }),
      { numRuns: 3000 },
    );
    const deep = parseFields("a(".repeat(100_000));
    assert.equal(deep.kind, "refusal");
    assert.ok(fieldsLimits.depth < 100);
  });
});

const registry = compileSchema(`
  message Author { string full_name = 1; int32 age = 2; Author mentor = 3; }
  message Reply {
    string title = 1; Author author = 2; repeated Author more = 3; map<string, Author> by = 4; map<int64, string> names = 5;
    google.protobuf.Struct extra = 6; google.protobuf.Timestamp at = 7; google.protobuf.Any any = 8;
    repeated int32 nums = 9; google.protobuf.Value value = 10; map<bool, int32> flags = 11; map<sint32, int32> signs = 12;
    map<fixed64, int32> fixed = 13; map<string, google.protobuf.Value> values = 14; google.protobuf.ListValue list = 15;
  }`);
const desc = registry.getMessage("t.Reply") as DescMessage;
const full: JsonValue = {
  title: "t",
  author: { fullName: "a", age: 1, mentor: { fullName: "m", age: 2 } },
  more: [{ fullName: "b", age: 3 }, { age: 4 }],
  by: { x: { fullName: "c", age: 5 }, y: { age: 6 } },
  names: { "-1": "n", "2": "p" },
  extra: { a: { b: 1, c: 2 }, d: [{ b: 3, c: 4 }, 5], e: null },
  at: "2026-01-31T00:00:00Z",
  nums: [1, 2],
  value: { a: 1, b: 2 },
  flags: { true: 1, false: 2 },
  signs: { "-3": 1 },
  fixed: { "18446744073709551615": 1 },
  values: { p: { a: 1 }, q: 2 },
  list: [{ a: 1, b: 2 }, [{ a: 3 }], 7],
};
const message = toBinary(desc, fromJson(desc, full));

function filtered(fields: string, bytes = message): JsonValue {
  const result = parseFields(fields);
  assert.equal(result.kind, "fields", fields);
  if (result.kind !== "fields") return null;
  assert.equal(checkSelection(desc, result.selection), undefined);
  return toJson(desc, fromBinary(desc, filterMessage(bytes, desc, result.selection)), { registry });
}

/** Why fields cannot be had. */
function checkFields(fields: string): string | undefined {
  const result = parseFields(fields);
  return result.kind === "fields" ? checkSelection(desc, result.selection) : result.reason;
}

describe("a partial response", () => {
  for (const [fields, expected, fact] of [
    ["title", { title: "t" }, "has the fields that are named"],
    ["author/fullName", { author: { fullName: "a" } }, "down to fields of fields"],
    ["author.full_name", { author: { fullName: "a" } }, "by either name and either separator"],
    ["author(age,mentor/fullName)", { author: { age: 1, mentor: { fullName: "m" } } }, "and several of them"],
    ["author,author/age", { author: full.author }, "whole where one says so"],
    ["more/age", { more: [{ age: 3 }, { age: 4 }] }, "looks through lists"],
    ["more/fullName", { more: [{ fullName: "b" }, {}] }, "and keeps elements that have none of it"],
    ["nums", { nums: [1, 2] }, "takes packed lists whole"],
    ["by/x", { by: { x: { fullName: "c", age: 5 } } }, "selects in maps by key"],
    ["by/x/age,by/*/fullName", { by: { x: { fullName: "c", age: 5 }, y: {} } }, "and by star"],
    ["names/2,names/-1", { names: { "-1": "n", "2": "p" } }, "and by keys that are numbers"],
    [
      "flags/true,signs/-3,fixed/18446744073709551615",
      { flags: { true: 1 }, signs: { "-3": 1 }, fixed: { "18446744073709551615": 1 } },
      "of every type",
    ],
    ["extra/a/b", { extra: { a: { b: 1 } } }, "looks into a Struct"],
    [
      "extra(d/b,e)",
      { extra: { d: [{ b: 3 }], e: null } },
      "and into its lists, without what has no such key",
    ],
    ["value/a,values/*/a", { value: { a: 1 }, values: { p: { a: 1 } } }, "into a Value"],
    ["list/a", { list: [{ a: 1 }, [{ a: 3 }]] }, "and a ListValue"],
    ["at", { at: "2026-01-31T00:00:00Z" }, "takes well-known types whole"],
    ["*", full, "is everything for a star"],
    [
      "*/age",
      { author: { age: 1 }, more: [{ age: 3 }, { age: 4 }], extra: {}, value: {}, list: [{}, [{}]] },
      "or what the star's fields have of it",
    ],
  ] as const) {
    test(`${fact}: ${fields}`, () => assert.deepEqual(filtered(fields), expected));
  }

  for (const [fields, reason] of [
    ["nope", 'no field "nope" in t.Reply'],
    ["author/nope", 'no field "nope" in t.Author'],
    ["more(age,nope)", 'no field "nope" in t.Author'],
    ["by/x/nope", 'no field "nope" in t.Author'],
    ["title/*", '"title" is string, which has no fields to select'],
    ["title/x", '"title" is string, which has no fields to select'],
    ["at/seconds", '"at" is google.protobuf.Timestamp, which has no fields to select'],
    ["any/x", '"any" is google.protobuf.Any, which has no fields to select'],
    ["names/2/x", '"names" is map<int64, string>, which has no fields to select'],
  ] as const) {
    test(`is refused before anything is sent: ${fields}`, () => assert.equal(checkFields(fields), reason));
  }

  test("drops fields that the schema does not know", () => {
    assert.deepEqual(filtered("title", Buffer.concat([message, Uint8Array.of(0xf8, 0x07, 1)])), {
      title: "t",
    });
  });

  test("is INTERNAL for lists nested without end, not a crash", () => {
    let list = Buffer.alloc(0);
    for (let i = 0; i < 20_000; i++) {
      const size = varint(list.length);
      list = Buffer.concat([Uint8Array.of(0x32), size, list]);
      list = Buffer.concat([Uint8Array.of(0x0a), varint(list.length), list]);
      if (list.length > 100_000) break;
    }
    const bytes = Buffer.concat([Uint8Array.of(0x7a), varint(list.length), list]);
    assert.equal(
      refusalOf(() => filtered("list/a", bytes)),
      "INTERNAL: the reply is nested too deep",
    );
  });

  test("is total: whatever the bytes are, it is a message or INTERNAL", () => {
    const fields = fc.constantFrom(
      "title",
      "*/age",
      "by/x/age,names/2",
      "extra/a",
      "*/*/*",
      "more(age),list/a",
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([at, byte]) => {
        const changed = Uint8Array.from(message);
        changed[at] = byte;
        return changed;
      }),
    );
    fc.assert(
      fc.property(fields, bytes, (text, input) => {
        const result = parseFields(text);
        if (result.kind !== "fields") return;
        const { selection } = result;
        assert.match(
          refusalOf(() => filterMessage(input, desc, selection)),
          /^(not refused|INTERNAL)/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
