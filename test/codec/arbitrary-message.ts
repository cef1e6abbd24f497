// Arbitrary messages of any type of the test schema, as protobuf-es builds them. Only values that have a JSON form:
// timestamps in range, field masks that survive, a kind in every Value.
import {
  create,
  createRegistry,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect, type ScalarValue } from "@bufbuild/protobuf/reflect";
import { anyPack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { messageDesc, registry } from "./schema.ts";

export const anyRegistry = createRegistry(registry);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 2 ** 31 - 1, -(2 ** 31)));
const uint32 = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1));
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom('"', "\\", "\u0000\u001f\u007f\u2028", "a".repeat(200), "😀", "é".repeat(70), "__proto__"),
);

function scalar(type: ScalarType): fc.Arbitrary<ScalarValue> {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.oneof(
        int64,
        fc.constantFrom(0n, -1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
      );
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.oneof(uint64, fc.constantFrom(0n, 10n ** 9n, 10n ** 18n, 2n ** 32n, 2n ** 64n - 1n));
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return int32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 70 });
  }
}

/**
 * Keys without a backslash, because of JSON.parse, which the oracle needs: the V8 of Node 26 gives the key `\` for
 * `{"中":0,"\"":1}` where it has parsed `{"中":0,"\\":1}` before. encode-json.test.ts has such keys in a table.
 */
function mapKey(type: ScalarType): fc.Arbitrary<ScalarValue> {
  return scalar(type).filter((key) => typeof key !== "string" || !key.includes("\\"));
}

function enumNumber(field: DescField): fc.Arbitrary<number> {
  const numbers = field.enum?.values.map((value) => value.number) ?? [0];
  const known = fc.constantFrom(...numbers);
  // NullValue has one JSON form only.
  if (field.enum?.typeName === "google.protobuf.NullValue") return fc.constant(0);
  return field.enum?.open ? fc.oneof(known, int32) : known;
}

function wellKnown(desc: DescMessage, depth: number): fc.Arbitrary<object> | undefined {
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return fc.record({
        seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }),
        nanos: fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 1_000_000, 500_000, 1)),
      });
    case "google.protobuf.Duration":
      return fc
        .record({
          seconds: fc.oneof(fc.bigInt({ min: 0n, max: 315_576_000_000n }), fc.constant(0n)),
          nanos: fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constant(0)),
          negative: fc.boolean(),
        })
        .map(({ seconds, nanos, negative }) =>
          negative ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos },
        );
    case "google.protobuf.FieldMask":
      return fc.record({
        paths: fc.array(fc.stringMatching(/^[a-z]{1,5}(_[a-z][a-z0-9]{0,3}){0,2}(\.[a-z]{1,3}){0,2}$/), {
          maxLength: 4,
        }),
      });
    case "google.protobuf.Any":
      return fc
        .constantFrom(
          "all.Author",
          "all.Known",
          "google.protobuf.Duration",
          "google.protobuf.Any",
          "old.Part",
        )
        .map((name) => registry.getMessage(name) ?? messageDesc("all.Author"))
        .chain((inner) => arbitraryMessage(inner, depth + 1).map((message) => anyPack(inner, message)));
    default:
      return undefined;
  }
}

/** Messages of a type; deeper than two levels they are small. */
export function arbitraryMessage(desc: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const special = wellKnown(desc, depth);
  if (special !== undefined) return special.map((init) => create(desc, init as never));
  const fields = fc.subarray(
    desc.fields,
    depth === 0 ? {} : { maxLength: Math.min(desc.fields.length, Math.max(0, 3 - depth)) },
  );
  const required = desc.fields.filter((field) => field.presence === 3);
  const chosen = desc.typeName === "google.protobuf.Value" ? valueKind(desc, depth) : fields;
  return chosen.chain((subset) => {
    const all = [...new Set([...required, ...subset])];
    return fc.tuple(...all.map((field) => fieldValue(field, depth))).map((values) => {
      const message = reflect(desc, create(desc));
      for (const [i, field] of all.entries()) setField(message, field, values[i]);
      return message.message as Message;
    });
  });
}

function valueKind(desc: DescMessage, depth: number): fc.Arbitrary<DescField[]> {
  const leaves = desc.fields.filter((field) => field.fieldKind !== "message");
  return fc.constantFrom(...(depth > 2 ? leaves : desc.fields)).map((field) => [field]);
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const inValue = field.parent.typeName === "google.protobuf.Value";
  switch (field.fieldKind) {
    case "scalar":
      return inValue && field.scalar === ScalarType.DOUBLE
        ? fc.double({ noNaN: true, noDefaultInfinity: true })
        : scalar(field.scalar);
    case "enum":
      return enumNumber(field);
    case "message":
      return arbitraryMessage(field.message, depth + 1);
    case "list":
      return fc.array(element(field, depth), { maxLength: 4 });
    case "map":
      return fc.array(fc.tuple(mapKey(field.mapKey), element(field, depth)), { maxLength: 4 });
  }
}

function element(field: DescField & { fieldKind: "list" | "map" }, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return arbitraryMessage(field.message, depth + 1);
  return field.enum !== undefined ? enumNumber(field) : scalar(field.scalar);
}

function setField(message: ReflectMessage, field: DescField, value: unknown): void {
  const wrap = (item: unknown): never =>
    (field.message === undefined ? item : reflect(field.message, item as Message)) as never;
  if (field.fieldKind === "list") {
    for (const item of value as unknown[]) message.get(field).add(wrap(item));
  } else if (field.fieldKind === "map") {
    for (const [key, item] of value as [never, unknown][]) message.get(field).set(key, wrap(item));
  } else message.set(field, wrap(value));
}
