// Which messages have a JSON form of their own, and the decoders of the small ones: wrappers, Timestamp, Duration,
// FieldMask. Source: ProtoJSON, the rows of google.protobuf types.
import type { DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { WireType } from "../wire/protobuf-writer.ts";
import type { MessageDecoder } from "./decode-message.ts";
import { readText, scalarDecoder } from "./decode-scalar.ts";
import { type DecodeState, readsNull, WRITTEN } from "./decode-state.ts";
import { parseDuration } from "./duration.ts";
import { parseFieldMask } from "./field-mask.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";
import { parseTimestamp } from "./timestamp.ts";

const timestampText = 'a timestamp such as "2024-12-31T23:59:59Z"';
const durationText = 'a duration such as "1.5s"';
const fieldMaskText = 'a field mask such as "name,author.birthYear"';

/** A decoder of a message whose JSON is no object with its fields. */
export function customDecoder(read: (state: DecodeState) => void): MessageDecoder {
  return {
    read(state) {
      state.enter();
      state.scanner.peek();
      read(state);
      state.leave();
    },
    // Never called: such a message stands under "value" in an Any, not with members of its own.
    readMembers: (state) => {
      throw state.scanner.refuse(state.scanner.pos, "unexpected members");
    },
  };
}

/** The decoder of a wrapper, Timestamp, Duration or FieldMask; undefined for any other message. */
export function compileSmallWktDecoder(desc: DescMessage): MessageDecoder | undefined {
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return customDecoder((state) => {
        const start = state.scanner.pos;
        readText(state, timestampText);
        const value = parseTimestamp(state.scanner.textString());
        if (value === undefined) throw state.scanner.fail(start, timestampText);
        writeSecondsAndNanos(state, value.seconds, value.nanos);
      });
    case "google.protobuf.Duration":
      return customDecoder((state) => {
        const start = state.scanner.pos;
        readText(state, durationText);
        const value = parseDuration(state.scanner.textString());
        if (value === undefined) throw state.scanner.fail(start, durationText);
        writeSecondsAndNanos(state, value.seconds, value.nanos);
      });
    case "google.protobuf.FieldMask":
      return customDecoder((state) => {
        const start = state.scanner.pos;
        readText(state, fieldMaskText);
        const paths = parseFieldMask(state.scanner.textString());
        if (paths === undefined) throw state.scanner.fail(start, fieldMaskText);
        for (const path of paths) {
          state.writer.tag(1, WireType.LENGTH);
          state.writer.string(path);
        }
      });
    default:
      return isWrapperDesc(desc) ? compileWrapperDecoder(desc) : undefined;
  }
}

function compileWrapperDecoder(desc: DescMessage): MessageDecoder | undefined {
  const type = desc.fields[0]?.scalar;
  if (type === undefined) return undefined;
  const value = scalarDecoder(type);
  const wireType = wireTypeOf(type);
  return customDecoder((state) => {
    if (readsNull(state)) return;
    const start = state.writer.pos;
    state.writer.tag(1, wireType);
    if (value(state) !== WRITTEN) state.writer.pos = start;
  });
}

/** The fields of Timestamp and Duration: int64 seconds = 1, int32 nanos = 2. */
function writeSecondsAndNanos(state: DecodeState, seconds: number, nanos: number): void {
  const writer = state.writer;
  if (seconds !== 0) {
    writer.tag(1, WireType.VARINT);
    const hi = Math.floor(seconds / 0x100000000);
    writer.varint64(seconds - hi * 0x100000000, hi);
  }
  if (nanos !== 0) {
    writer.tag(2, WireType.VARINT);
    writer.int32(nanos);
  }
}
