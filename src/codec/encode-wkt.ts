// Encoders of the small messages that have a JSON form of their own: wrappers, Timestamp, Duration, FieldMask.
// Source: ProtoJSON, the rows of google.protobuf types. A value out of the range of its text is an error, not a guess.
import type { DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { WireType } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import { formatDuration } from "./duration.ts";
import type { MessageEncoder } from "./encode-context.ts";
import { scalarEncoder } from "./encode-scalar.ts";
import type { EncodeState } from "./encode-state.ts";
import { formatFieldMask } from "./field-mask.ts";
import { scalarDefaultJson } from "./json-default.ts";
import { wireTypeOf } from "./scalar-wire-type.ts";
import { formatTimestamp } from "./timestamp.ts";

/** An encoder of a message whose JSON is no object with its fields. */
export function customEncoder(encode: (state: EncodeState) => void): MessageEncoder {
  return {
    encode(state) {
      state.enter();
      encode(state);
      state.leave();
    },
    // Never called: such a message stands under "value" in an Any, not with members of its own.
    encodeMembers: (state) => {
      throw state.unprintable("a message without members");
    },
  };
}

/** The encoder of a wrapper, Timestamp, Duration or FieldMask; undefined for any other message. */
export function compileSmallWktEncoder(desc: DescMessage, options: JsonOptions): MessageEncoder | undefined {
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return customEncoder((state) => {
        const { seconds, nanos } = readSecondsAndNanos(state);
        const text = formatTimestamp(seconds, nanos);
        if (text === undefined) throw state.unprintable(`timestamp out of range (${seconds} s, ${nanos} ns)`);
        state.writer.quoted(text);
      });
    case "google.protobuf.Duration":
      return customEncoder((state) => {
        const { seconds, nanos } = readSecondsAndNanos(state);
        const text = formatDuration(seconds, nanos);
        if (text === undefined) throw state.unprintable(`duration out of range (${seconds} s, ${nanos} ns)`);
        state.writer.quoted(text);
      });
    case "google.protobuf.FieldMask":
      return customEncoder((state) => {
        const text = formatFieldMask(readPaths(state));
        if (text === undefined) throw state.unprintable("a path of a field mask has no lowerCamelCase form");
        state.writer.quoted(text);
      });
    default:
      return isWrapperDesc(desc) ? compileWrapperEncoder(desc, options) : undefined;
  }
}

function compileWrapperEncoder(desc: DescMessage, options: JsonOptions): MessageEncoder | undefined {
  const type = desc.fields[0]?.scalar;
  if (type === undefined) return undefined;
  const value = scalarEncoder(type, options);
  const valueTag = (1 << 3) | wireTypeOf(type);
  const unset = scalarDefaultJson(type, options);
  return customEncoder((state) => {
    const reader = state.reader;
    let pos = -1;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === valueTag) pos = reader.pos;
      reader.skip(tag);
    }
    if (pos < 0) {
      state.writer.ascii(unset);
      return;
    }
    reader.pos = pos;
    value(state);
    reader.pos = reader.end;
  });
}

/** The fields of Timestamp and Duration; the last of each counts. Seconds beyond 2^53 are out of range anyway. */
function readSecondsAndNanos(state: EncodeState): { seconds: number; nanos: number } {
  const reader = state.reader;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | WireType.VARINT)) {
      reader.varint64();
      seconds = reader.hi * 0x100000000 + (reader.lo >>> 0);
    } else if (tag === ((2 << 3) | WireType.VARINT)) nanos = reader.int32();
    else reader.skip(tag);
  }
  return { seconds, nanos };
}

function readPaths(state: EncodeState): string[] {
  const reader = state.reader;
  const paths: string[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | WireType.LENGTH)) paths.push(reader.string());
    else reader.skip(tag);
  }
  return paths;
}
