// Decoders of JSON objects into messages. Keys are matched by bytes, first against the field that would come next.
// Source: ProtoJSON, "message". Both names of a field are read; a key that occurs twice: the last one wins, and as a
// replacement, although concatenated binary would merge.
import type { DescExtension, DescField, DescMessage } from "@bufbuild/protobuf";
import type { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { JsonOptions } from "./codec.ts";
import type { DecodeState } from "./decode-state.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { JsonScanner } from "./json-scanner.ts";
import { NameTable, startsWith } from "./name-table.ts";
import { exclusiveBits, type WordBits } from "./seen-bits.ts";

/** Reads JSON of one message type. */
export interface MessageDecoder {
  /** Reads one JSON value that starts at the current byte and writes the message, without tag and length. */
  read(state: DecodeState): void;
  /** Reads members up to and including the closing brace, being inside the object; `@type` is skipped on demand. */
  readMembers(state: DecodeState, skipType: boolean): void;
}

/** A field of a message, compiled. */
export interface FieldDecoder {
  readonly desc: DescField | DescExtension;
  readonly number: number;
  /** Whether JSON null is a value of the field rather than its absence. */
  readonly acceptsNull: boolean;
  /** Reads one JSON value that starts at the current byte and writes tag and value. */
  read(state: DecodeState): void;
}

/** A field in the table of its message. */
interface Member {
  readonly field: FieldDecoder;
  /** `"title"`, quotes included. */
  readonly quotedName: Uint8Array;
  /** Its bit among those of the message's fields that were seen. */
  readonly word: number;
  readonly bit: number;
  /** The bits of the members of its oneof; none where it is in no oneof. */
  readonly exclusive: readonly WordBits[];
  /** The member that would come next. */
  readonly next: number;
}

const textEncoder = new TextEncoder();

/** Compiles the decoder of a message that is an ordinary JSON object. */
export function compileMessageDecoder(
  desc: DescMessage,
  fields: readonly FieldDecoder[],
  options: JsonOptions,
): MessageDecoder {
  const exclusive = exclusiveBits(fields.map(({ desc: field }) => field.oneof));
  const members = fields.map(
    (field, index): Member => ({
      field,
      quotedName: textEncoder.encode(JSON.stringify(keyOf(field.desc))),
      word: index >> 5,
      bit: 1 << (index & 31),
      exclusive: field.desc.oneof === undefined ? [] : (exclusive[index] ?? []),
      next: index + 1,
    }),
  );
  const table = new NameTable(memberNames(members));
  const words = Math.ceil(members.length / 32);
  const typeName = desc.typeName;
  const ignoreUnknown = options.unknownFields === "ignore";

  function unknownField(scanner: JsonScanner, keyStart: number): RpcError {
    const names = members.map(({ field }) => keyOf(field.desc));
    return scanner.refuse(
      keyStart,
      `${typeName} has no such field${didYouMean(scanner.textString(), names)}`,
    );
  }

  function readMembers(state: DecodeState, skipType: boolean): void {
    const { scanner, writer, seen } = state;
    const bytes = scanner.bytes;
    const base = seen.open(words);
    const start = writer.pos;
    let replaced: Map<number, number> | undefined;
    let next = 0;
    do {
      if (scanner.peek() !== 0x22) throw scanner.fail(scanner.pos, "a key in double quotes");
      const keyStart = scanner.pos;
      let member = members[next];
      if (member !== undefined && startsWith(bytes, keyStart, member.quotedName)) {
        scanner.pos = keyStart + member.quotedName.length;
      } else {
        scanner.string();
        member = table.get(scanner.text, scanner.textStart, scanner.textEnd);
      }
      if (member === undefined) {
        const skipped = ignoreUnknown || (skipType && scanner.textString() === "@type");
        if (!skipped) throw unknownField(scanner, keyStart);
        scanner.colon();
        scanner.skip();
        continue;
      }
      scanner.colon();
      next = member.next;
      const field = member.field;
      const at = base + member.word;
      const seenBefore = ((seen.words[at] as number) & member.bit) !== 0;
      if (seenBefore) {
        replaced ??= new Map();
        replaced.set(field.number, writer.pos);
      }
      if (scanner.peek() === 0x6e && !field.acceptsNull) {
        scanner.literal("null");
        // A member of a oneof that is null again makes room for another one.
        if (seenBefore) (seen.words[at] as number) ^= member.bit;
        continue;
      }
      if (!seenBefore) {
        if (isExcluded(seen.words, base, member)) {
          throw scanner.refuse(keyStart, `another field of oneof ${field.desc.oneof?.name} is set already`);
        }
        (seen.words[at] as number) |= member.bit;
      }
      field.read(state);
    } while (scanner.more(0x7d));
    seen.close(base);
    if (replaced !== undefined) dropReplaced(writer, start, replaced);
  }

  return {
    readMembers,
    read(state) {
      const scanner = state.scanner;
      if (scanner.peek() !== 0x7b) throw scanner.fail(scanner.pos, `an object of ${typeName}`);
      state.enter();
      scanner.pos++;
      if (scanner.enters(0x7d)) readMembers(state, false);
      state.leave();
    },
  };
}

/** The key of a field in JSON text; extensions stand in brackets by their full name. */
export function keyOf(desc: DescField | DescExtension): string {
  return desc.kind === "extension" ? `[${desc.typeName}]` : desc.jsonName;
}

/** Every name → its member; where the proto name of one is the JSON name of another, the JSON name wins. */
function memberNames(members: readonly Member[]): Map<string, Member> {
  const names = new Map<string, Member>();
  for (const member of members) names.set(keyOf(member.field.desc), member);
  for (const member of members) {
    const { desc } = member.field;
    if (desc.kind === "field" && !names.has(desc.name)) names.set(desc.name, member);
  }
  return names;
}

function isExcluded(seen: Int32Array, base: number, member: Member): boolean {
  const { exclusive } = member;
  for (let i = 0; i < exclusive.length; i++) {
    const { word, bits } = exclusive[i] as WordBits;
    if (((seen[base + word] as number) & bits) !== 0) return true;
  }
  return false;
}

/**
 * Removes from the message that was written from `start` on the fields that a later key replaced. `replaced` says for
 * a field number where its last value starts. One walk, however many keys were repeated.
 */
function dropReplaced(writer: ProtobufWriter, start: number, replaced: ReadonlyMap<number, number>): void {
  const bytes = writer.bytes;
  const reader = new ProtobufReader(bytes);
  reader.pos = start;
  reader.end = writer.pos;
  let kept = start;
  while (reader.pos < reader.end) {
    const recordStart = reader.pos;
    const tag = reader.tag();
    reader.skip(tag);
    const lastStart = replaced.get(tag >>> 3);
    if (lastStart !== undefined && recordStart < lastStart) continue;
    bytes.copyWithin(kept, recordStart, reader.pos);
    kept += reader.pos - recordStart;
  }
  writer.pos = kept;
}
