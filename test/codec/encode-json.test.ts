// Every rule of printing ProtoJSON that protobuf-es, which reads into objects first, does not settle: binary that no
// serializer would write in that order, and values that have no JSON form. Binary is written by hand here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { JsonOptions } from "../../src/codec/codec.ts";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { messageDesc, testCodec } from "./schema.ts";

type Write = (writer: BinaryWriter) => void;

function encode(type: string, write: Write, options: Partial<JsonOptions> = {}): string {
  return testCodec(options).message(messageDesc(type)).encodeJson(binary(write));
}

function binary(write: Write): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

const int = (w: BinaryWriter, number: number, value: number): BinaryWriter =>
  w.tag(number, WireType.Varint).int32(value);
const text = (w: BinaryWriter, number: number, value: string): BinaryWriter =>
  w.tag(number, WireType.LengthDelimited).string(value);
const message = (w: BinaryWriter, number: number, write: Write): BinaryWriter =>
  w.tag(number, WireType.LengthDelimited).bytes(binary(write));
const packed = (w: BinaryWriter, number: number, values: readonly number[]): BinaryWriter =>
  message(w, number, (inner) => {
    for (const value of values) inner.int32(value);
  });

// all.Book: title 1, author 2 { given_name 1, birth_year 2 }, labels 3, years 4, pages 5
const rows: readonly (readonly [reason: string, type: string, write: Write, expected: string])[] = [
  ["nothing", "all.Book", () => {}, "{}"],
  [
    "fields in the order of the binary",
    "all.Book",
    (w) => text(int(w, 5, 3), 1, "t"),
    '{"pages":3,"title":"t"}',
  ],
  [
    "the last of a scalar",
    "all.Book",
    (w) => int(text(int(w, 5, 1), 1, "t"), 5, 2),
    '{"pages":2,"title":"t"}',
  ],
  ["the last of a scalar, a default", "all.Book", (w) => int(int(w, 5, 1), 5, 0), "{}"],
  ["a default that was sent", "all.Book", (w) => text(int(w, 5, 0), 1, ""), "{}"],
  [
    "pieces of an embedded message, merged",
    "all.Book",
    (w) =>
      message(
        int(
          message(w, 2, (a) => text(int(a, 2, 1), 1, "a")),
          5,
          7,
        ),
        2,
        (a) => int(a, 2, 2),
      ),
    '{"author":{"birthYear":2,"givenName":"a"},"pages":7}',
  ],
  [
    "pieces of a list",
    "all.Book",
    (w) => int(packed(int(packed(w, 4, [1, 2]), 5, 9), 4, [3]), 4, 4),
    '{"years":[1,2,3,4],"pages":9}',
  ],
  [
    "packed and not, one after the other",
    "all.Book",
    (w) => int(packed(int(w, 4, 1), 4, [2, 3]), 4, 4),
    '{"years":[1,2,3,4]}',
  ],
  [
    "a packed list where the schema says unpacked",
    "old.Old",
    (w) => packed(w, 5, [1, 2]),
    '{"unpacked":[1,2]}',
  ],
  [
    "an unpacked list where the schema says packed",
    "old.Old",
    (w) => int(int(w, 6, 1), 6, 2),
    '{"packed":[1,2]}',
  ],
  ["an empty packed list", "all.Book", (w) => packed(w, 4, []), "{}"],
  [
    "a list split by an unknown field",
    "all.Book",
    (w) => int(int(int(w, 4, 1), 99, 5), 4, 2),
    '{"years":[1,2]}',
  ],
  [
    "unknown fields of every wire type",
    "all.Book",
    (w) => {
      text(int(w, 90, 1), 91, "x");
      w.tag(92, WireType.Bit32).fixed32(1).tag(93, WireType.Bit64).fixed64(1);
      int(w.tag(94, WireType.StartGroup), 1, 1).tag(94, WireType.EndGroup);
      int(w, 5, 3);
    },
    '{"pages":3}',
  ],
  [
    "a field of the wrong wire type as unknown",
    "all.Book",
    (w) => int(text(text(w, 5, "x"), 1, "t"), 1, 5),
    '{"title":"t"}',
  ],
  ["an int32 of ten bytes", "all.Book", (w) => int(w, 5, -1), '{"pages":-1}'],
  [
    "an int32 cut from 64 bits",
    "all.Book",
    (w) => w.tag(5, WireType.Varint).uint64(2n ** 32n + 5n),
    '{"pages":5}',
  ],
  [
    "a bool that is any number",
    "all.Scalars",
    (w) => w.tag(13, WireType.Varint).uint64(2n ** 40n),
    '{"boolValue":true}',
  ],
  // maps
  ["an entry without key and value", "all.Book", (w) => message(w, 3, () => {}), '{"labels":{"":0}}'],
  [
    "an entry without a value",
    "all.Maps",
    (w) => message(w, 41, (e) => text(e, 1, "a")),
    '{"toMessage":{"a":{}}}',
  ],
  [
    "an entry with the value first",
    "all.Book",
    (w) => message(w, 3, (e) => text(int(e, 2, 5), 1, "a")),
    '{"labels":{"a":5}}',
  ],
  [
    "an entry with two values",
    "all.Book",
    (w) => message(w, 3, (e) => int(int(text(e, 1, "a"), 2, 5), 2, 6)),
    '{"labels":{"a":6}}',
  ],
  [
    "an entry with two values that merge",
    "all.Maps",
    (w) =>
      message(w, 41, (e) =>
        message(
          message(text(e, 1, "a"), 2, (v) => int(v, 3, 1)),
          2,
          (v) => int(v, 5, 2),
        ),
      ),
    '{"toMessage":{"a":{"int32Value":1,"uint32Value":2}}}',
  ],
  [
    "the last of two entries with one key",
    "all.Book",
    (w) => {
      for (const [key, value] of [
        ["a", 1],
        ["b", 2],
        ["a", 3],
      ] as const)
        message(w, 3, (e) => int(text(e, 1, key), 2, value));
    },
    '{"labels":{"b":2,"a":3}}',
  ],
  [
    "a map in pieces",
    "all.Book",
    (w) =>
      message(
        int(
          message(w, 3, (e) => int(text(e, 1, "a"), 2, 1)),
          5,
          9,
        ),
        3,
        (e) => int(text(e, 1, "b"), 2, 2),
      ),
    '{"labels":{"a":1,"b":2},"pages":9}',
  ],
  [
    "keys that need escapes",
    "all.Book",
    (w) => {
      for (const [i, key] of ['"', "\\", "\n", "é", "__proto__"].entries())
        message(w, 3, (e) => int(text(e, 1, key), 2, i + 1));
    },
    '{"labels":{"\\"":1,"\\\\":2,"\\n":3,"é":4,"__proto__":5}}',
  ],
  [
    "an entry without a key, of every kind",
    "all.Maps",
    (w) => {
      for (const number of [1, 2, 9, 10]) message(w, number, () => {});
    },
    '{"byInt32":{"0":0},"byInt64":{"0":0},"bySfixed32":{"0":0},"bySfixed64":{"0":0}}',
  ],
  // oneofs: left 30, right 31
  ["the last member of a oneof", "all.Choice", (w) => text(text(w, 30, "a"), 31, "b"), '{"right":"b"}'],
  [
    "a oneof that comes back",
    "all.Choice",
    (w) => text(text(text(w, 30, "a"), 31, "b"), 30, "c"),
    '{"left":"c"}',
  ],
  [
    "a message of a oneof, not merged over another member",
    "all.Choice",
    (w) =>
      message(
        int(
          message(w, 21, (s) => int(s, 3, 1)),
          3,
          5,
        ),
        21,
        (s) => int(s, 5, 2),
      ),
    '{"scalars":{"uint32Value":2}}',
  ],
  ["the default in a oneof", "all.Choice", (w) => text(w, 30, ""), '{"left":""}'],
  // enums
  ["a number that an open enum does not know", "all.Scalars", (w) => int(w, 20, 77), '{"genre":77}'],
  ["the first of two names", "all.Scalars", (w) => int(w, 20, 1), '{"genre":"NOVEL"}'],
  [
    "a number that a closed enum does not know, as not set",
    "old.Old",
    (w) => int(int(w, 1, 5), 3, 9),
    '{"id":5}',
  ],
  ["such a number after a known one", "old.Old", (w) => int(int(w, 3, 2), 3, 9), '{"closed":"TWO"}'],
  ["such a number before a known one", "old.Old", (w) => int(int(w, 3, 9), 3, 2), '{"closed":"TWO"}'],
  [
    "such numbers in a list",
    "old.Old",
    (w) => packed(int(w, 4, 9), 4, [1, 9, 2]),
    '{"closeds":["ONE","TWO"]}',
  ],
  ["only such numbers in a list", "old.Old", (w) => int(w, 4, 9), "{}"],
  [
    "an entry of a map with such a number",
    "old.Old",
    (w) =>
      message(
        message(w, 12, (e) => int(text(e, 1, "a"), 2, 9)),
        12,
        (e) => int(text(e, 1, "b"), 2, 7),
      ),
    '{"closedByName":{"b":"LATER"}}',
  ],
  [
    "such an entry after a known one with its key, which stays",
    "old.Old",
    (w) => {
      for (const [key, value] of [
        ["a", 7],
        ["a", 9],
        ["b", 0],
        ["b", 7],
        ["c", 9],
      ] as const) {
        message(w, 12, (e) => int(text(e, 1, key), 2, value));
      }
    },
    '{"closedByName":{"a":"LATER","b":"LATER"}}',
  ],
  [
    "an entry whose last value a closed enum knows",
    "old.Old",
    (w) => {
      message(w, 12, (e) => int(int(text(e, 1, "a"), 2, 9), 2, 7));
      message(w, 12, (e) => text(e, 1, "a"));
    },
    '{"closedByName":{"a":"ZERO"}}',
  ],
  ["such a number in a oneof", "old.Old", (w) => int(text(w, 14, "x"), 13, 9), '{"textPick":"x"}'],
  // groups and extensions
  [
    "a group in two pieces",
    "old.Old",
    (w) => {
      int(w.tag(7, WireType.StartGroup), 1, 5).tag(7, WireType.EndGroup);
      int(w, 1, 3);
      message(w.tag(7, WireType.StartGroup), 2, (old) => int(old, 1, 4)).tag(7, WireType.EndGroup);
    },
    '{"part":{"size":5,"inner":{"id":4}},"id":3}',
  ],
  [
    "a field with a group where it is length-prefixed, as unknown",
    "all.Book",
    (w) => int(w.tag(2, WireType.StartGroup), 2, 1).tag(2, WireType.EndGroup),
    "{}",
  ],
  [
    "extensions",
    "old.Old",
    (w) => message(text(int(int(w, 1, 1), 100, 5), 101, "a"), 103, (h) => text(h, 1, "n")),
    '{"id":1,"[old.number]":5,"[old.words]":["a"],"[old.Holder.held]":{"note":"n"}}',
  ],
  // well-known types
  [
    "a timestamp in two pieces",
    "all.Known",
    (w) =>
      message(
        message(w, 2, (t) => int(t, 1, 1)),
        2,
        (t) => int(t, 2, 5_000_000),
      ),
    '{"timestamp":"1970-01-01T00:00:01.005Z"}',
  ],
  ["a wrapper of a default", "all.Known", (w) => message(w, 13, () => {}), '{"int64Value":"0"}'],
  [
    "a wrapper with two values",
    "all.Known",
    (w) => message(w, 15, (v) => int(int(v, 1, 1), 1, 2)),
    '{"int32Value":2}',
  ],
  ["a Value without a kind, as null", "all.Known", (w) => message(w, 6, () => {}), '{"value":null}'],
  [
    "the last kind of a Value",
    "all.Known",
    (w) => message(w, 6, (v) => text(int(v, 4, 1), 3, "s")),
    '{"value":"s"}',
  ],
  [
    "a Struct of a Value in pieces",
    "all.Known",
    (w) =>
      message(w, 6, (v) => {
        for (const key of ["a", "b", "a"])
          message(v, 5, (s) => message(s, 1, (e) => message(text(e, 1, key), 2, (x) => text(x, 3, key))));
      }),
    '{"value":{"b":"b","a":"a"}}',
  ],
  [
    "an empty Struct and ListValue",
    "all.Known",
    (w) =>
      message(
        message(w, 5, () => {}),
        7,
        () => {},
      ),
    '{"struct":{},"listValue":[]}',
  ],
  ["an Any without a type", "all.Known", (w) => message(w, 1, () => {}), '{"any":{}}'],
  [
    "an Any without a value",
    "all.Known",
    (w) => message(w, 1, (a) => text(a, 1, "x/all.Author")),
    '{"any":{"@type":"x/all.Author"}}',
  ],
  [
    "an Any with the value first",
    "all.Known",
    (w) =>
      message(w, 1, (a) =>
        text(
          message(a, 2, (v) => int(v, 2, 5)),
          1,
          "x/all.Author",
        ),
      ),
    '{"any":{"@type":"x/all.Author","birthYear":5}}',
  ],
  [
    "an Any of an unknown type, as base64",
    "all.Known",
    (w) => message(w, 1, (a) => message(text(a, 1, 'x/"y'), 2, (v) => int(v, 2, 5))),
    '{"any":{"@type":"x/\\"y","value":"EAU="}}',
  ],
  [
    "an Any whose message is not in order",
    "all.Known",
    (w) =>
      message(w, 1, (a) =>
        message(text(a, 1, "x/all.Author"), 2, (v) => int(text(int(v, 2, 5), 1, "n"), 2, 6)),
      ),
    '{"any":{"@type":"x/all.Author","birthYear":6,"givenName":"n"}}',
  ],
];

