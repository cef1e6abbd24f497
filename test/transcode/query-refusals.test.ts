// What a query is refused for, and in which words.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queryLimits } from "../../src/transcode/query-parameters.ts";
import { refused } from "./query-fixture.ts";

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
