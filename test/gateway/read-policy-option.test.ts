// Policy options as bytes that no .proto of ours could have written: newer ones, broken ones, hostile ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { policyOptionNumbers } from "../../src/gateway/read-policy-option.ts";
import { changeFile } from "../schema/schema-inputs.ts";
import { notesFiles, type Resolved, resolve } from "./policy-fixture.ts";

const files = notesFiles("rpc Get(Note) returns (Note);");

/** The method `Get` with such bytes as its option. */
function withOption(...options: readonly Uint8Array[]): Resolved {
  const writer = new BinaryWriter();
  for (const bytes of options) writer.tag(policyOptionNumbers.rpc, WireType.LengthDelimited).bytes(bytes);
  return resolve(
    files.map((file) =>
      file.name !== "notes.proto"
        ? file
        : changeFile(file, (proto) => {
            const [method] = proto.service[0]?.method ?? [];
            if (method !== undefined) method.options = fromBinary(MethodOptionsSchema, writer.finish());
          }),
    ),
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
      for (const text of withOption(...options).told) {
        assert.ok(text.length < 700, text);
        assert.doesNotMatch(text, /\p{Cc}/u);
      }
    }),
  );
});
