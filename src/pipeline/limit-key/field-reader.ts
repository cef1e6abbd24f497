// Reads one scalar field out of a protobuf message and steps over everything else, so that a limit can count by a field
// without decoding the message. Reads what a backend would read: the last value wins, messages of one field merge, and a
// member of a oneof takes back the others; else a second value that nobody reads would buy a count of its own.
// Source: https://protobuf.dev/programming-guides/encoding/ ("Last One Wins", "Oneofs")
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { ProtobufReader } from "../../wire/protobuf-reader.ts";
import { WireType } from "../../wire/protobuf-writer.ts";

/** A field on the way, by what stands on the wire. */
export interface FieldStep {
  readonly number: number;
  /** Of the other members of its oneof, field number times eight plus wire type; none by default. */
  readonly rivalTags?: readonly number[];
}

export interface FieldPlace {
  /** Singular message fields from the outside in; at most 32. `group` is proto2's encoding, or editions' DELIMITED. */
  readonly ancestors: readonly (FieldStep & { readonly encoding: "length" | "group" })[];
  /** A singular scalar. */
  readonly leaf: FieldStep & { readonly type: FieldScalar };
}

export type FieldScalar = keyof typeof scalars;

/**
 * The field's value as text: numbers in decimal, `true`, strings and bytes with one character per byte. A field that is
 * not there reads as its type's zero value, from which proto3 cannot tell it. Undefined where the bytes are no message.
 */
export type FieldReader = (message: Uint8Array) => string | undefined;

const noBytes = new Uint8Array();

/** @param place as the descriptor has it; the caller has checked that the field is a singular scalar */
export function compileFieldReader(place: FieldPlace): FieldReader {
  const { wireType, zero, read } = scalars[place.leaf.type];
  const steps: Step[] = place.ancestors.map(({ encoding, ...step }) =>
    compileStep(step, encoding === "group" ? WireType.GROUP_START : WireType.LENGTH),
  );
  const last = steps.push(compileStep(place.leaf, wireType)) - 1;
  // One for all calls: reading does not wait for anything.
  const reader = new ProtobufReader(noBytes, Code.INVALID_ARGUMENT);
  let value = zero;

  const scan = (depth: number): void => {
    const { tag: wanted, rivals } = steps[depth] as Step;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag !== wanted) {
        if (rivals.includes(tag)) value = zero;
        reader.skip(tag);
      } else if (depth === last) value = read(reader);
      else scanInside(tag, depth + 1);
    }
  };
  const scanInside = (tag: number, depth: number): void => {
    const { pos: start, end: outerEnd } = reader;
    const isGroup = (tag & 7) === WireType.GROUP_START;
    const contentEnd = isGroup ? reader.groupEnd(tag) : reader.lengthEnd();
    const after = isGroup ? reader.pos : contentEnd;
    if (isGroup) reader.pos = start;
    reader.end = contentEnd;
    scan(depth);
    reader.pos = after;
    reader.end = outerEnd;
  };

  return (message) => {
    value = zero;
    reader.bytes = message;
    reader.pos = 0;
    reader.end = message.length;
    try {
      scan(0);
      return value;
    } catch (error) {
      if (error instanceof RpcError) return undefined;
      throw error;
    } finally {
      // The reader outlives the call, and the message should not.
      reader.bytes = noBytes;
    }
  };
}

interface Step {
  readonly tag: number;
  readonly rivals: readonly number[];
}

function compileStep({ number, rivalTags = [] }: FieldStep, wireType: number): Step {
  return { tag: number * 8 + wireType, rivals: rivalTags };
}

type Read = (reader: ProtobufReader) => string;

const latin1Slice: (this: Uint8Array, start: number, end: number) => string = Buffer.prototype.latin1Slice;

const bytesText: Read = (reader) => {
  const end = reader.lengthEnd();
  const text = latin1Slice.call(reader.bytes, reader.pos, end);
  reader.pos = end;
  return text;
};
const int32: Read = (reader) => String(reader.int32());
const sfixed32: Read = (reader) => String(reader.fixed32());
const int64: Read = (reader) => {
  reader.varint64();
  return String(reader.toInt64());
};

const { VARINT, FIXED32, FIXED64, LENGTH } = WireType;
const number = (wireType: number, read: Read) => ({ wireType, zero: "0", read });

/** By their names in a .proto, and `enum`. */
const scalars = {
  string: { wireType: LENGTH, zero: "", read: bytesText },
  bytes: { wireType: LENGTH, zero: "", read: bytesText },
  bool: { wireType: VARINT, zero: "false", read: ((reader) => String(reader.bool())) as Read },
  enum: number(VARINT, int32),
  int32: number(VARINT, int32),
  uint32: number(VARINT, (reader) => String(reader.uint32())),
  sint32: number(VARINT, (reader) => String(reader.sint32())),
  fixed32: number(FIXED32, (reader) => String(reader.fixed32() >>> 0)),
  sfixed32: number(FIXED32, sfixed32),
  int64: number(VARINT, int64),
  uint64: number(VARINT, (reader) => {
    reader.varint64();
    return String(reader.toUint64());
  }),
  sint64: number(VARINT, (reader) => {
    reader.sint64();
    return String(reader.toInt64());
  }),
  fixed64: number(FIXED64, (reader) => {
    reader.fixed64();
    return String(reader.toUint64());
  }),
  sfixed64: number(FIXED64, (reader) => {
    reader.fixed64();
    return String(reader.toInt64());
  }),
  float: number(FIXED32, (reader) => String(reader.float())),
  double: number(FIXED64, (reader) => String(reader.double())),
};
