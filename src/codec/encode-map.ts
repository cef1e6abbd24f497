// Encoders of maps as JSON objects. Of entries with one key the last wins; keys are unique in what is printed.
// Source: https://protobuf.dev/programming-guides/encoding/#maps
import { ScalarType } from "@bufbuild/protobuf";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import { defaultJsonOptions, type JsonOptions } from "./codec.ts";
import { scalarEncoder } from "./encode-scalar.ts";
import { type EncodeState, type EncodeValue, notInOrder, UNKNOWN_VALUE } from "./encode-state.ts";
import { scalarDefaultJson } from "./json-default.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";

export interface MapType {
  readonly number: number;
  readonly keyType: ScalarType;
  readonly valueWireType: number;
  /** Prints a value; the reader stands after its tag. */
  readonly value: EncodeValue;
  /** Prints the value of an entry that has none. */
  readonly missingValue: (state: EncodeState) => void;
  /** Whether several values in one entry are merged: they are messages. */
  readonly merges: boolean;
  /** For values of a closed enum: the numbers it knows. An entry with another number is an unknown field. */
  readonly known?: ReadonlySet<number> | undefined;
}

/** Prints the object of the entries that follow each other from the reader's position, which is after the first's tag. */
export function compileMapEncoder(type: MapType, options: JsonOptions): (state: EncodeState) => void {
  const entryTag = ((type.number << 3) | WireType.LENGTH) >>> 0;
  const keyTag = (1 << 3) | wireTypeOf(type.keyType);
  const valueTag = (2 << 3) | type.valueWireType;
  const key = compileKeyEncoder(type.keyType, options);
  const missingKey =
    type.keyType === ScalarType.STRING
      ? ""
      : scalarDefaultJson(type.keyType, { ...options, int64Numbers: true });

  /** Prints key and value of the entry up to `end`; false where its value is one that counts as unknown. */
  function encodeEntry(state: EncodeState, end: number): boolean {
    const { reader, writer } = state;
    const outer = reader.end;
    const first = reader.pos;
    reader.end = end;
    let keyPos = -1;
    let valuePos = -1;
    let values = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === keyTag) keyPos = reader.pos;
      else if (tag === valueTag) {
        valuePos = reader.pos;
        values++;
      }
      reader.skip(tag);
    }
    const start = writer.pos;
    writer.byte(0x2c);
    if (keyPos < 0) writer.quoted(missingKey);
    else {
      reader.pos = keyPos;
      key(state);
    }
    writer.byte(0x3a);
    let outcome = 0;
    if (valuePos < 0) type.missingValue(state);
    else if (values > 1 && type.merges) {
      reader.pos = first;
      outcome = encodeMergedValue(state, end);
    } else {
      reader.pos = valuePos;
      outcome = type.value(state);
    }
    reader.pos = end;
    reader.end = outer;
    if (outcome !== UNKNOWN_VALUE) return true;
    writer.pos = start;
    return false;
  }

  /** Prints the value that all values of the entry give together. */
  function encodeMergedValue(state: EncodeState, end: number): number {
    const reader = state.reader;
    const merged = new ProtobufWriter();
    const mark = merged.begin();
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === valueTag) merged.raw(reader.lengthPrefixed());
      else reader.skip(tag);
    }
    merged.end(mark);
    let outcome = 0;
    state.on(merged.finish(), () => {
      outcome = type.value(state);
    });
    return outcome;
  }

  /** Moves past the tag of another entry, where one follows. */
  function nextEntry(state: EncodeState): boolean {
    const reader = state.reader;
    const before = reader.pos;
    if (before >= reader.end) return false;
    if (reader.tag() === entryTag) return true;
    reader.pos = before;
    return false;
  }

  /** The printed key of the entry up to `end`, without printing it; undefined where its value counts as unknown. */
  function keyText(state: EncodeState, end: number): string | undefined {
    const { reader, writer } = state;
    const [start, outer, printed] = [reader.pos, reader.end, writer.pos];
    reader.end = end;
    let keyPos = -1;
    let number: number | undefined;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === keyTag) keyPos = reader.pos;
      if (tag === valueTag && type.known !== undefined) number = reader.int32();
      else reader.skip(tag);
    }
    let text: string | undefined;
    if (number === undefined || type.known?.has(number) === true) {
      if (keyPos < 0) writer.quoted(missingKey);
      else {
        reader.pos = keyPos;
        key(state);
      }
      text = Buffer.prototype.latin1Slice.call(writer.bytes, printed, writer.pos);
    }
    writer.pos = printed;
    reader.pos = start;
    reader.end = outer;
    return text;
  }

  /** For each key where its last entry starts. Leaves the reader where it was. */
  function lastEntries(state: EncodeState): Set<number> {
    const reader = state.reader;
    const first = reader.pos;
    const last = new Map<string, number>();
    do {
      const end = reader.lengthEnd();
      const text = keyText(state, end);
      if (text !== undefined) last.set(text, reader.pos);
      reader.pos = end;
    } while (nextEntry(state));
    reader.pos = first;
    return new Set(last.values());
  }

  return (state) => {
    const { reader, writer } = state;
    const opening = writer.pos;
    const last = state.careful ? lastEntries(state) : undefined;
    const keys = new Set<string>();
    do {
      const end = reader.lengthEnd();
      if (last !== undefined && !last.has(reader.pos)) {
        reader.pos = end;
        continue;
      }
      const start = writer.pos;
      if (!encodeEntry(state, end) || last !== undefined) continue;
      const text = printedKey(writer.bytes, start + 1);
      if (keys.has(text)) throw notInOrder;
      keys.add(text);
    } while (nextEntry(state));
    writer.close(opening, 0x7b);
  };
}

/** The key in quotes that was printed at `start`, as a string to compare, escapes untouched. */
function printedKey(bytes: Uint8Array, start: number): string {
  let end = start + 1;
  while (bytes[end] !== 0x22) end += bytes[end] === 0x5c ? 2 : 1;
  return Buffer.prototype.latin1Slice.call(bytes, start, end);
}

function compileKeyEncoder(type: ScalarType, options: JsonOptions): EncodeValue {
  // 64-bit integers and strings bring their quotes.
  const value = scalarEncoder(type, { ...options, int64Numbers: false });
  if (type === ScalarType.STRING || scalarDefaultJson(type, defaultJsonOptions) === '"0"') return value;
  return (state) => {
    state.writer.byte(0x22);
    const outcome = value(state);
    state.writer.byte(0x22);
    return outcome;
  };
}