for (const [reason, type, write, expected] of rows) {
  test(`printed: ${reason}`, () => assert.equal(encode(type, write), expected));
}

test("disorder inside disorder costs two passes, not two to the power of the depth", () => {
  // Each level holds the next one, then a scalar twice: whoever starts over at each level doubles the work each time.
  let level: Write = () => {};
  for (let depth = 0; depth < 90; depth++) {
    const inner = level;
    level = (w) => text(text(message(w, 2, inner), 1, "a"), 1, "b");
  }
  const json = encode("all.Tree", level);
  assert.equal(json.split('"label":"b"').length, 91);
});

const unprintable: readonly (readonly [reason: string, type: string, write: Write, text: RegExp])[] = [
  [
    "a string that is not UTF-8",
    "all.Book",
    (w) => w.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0xc3, 0x28)),
    /not UTF-8/,
  ],
  [
    "such a string with an escape",
    "all.Book",
    (w) => w.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0x22, 0xff)),
    /not UTF-8/,
  ],
  [
    "such a key of a map",
    "all.Book",
    (w) => message(w, 3, (e) => e.tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(0xff))),
    /not UTF-8/,
  ],
  [
    "such a string in proto2",
    "old.Old",
    (w) => w.tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(0xff)),
    /not UTF-8/,
  ],
  [
    "a timestamp before the year 1",
    "all.Known",
    (w) => message(w, 2, (t) => t.tag(1, WireType.Varint).int64(-62135596801n)),
    /timestamp out of range/,
  ],
  [
    "a timestamp of negative nanos",
    "all.Known",
    (w) => message(w, 2, (t) => int(t, 2, -1)),
    /timestamp out of range/,
  ],
  [
    "a duration of two signs",
    "all.Known",
    (w) => message(w, 3, (d) => int(int(d, 1, 1), 2, -1)),
    /duration out of range/,
  ],
  [
    "a field mask that would not survive",
    "all.Known",
    (w) => message(w, 4, (m) => text(m, 1, "fooBar")),
    /field mask/,
  ],
  [
    "a Value that is no JSON number",
    "all.Known",
    (w) => message(w, 6, (v) => v.tag(2, WireType.Bit64).double(Number.NaN)),
    /google.protobuf.Value of NaN/,
  ],
  [
    "an embedded message that reaches beyond its own end",
    "all.Book",
    (w) => w.tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(0x0a, 5, 0x61)),
    /length beyond the end/,
  ],
  [
    "a packed list that ends inside a value",
    "all.Book",
    (w) => w.tag(4, WireType.LengthDelimited).bytes(Uint8Array.of(0x80)),
    /truncated varint/,
  ],
];

