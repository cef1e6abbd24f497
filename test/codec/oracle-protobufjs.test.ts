// The codec against protobufjs 8, a second runtime with a ProtoJSON of its own: for arbitrary messages both read what the
// other writes, and mean the same by it; for texts at the edges both say yes or no, but for the differences listed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DescMessage, equals, fromBinary, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { anyRegistry, arbitraryMessage } from "./arbitrary-message.ts";
import { createProtobufjsCodecs } from "./protobufjs-codec.ts";
import { descriptorSet, messageDesc, testCodec, utf8 } from "./schema.ts";

const types = [
  "all.Scalars",
  "all.Optionals",
  "all.Lists",
  "all.Maps",
  "all.Choice",
  "all.Known",
  "all.Tree",
  "all.Traps",
  "old.Old",
  "ed.Ed",
];
const protobufjsCodec = createProtobufjsCodecs(descriptorSet);

/** Equality of what messages mean: bytes inside an Any may differ in the order of fields. */
function assertSame(desc: DescMessage, actual: Uint8Array, expected: Uint8Array): void {
  const [a, b] = [fromBinary(desc, actual), fromBinary(desc, expected)];
  if (equals(desc, a, b, { registry: anyRegistry, unpackAny: true, extensions: true })) return;
  const json = (message: Message): unknown => toJson(desc, message, { registry: anyRegistry });
  assert.deepEqual(json(a), json(b));
}

for (const type of types) {
  const desc = messageDesc(type);
  const theirs = protobufjsCodec(type);
  const ours = testCodec().message(desc);
  const binary = arbitraryMessage(desc)
    .map((message) => toBinary(desc, message))
    // See `differences`.
    .filter((message) => !hasMinusZero(ours.encodeJson(message)));

  test(`${type}: both print the same members`, () => {
    fc.assert(
      fc.property(binary, (message) => {
        const [actual, expected] = [ours.encodeJson(message), theirs.encodeJson(message)];
        assert.deepEqual(normal(JSON.parse(actual)), normal(JSON.parse(expected)));
      }),
      { numRuns: 150 },
    );
  });

  test(`${type}: each reads what the other prints`, () => {
    fc.assert(
      fc.property(binary, (message) => {
        assertSame(desc, theirs.decodeJson(ours.encodeJson(message)), message);
        const json = theirs.encodeJson(message);
        assertSame(desc, ours.decodeJson(utf8(json)), theirs.decodeJson(json));
      }),
      { numRuns: 150 },
    );
  });
}

function hasMinusZero(json: string): boolean {
  return /[:[,]-0[,}\]]/.test(json);
}

/** Floats are printed shorter by us and members of an Any come in another order: compared as floats, sorted. */
function normal(value: unknown): unknown {
  if (typeof value === "number") return Math.fround(value);
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, normal(item)]),
  );
}

