// Policy options as bytes that no .proto of ours could have written: newer ones, broken ones, hostile ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { policyOptionNumbers } from "../../src/gateway/read-policy-option.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { changeFile } from "../schema/schema-inputs.ts";
import { notesFiles, type Resolved, resolve, resolveFlow } from "./policy-fixture.ts";

const files = notesFiles("rpc Get(Note) returns (Note);");

/** The method `Get` with such bytes as its option. */
function withOption(...options: readonly Uint8Array[]): Resolved {
  return resolve(withOptionFiles(...options));
}

function withOptionFiles(...options: readonly Uint8Array[]): SchemaFile[] {
  const writer = new BinaryWriter();
  for (const bytes of options) writer.tag(policyOptionNumbers.rpc, WireType.LengthDelimited).bytes(bytes);
  return files.map((file) =>
    file.name !== "notes.proto"
      ? file
      : changeFile(file, (proto) => {
          const [method] = proto.service[0]?.method ?? [];
          if (method !== undefined) method.options = fromBinary(MethodOptionsSchema, writer.finish());
        }),
  );
}

function restOf(fill: (writer: BinaryWriter) => void): Uint8Array {
  const rest = new BinaryWriter();
  fill(rest);
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(rest.finish()).finish();
}

const place = "option in notes.proto:21: t.Notes.Get: ";

test("an enum number that nobody knows is refused, the rest of the option counts", () => {
  for (const [number, name] of [
    [1, "unknown_fields"],
    [6, "update_mask"],
    [9, "stream_format"],
  ] as const) {
    const notes = withOption(
      restOf((rest) => {
        rest.tag(number, WireType.Varint).int32(77);
        rest.tag(7, WireType.Varint).int32(201);
      }),
    );
    assert.deepEqual(notes.told, [
      `${place}rest.${name}: 77 is no value of its enum that this version of protogate knows`,
    ]);
    assert.equal(notes.of("Get").successStatus, 201);
  }
});

test("fields of a newer options file are told, the rest of the option counts", () => {
  const notes = withOption(
    restOf((rest) => {
      rest.tag(99, WireType.Varint).int32(1);
      rest.tag(7, WireType.Varint).int32(201);
    }),
    new BinaryWriter().tag(98, WireType.Varint).int32(1).finish(),
  );
  assert.deepEqual(notes.told, [
    `${place}the option has a field 98, which this version of protogate does not know`,
    `${place}\`rest\` has a field 99, which this version of protogate does not know`,
  ]);
  assert.equal(notes.of("Get").successStatus, 201);
});

/** A message field of the option, and in it a number for a field. */
function flowOf(field: number, inner: number, value: number, more = new Uint8Array()): Uint8Array {
  const message = new BinaryWriter().tag(inner, WireType.Varint).int32(value).finish();
  return new BinaryWriter()
    .tag(field, WireType.LengthDelimited)
    .bytes(Buffer.concat([message, more]))
    .finish();
}

test("an enum number that nobody knows refuses the limit it stands in, not the others", () => {
  const ten = new BinaryWriter().tag(1, WireType.Varint).int32(10).finish();
  for (const [number, name] of [
    [5, "cost"],
    [6, "scope"],
    [7, "on_store_failure"],
    [9, "algorithm"],
  ] as const) {
    const notes = resolveFlow(withOptionFiles(flowOf(2, number, 77, ten), flowOf(2, 1, 5)));
    assert.deepEqual(notes.told, [
      `option in notes.proto:21: rate_limit 1 of t.Notes.Get is refused: ${name}: 77 is no value of its enum that this version of protogate knows`,
    ]);
    assert.deepEqual(
      notes.of("Get").rateLimits.map(({ requests }) => requests),
      [5],
    );
  }
});

test("a code that nobody knows refuses the retries", () => {
  const codes = new BinaryWriter().tag(5, WireType.Varint).int32(99).finish();
  const notes = resolveFlow(withOptionFiles(flowOf(8, 1, 3, codes)));
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: retry of t.Notes.Get is refused: codes: 99 is no code of gRPC",
  ]);
  assert.equal(notes.of("Get").retry, undefined);
});

test("fields of a newer options file are told wherever they stand", () => {
  const ten = new BinaryWriter().tag(1, WireType.Varint).int32(10).finish();
  const notes = resolveFlow(withOptionFiles(flowOf(2, 99, 1, ten), flowOf(10, 99, 1)));
  assert.deepEqual(notes.told, [
    `${place}\`rate_limit\` has a field 99, which this version of protogate does not know`,
    `${place}\`auth\` has a field 99, which this version of protogate does not know`,
  ]);
  assert.equal(notes.of("Get").rateLimits.length, 1);
  assert.deepEqual(notes.of("Get").auth, { kind: "required", scopes: [] });
});

test("an option that comes in two pieces is one", () => {
  const notes = withOption(
    restOf((rest) => rest.tag(7, WireType.Varint).int32(201)),
    restOf((rest) => rest.tag(8, WireType.LengthDelimited).string("name")),
  );
  assert.deepEqual(notes.told, []);
  assert.equal(notes.of("Get").successStatus, 201);
  assert.equal(notes.of("Get").location, "name");
});

test("an option that is no message is told and decides nothing", () => {
  const notes = withOption(Buffer.from([0x0a, 0x7f, 0x01]));
  assert.equal(notes.told.length, 1);
  assert.match(notes.told[0] ?? "", /^option in notes\.proto:21: t\.Notes\.Get: the option cannot be read: /);
  assert.equal(notes.said("Get", "successStatus"), "200 by profile standard");
});

test("no bytes make reading throw, and what is told of them is short and printable", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), (options) => {
      const files = withOptionFiles(...options);
      for (const text of [...resolve(files).told, ...resolveFlow(files).told]) {
        assert.ok(text.length < 700, text);
        assert.doesNotMatch(text, /\p{Cc}/u);
      }
    }),
  );
});