for (const [reason, type, write, expected] of unprintable) {
  test(`INTERNAL: ${reason}`, () => {
    assert.throws(
      () => encode(type, write),
      (error) => {
        assert.ok(error instanceof RpcError);
        assert.equal(error.code, Code.INTERNAL);
        assert.match(error.message, expected);
        return true;
      },
    );
  });
}

test("messages nest a hundred deep, not deeper", () => {
  const nested =
    (depth: number): Write =>
    (w) => {
      if (depth > 1) message(w, 2, nested(depth - 1));
    };
  assert.ok(encode("all.Tree", nested(100)));
  assert.throws(() => encode("all.Tree", nested(101)), { code: Code.INTERNAL });
});

test("strings are escaped as JSON.stringify does it", () => {
  const all = Array.from({ length: 0x180 }, (_, i) => String.fromCharCode(i)).join("");
  for (const value of [all, `${all}\u2028\u2029😀`, '"'.repeat(1000), "\u0000".repeat(1000), "plain"]) {
    assert.equal(
      encode("all.Book", (w) => text(w, 1, value)),
      JSON.stringify({ title: value }),
    );
  }
});

test("a float is printed with the digits that tell it apart, minus zero with its sign", () => {
  const printed = (value: number): string =>
    encode("all.Optionals", (w) => w.tag(2, WireType.Bit32).float(value));
  assert.equal(printed(0.1), '{"floatValue":0.1}');
  assert.equal(printed(16777217.5), '{"floatValue":16777218}');
  assert.equal(printed(1.4e-45), '{"floatValue":1e-45}');
  assert.equal(printed(3.4028234663852886e38), '{"floatValue":3.4028234663852886e+38}');
  assert.equal(printed(-0), '{"floatValue":-0}');
  assert.equal(printed(Number.NaN), '{"floatValue":"NaN"}');
  assert.equal(printed(Number.NEGATIVE_INFINITY), '{"floatValue":"-Infinity"}');
});

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
const withNulls: readonly (readonly [reason: string, type: string, write: Write, expected: string])[] = [
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

test("the bytes are the text in UTF-8", () => {
  const codec = testCodec().message(messageDesc("all.Book"));
  const bytes = codec.encodeJsonBytes(binary((w) => text(w, 1, "é")));
  codec.encodeJsonBytes(binary((w) => text(w, 1, "other")));
  assert.equal(Buffer.from(bytes).toString(), '{"title":"é"}');
});

test("an error leaves nothing behind", () => {
  const codec = testCodec().message(messageDesc("all.Tree"));
  assert.throws(() =>
    codec.encodeJson(
      binary((w) => message(text(w, 1, "é"), 2, (t) => t.tag(1, WireType.LengthDelimited).uint32(5))),
    ),
  );
  assert.equal(codec.encodeJson(new Uint8Array(0)), "{}");
});