/** Whether both read the text as the same message, or both refuse it. */
const edges: readonly (readonly [type: string, json: string])[] = [
  ["all.Scalars", '{"int32Value":1.0}'],
  ["all.Scalars", '{"int32Value":1e2}'],
  ["all.Scalars", '{"int32Value":"100"}'],
  ["all.Scalars", '{"int32Value":1.5}'],
  ["all.Scalars", '{"int32Value":2147483648}'],
  ["all.Scalars", '{"int32Value":""}'],
  ["all.Scalars", '{"int32Value":" 1"}'],
  ["all.Scalars", '{"int32Value":true}'],
  ["all.Scalars", '{"uint32Value":-1}'],
  ["all.Scalars", '{"uint64Value":"18446744073709551615"}'],
  ["all.Scalars", '{"uint64Value":"18446744073709551616"}'],
  ["all.Scalars", '{"int64Value":"-9223372036854775808"}'],
  ["all.Scalars", '{"int64Value":"0x10"}'],
  ["all.Scalars", '{"doubleValue":"NaN"}'],
  ["all.Scalars", '{"doubleValue":"-Infinity"}'],
  ["all.Scalars", '{"doubleValue":"inf"}'],
  ["all.Scalars", '{"doubleValue":1e400}'],
  ["all.Scalars", '{"doubleValue":-0.0}'],
  ["all.Scalars", '{"int64Value":"1e3"}'],
  ["all.Scalars", '{"int64Value":1e-1}'],
  ["all.Scalars", '{"floatValue":3.5e38}'],
  ["all.Scalars", '{"boolValue":"true"}'],
  ["all.Scalars", '{"boolValue":1}'],
  ["all.Scalars", '{"stringValue":1}'],
  ["all.Scalars", '{"stringValue":"\\ud800"}'],
  ["all.Scalars", '{"stringValue":"\\ud83d\\ude00"}'],
  ["all.Scalars", '{"bytesValue":"-_8"}'],
  ["all.Scalars", '{"bytesValue":"+/8="}'],
  ["all.Scalars", '{"bytesValue":"a"}'],
  ["all.Scalars", '{"genre":"NOVEL"}'],
  ["all.Scalars", '{"genre":"ROMAN"}'],
  ["all.Scalars", '{"genre":2}'],
  ["all.Scalars", '{"genre":99}'],
  ["all.Scalars", '{"genre":"novel"}'],
  ["all.Scalars", '{"genre":""}'],
  ["all.Scalars", '{"unknown":1}'],
  ["all.Scalars", '{"int32Value":null}'],
  ["all.Lists", '{"int32Value":[1,null]}'],
  ["all.Lists", '{"int32Value":1}'],
  ["all.Lists", '{"int32Value":null}'],
  ["all.Maps", '{"byBool":{"true":1,"false":2}}'],
  ["all.Maps", '{"byBool":{"1":1}}'],
  ["all.Maps", '{"byInt32":{"a":1}}'],
  ["all.Maps", '{"toInt32":{"a":null}}'],
  ["all.Maps", '{"toValue":{"a":null}}'],
  ["all.Choice", '{"left":"a","right":"b"}'],
  ["all.Choice", '{"left":"a","right":null}'],
  ["all.Choice", '{"value":null}'],
  ["all.Choice", '{"nullValue":null}'],
  ["all.Known", '{"timestamp":"2024-02-29T00:00:00.123456789+02:00"}'],
  ["all.Known", '{"timestamp":"2023-02-29T00:00:00Z"}'],
  ["all.Known", '{"timestamp":"0000-01-01T00:00:00Z"}'],
  ["all.Known", '{"timestamp":"9999-12-31T23:59:59.999999999Z"}'],
  ["all.Known", '{"timestamp":"2024-01-01T00:00:60Z"}'],
  ["all.Known", '{"timestamp":"2024-01-01"}'],
  ["all.Known", '{"timestamp":1}'],
  ["all.Known", '{"duration":"-0.000000001s"}'],
  ["all.Known", '{"duration":"315576000000s"}'],
  ["all.Known", '{"duration":"315576000001s"}'],
  ["all.Known", '{"duration":"1.0000000001s"}'],
  ["all.Known", '{"duration":"1"}'],
  ["all.Known", '{"fieldMask":"a.b,cD"}'],
  ["all.Known", '{"fieldMask":"a_b"}'],
  ["all.Known", '{"fieldMask":""}'],
  ["all.Known", '{"any":{}}'],
  ["all.Known", '{"any":{"@type":"x/all.Author","birthYear":3}}'],
  ["all.Known", '{"any":{"@type":"x/not.Known","a":1}}'],
  ["all.Known", '{"any":{"@type":"x/google.protobuf.Duration","value":"1s"}}'],
  ["all.Known", '{"struct":{"a":[null,true,1.5,"s",{}]}}'],
  ["all.Known", '{"struct":[]}'],
  ["all.Known", '{"listValue":{}}'],
  ["all.Known", '{"empty":{"a":1}}'],
  ["all.Known", '{"stringValue":null}'],
  ["all.Known", '{"int64Value":"5"}'],
  ["all.Known", '{"nullValue":"NULL_VALUE"}'],
  ["all.Known", '{"values":[null,1]}'],
  ["old.Old", '{"id":1,"closed":"TWO","[old.number]":4}'],
  ["old.Old", '{"id":1,"closed":9}'],
  ["old.Old", '{"id":1,"part":{"size":3}}'],
  ["old.Old", '{"id":1,"[old.nothing]":4}'],
  ["ed.Ed", '{"group":{"explicit":0}}'],
  ["ed.Ed", '{"closed":5}'],
  ["all.Book", "[]"],
  ["all.Book", "null"],
  ["all.Book", ""],
  ["all.Book", "{} {}"],
  ["all.Book", '{"title":"a",}'],
];

/** Where protobufjs decides otherwise, and why the codec stays as it is. */
const differences: ReadonlyMap<string, string> = new Map([
  ['{"doubleValue":-0.0}', "minus zero is no default: protobufjs drops it, we and protobuf-es keep its sign"],
]);

function attempt(run: () => Uint8Array): Uint8Array | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

for (const [type, json] of edges) {
  const desc = messageDesc(type);
  const reason = differences.get(json);
  test(`${type} ${json}: ${reason ?? "both agree"}`, () => {
    const ours = attempt(() => testCodec().message(desc).decodeJson(utf8(json)));
    const theirs = attempt(() => protobufjsCodec(type).decodeJson(json));
    if (reason !== undefined) assert.notDeepEqual(ours, theirs);
    else if (ours === undefined || theirs === undefined) assert.equal(ours, theirs);
    else assertSame(desc, ours, theirs);
  });
}
