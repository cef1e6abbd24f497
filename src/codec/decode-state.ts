// What all decoders of one codec share while they turn JSON text into binary: the scanner, the writer, the depth and
// which fields have been seen. Decoding is synchronous, so one state serves all calls.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";
import { JsonScanner } from "./json-scanner.ts";
import { SeenBits } from "./seen-bits.ts";

/** How deep messages (and values of google.protobuf.Value) may nest; what protobuf runtimes accept by default. */
export const depthLimit = 100;

/**
 * How often each byte of a text may be looked at ahead of time, on average; small texts may do as they like. Finding the
 * type of an Any takes a walk through it: without a limit a hundred Anys in one another cost a hundred walks.
 */
const lookAheadFactor = 16;
const lookAheadFree = 1 << 20;

/** What a decoder of one value did. */
export const WRITTEN = 0;
/** It wrote the value that a field with implicit presence leaves out. */
export const WRITTEN_DEFAULT = 1;
/** It wrote nothing: an enum name that nobody knows, under `unknownFields: "ignore"`. */
export const IGNORED = 2;

/** Reads one JSON value that starts at the current byte and writes it without a tag. Returns one of the three above. */
export type DecodeValue = (state: DecodeState) => number;

export class DecodeState {
  readonly scanner = new JsonScanner();
  readonly writer = new ProtobufWriter();
  depth = 0;
  readonly seen = new SeenBits();
  #lookAheadLeft = 0;

  /** @throws RpcError INVALID_ARGUMENT when the text is not UTF-8 */
  open(json: Uint8Array): void {
    this.depth = 0;
    this.seen.reset();
    this.#lookAheadLeft = Math.max(lookAheadFree, json.length * lookAheadFactor);
    // Binary is about half as long as JSON where there are many small fields.
    this.writer.reset(json.length >> 1);
    this.scanner.open(json);
    if (json.length === 0) throw new RpcError(Code.INVALID_ARGUMENT, "expected a JSON value, got nothing");
  }

  /** Checks that the text is over and takes the binary. */
  finish(): Uint8Array {
    const scanner = this.scanner;
    if (scanner.peek() !== -1) throw scanner.fail(scanner.pos, "end of input");
    return this.writer.finish();
  }

  /** Lets go of input and of large buffers. */
  close(): void {
    this.scanner.close();
    this.writer.reset();
  }

  /** One message deeper. */
  enter(): void {
    if (++this.depth > depthLimit) {
      throw this.scanner.refuse(this.scanner.pos, `nested deeper than ${depthLimit} messages`);
    }
  }

  leave(): void {
    this.depth--;
  }

  /** Counts bytes that were walked through and will be read again; `offset` is where. */
  lookedAhead(bytes: number, offset: number): void {
    this.#lookAheadLeft -= bytes;
    if (this.#lookAheadLeft < 0) {
      throw this.scanner.refuse(offset, "too much nested in google.protobuf.Any");
    }
  }
}

/** Moves past `null` where the current byte starts it. */
export function readsNull(state: DecodeState): boolean {
  const scanner = state.scanner;
  if (scanner.bytes[scanner.pos] !== 0x6e) return false;
  scanner.literal("null");
  return true;
}
