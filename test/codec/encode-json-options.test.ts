// Printing ProtoJSON otherwise than by default: emitDefaults, emitNulls, protoNames, enumNumbers, int64Numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encode, int, message, type Printed, text } from "./encode-json-case.ts";
import { messageDesc, testCodec } from "./schema.ts";

test("emitDefaults prints what has no presence and is not set", () => {
  const options = { emitDefaults: true };
  assert.equal(
    encode("all.Book", (w) => int(w, 5, 3), options),
    '{"pages":3,"title":"","labels":{},"years":[]}',
  );
  assert.equal(
    encode("all.Author", (w) => int(w, 2, 0), options),
    '{"birthYear":0,"givenName":""}',
  );
  assert.equal(
    encode("all.Optionals", () => {}, options),
    "{}",
  );
  assert.equal(
    encode("all.Choice", () => {}, options),
    "{}",
  );
  assert.match(
    encode("all.Scalars", () => {}, options),
    /"int64Value":"0".*"genre":"GENRE_UNSPECIFIED"/,
  );
  assert.match(
    encode("all.Scalars", () => {}, { ...options, int64Numbers: true, enumNumbers: true }),
    /"int64Value":0,.*"genre":0/,
  );
  assert.match(
    encode("all.Known", () => {}, options),
    /"nullValue":null/,
  );
});

// What protojson of protobuf-go 1.36 prints under EmitUnpopulated; members that are not set come last here.
const unsetTree = '"label":"","left":null,"children":[],"named":{}';
const withNulls: readonly Printed[] = [
  [
    "a message is null, lists and maps are empty",
    "all.Book",
    () => {},
    '{"title":"","author":null,"labels":{},"years":[],"pages":0}',
  ],
  [
    "a message that is set and empty has its own defaults",
    "all.Book",
    (w) => message(w, 2, () => {}),
    '{"author":{"givenName":"","birthYear":0},"title":"","labels":{},"years":[],"pages":0}',
  ],
  [
    "an element of a list has them too",
    "all.Tree",
    (w) => message(w, 3, () => {}),
    `{"children":[{${unsetTree}}],"label":"","left":null,"named":{}}`,
  ],
  [
    "a value of a map has them too, one that was left out too",
    "all.Tree",
    (w) => message(w, 4, (e) => text(e, 1, "k")),
    `{"named":{"k":{${unsetTree}}},"label":"","left":null,"children":[]}`,
  ],
  ["proto3's optional is left out: Go has it in a oneof", "all.Optionals", () => {}, "{}"],
  ["members of a oneof are left out, messages too", "all.Choice", () => {}, "{}"],
  [
    "proto2's required, optional and groups are null whatever their default; its oneof and extensions are left out",
    "old.Old",
    () => {},
    '{"id":null,"text":null,"closed":null,"closeds":[],"unpacked":[],"packed":[],"part":null,"bit":[],"big":null,"inf":null,"raw":null,"closedByName":{}}',
  ],
  [
    "explicit presence of an edition is null",
    "ed.Ed",
    () => {},
    '{"implicit":0,"explicit":null,"group":null,"groups":[],"expanded":[],"closed":null,"byName":{},"text":""}',
  ],
];

for (const [reason, type, write, expected] of withNulls) {
  test(`emitNulls: ${reason}`, () => {
    assert.equal(encode(type, write, { emitDefaults: true, emitNulls: true }), expected);
  });
}

test("emitNulls: messages with a JSON form of their own are null as well, also inside of an Any", () => {
  const options = { emitDefaults: true, emitNulls: true };
  const known = JSON.parse(encode("all.Known", () => {}, options)) as Record<string, unknown>;
  for (const name of ["any", "timestamp", "struct", "value", "empty", "int64Value", "stringValue"]) {
    assert.equal(known[name], null, name);
  }
  const anyOfTree = (w: BinaryWriter) => message(w, 1, (any) => text(any, 1, "x/all.Tree"));
  const { any } = JSON.parse(encode("all.Known", anyOfTree, options)) as { any: unknown };
  assert.deepEqual(any, { "@type": "x/all.Tree", label: "", left: null, children: [], named: {} });
});

test("emitNulls changes nothing where defaults are not printed", () => {
  assert.equal(
    encode("all.Book", () => {}, { emitNulls: true }),
    "{}",
  );
});

test("what emitNulls prints is read back as the same message", () => {
  const options = { emitDefaults: true, emitNulls: true };
  for (const type of ["all.Book", "all.Tree", "all.Scalars", "ed.Ed"]) {
    const codec = testCodec(options).message(messageDesc(type));
    assert.equal(codec.decodeJson(Buffer.from(codec.encodeJson(new Uint8Array(0)))).length, 0, type);
  }
});

test("protoNames prints names as in the .proto, maps and extensions as they are", () => {
  const options = { protoNames: true };
  assert.equal(
    encode("all.Traps", (w) => text(text(int(w, 1, 1), 2, "p"), 5, "r"), options),
    '{"a_b":1,"__proto__":"p","renamed":"r"}',
  );
  assert.equal(
    encode("old.Old", (w) => int(w, 100, 1), options),
    '{"[old.number]":1}',
  );
});

test("enumNumbers prints numbers, NullValue as null all the same", () => {
  assert.equal(
    encode("all.Choice", (w) => int(w, 20, -5), { enumNumbers: true }),
    '{"genre":-5}',
  );
  assert.equal(
    encode("all.Choice", (w) => int(w, 23, 0), { enumNumbers: true }),
    '{"nullValue":null}',
  );
});

test("int64Numbers prints numbers up to 2^53, beyond that strings, keys of maps always strings", () => {
  const printed = (value: bigint): string =>
    encode("all.Optionals", (w) => w.tag(4, WireType.Varint).int64(value), { int64Numbers: true });
  for (const value of [0n, 1n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 53n, -(2n ** 53n)]) {
    assert.equal(printed(value), `{"int64Value":${value}}`);
  }
  for (const value of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.equal(printed(value), `{"int64Value":"${value}"}`);
  }
  const unsigned = (value: bigint): string =>
    encode("all.Optionals", (w) => w.tag(6, WireType.Varint).uint64(value), { int64Numbers: true });
  assert.equal(unsigned(2n ** 53n), '{"uint64Value":9007199254740992}');
  assert.equal(unsigned(2n ** 53n + 1n), '{"uint64Value":"9007199254740993"}');
  assert.equal(unsigned(2n ** 64n - 1n), '{"uint64Value":"18446744073709551615"}');
  assert.equal(
    encode("all.Maps", (w) => message(w, 2, (e) => e.tag(1, WireType.Varint).int64(-5n)), {
      int64Numbers: true,
    }),
    '{"byInt64":{"-5":0}}',
  );
});
