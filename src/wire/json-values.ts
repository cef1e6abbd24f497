// Cuts a body into the JSON values of a stream while it arrives: an array's elements, or values one after the other
// (NDJSON, concatenated JSON). Finds where values end and nothing more: each is checked by whoever decodes it.
// Source: RFC 8259; RFC 7464's reasons for tolerating white space only between values.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { PieceList } from "./piece-list.ts";

export interface JsonValuesOptions {
  /** `array`: a body that begins with `[` is a list of messages. `lines`: every value is a message, arrays too. */
  readonly layout: "array" | "lines";
  /** Largest single value, in bytes; exactly that size passes. */
  readonly maxValueBytes: number;
}

/** Where in the text the splitter stands. */
const phases = { start: 0, betweenValues: 1, inNested: 2, inString: 3, inScalar: 4, done: 5 } as const;
type Phase = (typeof phases)[keyof typeof phases];

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Yields each value's bytes, without the white space around it. Holds one value at most.
 * @throws RpcError INVALID_ARGUMENT with the message's number and the byte position where the layout is broken,
 *   RESOURCE_EXHAUSTED when a value is larger than the limit; whatever the body throws
 */
export async function* splitJsonValues(
  body: AsyncIterable<Uint8Array>,
  options: JsonValuesOptions,
): AsyncIterable<Uint8Array> {
  const splitter = new Splitter(options);
  for await (const piece of body) yield* splitter.push(piece);
  yield* splitter.end();
}

/** The same of a body that is there as a whole. */
export function* splitWholeJson(body: Uint8Array, options: JsonValuesOptions): Iterable<Uint8Array> {
  const splitter = new Splitter(options);
  yield* splitter.push(body);
  yield* splitter.end();
}

class Splitter {
  readonly #options: JsonValuesOptions;
  #phase: Phase = phases.start;
  #depth = 0;
  #escaped = false;
  #inArray = false;
  /** In an array: whether a comma is due before the next value. */
  #commaDue = false;
  /** In an array: whether a comma has been read that promises a value. */
  #valueDue = false;
  #count = 0;
  /** Bytes of the body before the current piece. */
  #offset = 0;
  /** Beginning of the current value, from earlier pieces. */
  readonly #held = new PieceList();

  constructor(options: JsonValuesOptions) {
    this.#options = options;
  }

  *push(piece: Uint8Array): Iterable<Uint8Array> {
    let start = this.#isInValue() ? 0 : -1;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i] as number;
      if (this.#phase === phases.inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) {
          if (this.#depth > 0) this.#phase = phases.inNested;
          else {
            yield this.#take(piece, start, i + 1);
            start = -1;
          }
        }
        continue;
      }
      if (this.#phase === phases.inNested) {
        if (byte === quote) this.#phase = phases.inString;
        else if (byte === openBrace || byte === openBracket) this.#depth++;
        else if (byte === closeBrace || byte === closeBracket) {
          this.#depth--;
          if (this.#depth === 0) {
            yield this.#take(piece, start, i + 1);
            start = -1;
          }
        }
        continue;
      }
      if (this.#phase === phases.inScalar) {
        if (!isDelimiter(byte)) continue;
        yield this.#take(piece, start, i);
        start = -1;
      }
      // Between values: the byte is white space, punctuation of the array, or begins a value.
      if (isSpace(byte)) continue;
      if (this.#begins(byte, this.#offset + i)) start = i;
    }
    if (start !== -1) this.#hold(piece.subarray(start));
    this.#offset += piece.length;
  }

  *end(): Iterable<Uint8Array> {
    if (this.#phase === phases.inScalar && !this.#inArray) {
      yield this.#take(new Uint8Array(0), 0, 0);
      return;
    }
    if (this.#isInValue()) throw this.#broken(this.#offset, "the body ends inside it");
    if (this.#inArray) throw this.#broken(this.#offset, "the body ends before the array does, expected ]");
  }

  /** Looks at a byte between values; true when a value begins with it. */
  #begins(byte: number, at: number): boolean {
    if (this.#phase === phases.done) throw this.#broken(at, "there is something after the array");
    if (this.#phase === phases.start && byte === openBracket && this.#options.layout === "array") {
      this.#inArray = true;
      this.#phase = phases.betweenValues;
      return false;
    }
    if (this.#inArray) {
      if (byte === closeBracket && !this.#valueDue) {
        this.#inArray = false;
        this.#phase = phases.done;
        return false;
      }
      if (byte === comma && this.#commaDue) {
        this.#commaDue = false;
        this.#valueDue = true;
        return false;
      }
      if (this.#commaDue) throw this.#broken(at, "expected , or ]");
    }
    if (byte === comma || byte === closeBracket || byte === closeBrace) {
      throw this.#broken(at, `expected a JSON value, got ${String.fromCharCode(byte)}`);
    }
    this.#valueDue = false;
    if (byte === quote) this.#phase = phases.inString;
    else if (byte === openBrace || byte === openBracket) {
      this.#phase = phases.inNested;
      this.#depth = 1;
    } else this.#phase = phases.inScalar;
    return true;
  }

  #isInValue(): boolean {
    return (
      this.#phase === phases.inNested || this.#phase === phases.inString || this.#phase === phases.inScalar
    );
  }

  /** Ends the current value: what is held and `piece` from `start` to `end`. */
  #take(piece: Uint8Array, start: number, end: number): Uint8Array {
    this.#hold(piece.subarray(start, end));
    const value = this.#held.take();
    this.#count++;
    this.#phase = phases.betweenValues;
    this.#commaDue = this.#inArray;
    return value;
  }

  #hold(bytes: Uint8Array): void {
    const { maxValueBytes } = this.#options;
    if (this.#held.size + bytes.length > maxValueBytes) {
      const message = `message ${this.#count + 1} of the body is larger than the limit of ${maxValueBytes} bytes`;
      throw new RpcError(Code.RESOURCE_EXHAUSTED, message);
    }
    this.#held.push(bytes);
  }

  #broken(at: number, what: string): RpcError {
    return new RpcError(
      Code.INVALID_ARGUMENT,
      `message ${this.#count + 1} of the body: ${what} (byte ${at})`,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** What ends a number or a literal name. */
function isDelimiter(byte: number): boolean {
  return isSpace(byte) || byte === comma || byte === closeBracket || byte === closeBrace;
}
