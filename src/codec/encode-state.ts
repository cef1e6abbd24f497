// What all encoders of one codec share while they turn binary into JSON text. Encoding is synchronous, so one state
// serves all calls.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { depthLimit } from "./decode-state.ts";
import { JsonWriter } from "./json-writer.ts";
import { SeenBits } from "./seen-bits.ts";

/** What an encoder of one value did. */
export const PRINTED = 0;
/** It printed the value that a field with implicit presence leaves out. */
export const PRINTED_DEFAULT = 1;
/** It printed nothing: a number that a closed enum does not know, which counts as an unknown field. */
export const UNKNOWN_VALUE = 2;

/** Reads one value at the reader's position and prints it. Returns one of the three above. */
export type EncodeValue = (state: EncodeState) => number;

/**
 * Thrown when a message is not as serializers write it: a singular field twice, a repeated one in pieces, two members of
 * a oneof. The message is then encoded once more in careful mode, which puts records in order first.
 */
export const notInOrder = Symbol("records are not in order");

/**
 * What may be held at once of messages that were put in order, as much as may be printed: each level of a message that is
 * out of order on every level needs a copy of its own.
 */
const maxOrderedBytes = 1 << 28;

const none = new Uint8Array(0);

export class EncodeState {
  readonly reader = new ProtobufReader(none);
  readonly writer = new JsonWriter();
  readonly seen = new SeenBits();
  depth = 0;
  /** Whether every message is put in order before it is encoded. */
  careful = false;
  #orderedBytes = 0;

  open(message: Uint8Array, careful: boolean): void {
    this.reader.bytes = message;
    this.reader.pos = 0;
    this.reader.end = message.length;
    this.depth = 0;
    this.#orderedBytes = 0;
    this.careful = careful;
    // JSON is about twice as long as binary where there are many small fields, and hardly longer where fields are large.
    this.writer.reset(message.length + (message.length >> 1));
    this.seen.reset();
  }

  /** Lets go of the message and of large buffers. */
  close(): void {
    this.open(none, false);
  }

  /** One message deeper. */
  enter(): void {
    if (++this.depth > depthLimit) throw this.unprintable(`messages nested deeper than ${depthLimit}`);
  }

  leave(): void {
    this.depth--;
  }

  /** Runs `encode` on the bytes up to `end` only, and moves there. */
  within(end: number, encode: (state: EncodeState) => void): void {
    const reader = this.reader;
    const outer = reader.end;
    reader.end = end;
    encode(this);
    reader.pos = end;
    reader.end = outer;
  }

  /**
   * Runs `encode` on other bytes, then goes on where the reader is.
   * @throws RpcError RESOURCE_EXHAUSTED when too much is held in this way
   */
  on(bytes: Uint8Array, encode: (state: EncodeState) => void): void {
    const reader = this.reader;
    this.#orderedBytes += bytes.length;
    if (this.#orderedBytes > maxOrderedBytes) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, "message takes too much memory to be put in order");
    }
    const { bytes: outerBytes, pos, end } = reader;
    reader.bytes = bytes;
    reader.pos = 0;
    reader.end = bytes.length;
    encode(this);
    this.#orderedBytes -= bytes.length;
    reader.bytes = outerBytes;
    reader.pos = pos;
    reader.end = end;
  }

  /** The error for a value that has no JSON form, to be thrown. */
  unprintable(reason: string): RpcError {
    return new RpcError(Code.INTERNAL, `message cannot be printed as JSON: ${reason}`);
  }
}
