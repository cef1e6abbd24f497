// Writes compact JSON text as UTF-8 into one growing buffer. Strings are copied from protobuf's UTF-8 with escapes put
// in, so that text becomes a JavaScript string at most once, at the end.
// Source: RFC 8259. Numbers: print-number.ts.
import { isAscii, isUtf8 } from "node:buffer";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { copyBytes } from "../wire/protobuf-writer.ts";
import { base64EncodedLength, encodeBase64 } from "./base64.ts";

/** A buffer larger than this is not kept by `reset`: one large message should not hold memory for good. */
const keptBytes = 1 << 20;

/** 0: as it is; 1: `\u00XX`; otherwise the character after the backslash. Bytes above 0x7f are as they are. */
const escapeOf = new Uint8Array(256);
escapeOf.fill(1, 0, 0x20);
for (const [byte, char] of [
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
] as const) {
  escapeOf[byte] = char.charCodeAt(0);
}
/** Above this many bytes native code beats a loop. */
const shortText = 256;
const pieceBytes = 1 << 16;
const hexDigits = "0123456789abcdef";

/**
 * More JSON than this is refused. Printing can make much of little: a byte of a packed enum becomes a name, an empty message
 * under `emitDefaults` all its fields. A string of V8 holds twice as much.
 */
const defaultMaxBytes = 1 << 28;

export class JsonWriter {
  bytes = new Uint8Array(1024);
  pos = 0;
  readonly #maxBytes: number;
  /** Whether only ASCII was written, which is cheaper to make a string of. */
  #ascii = true;

  constructor(maxBytes: number = defaultMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Starts anew; `expectedBytes` saves growing step by step where much is going to be written. */
  reset(expectedBytes = 0): void {
    this.pos = 0;
    this.#ascii = true;
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(1024);
    if (expectedBytes > this.bytes.length)
      this.bytes = new Uint8Array(Math.min(expectedBytes, this.#maxBytes));
  }

  /** What was written, as a string. */
  finish(): string {
    const { bytes, pos } = this;
    return this.#ascii
      ? Buffer.prototype.latin1Slice.call(bytes, 0, pos)
      : Buffer.prototype.utf8Slice.call(bytes, 0, pos);
  }

  /** What was written, in UTF-8: a copy, or the buffer itself where it is one that is not kept anyway. */
  finishBytes(): Uint8Array {
    const { bytes, pos } = this;
    if (bytes.length <= keptBytes || pos < bytes.length / 2) return copyBytes(bytes, pos);
    this.bytes = new Uint8Array(1024);
    return bytes.subarray(0, pos);
  }

  /**
   * Makes room for `count` more bytes.
   * @throws RpcError RESOURCE_EXHAUSTED beyond the limit
   */
  reserve(count: number): void {
    const needed = this.pos + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.#maxBytes) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `message is larger than ${this.#maxBytes} bytes as JSON`);
    }
    const grown = new Uint8Array(Math.max(needed, Math.min(this.bytes.length * 2, this.#maxBytes)));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
  }

  byte(byte: number): void {
    if (this.pos === this.bytes.length) this.reserve(1);
    this.bytes[this.pos++] = byte;
  }

  /** Bytes of JSON text as they are, such as names of fields and enums. */
  name(text: Uint8Array): void {
    const length = text.length;
    this.reserve(length);
    const { bytes, pos } = this;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const byte = text[i] as number;
      bits |= byte;
      bytes[pos + i] = byte;
    }
    if (bits > 0x7f) this.#ascii = false;
    this.pos = pos + length;
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    const length = text.length;
    this.reserve(length);
    const { bytes, pos } = this;
    for (let i = 0; i < length; i++) bytes[pos + i] = text.charCodeAt(i);
    this.pos = pos + length;
  }

  /** ASCII text in quotes; nothing in it needs an escape. */
  quoted(text: string): void {
    this.byte(0x22);
    this.ascii(text);
    this.byte(0x22);
  }

  /**
   * Closes an object or array whose elements were each written with a comma before them: the comma at `start` becomes the
   * opening bracket.
   */
  close(start: number, opening: number): void {
    if (this.pos === start) this.byte(opening);
    else this.bytes[start] = opening;
    this.byte(opening + 2);
  }

  /** A string in quotes from UTF-8 bytes; false where they are not UTF-8. */
  string(source: Uint8Array, start: number, end: number): boolean {
    if (end - start > shortText) return this.#longString(source, start, end);
    this.reserve(end - start + 2);
    const bytes = this.bytes;
    let pos = this.pos;
    let bits = 0;
    bytes[pos++] = 0x22;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      if (escapeOf[byte] !== 0) {
        this.pos = pos;
        return this.#stringFrom(source, start, i, end);
      }
      bits |= byte;
      bytes[pos++] = byte;
    }
    bytes[pos++] = 0x22;
    this.pos = pos;
    return bits < 0x80 || this.#checkUtf8(source, start, end);
  }

  /** The rest of a short string, from the first byte that needs an escape. */
  #stringFrom(source: Uint8Array, start: number, from: number, end: number): boolean {
    let bits = 0;
    for (let i = start; i < from; i++) bits |= source[i] as number;
    this.reserve((end - from) * 6 + 1);
    const bytes = this.bytes;
    let pos = this.pos;
    for (let i = from; i < end; i++) {
      const byte = source[i] as number;
      const char = escapeOf[byte] as number;
      bits |= byte;
      if (char === 0) {
        bytes[pos++] = byte;
        continue;
      }
      bytes[pos++] = 0x5c;
      if (char !== 1) {
        bytes[pos++] = char;
        continue;
      }
      bytes[pos++] = 0x75;
      bytes[pos++] = 0x30;
      bytes[pos++] = 0x30;
      bytes[pos++] = hexDigits.charCodeAt(byte >> 4);
      bytes[pos++] = hexDigits.charCodeAt(byte & 15);
    }
    bytes[pos++] = 0x22;
    this.pos = pos;
    return bits < 0x80 || this.#checkUtf8(source, start, end);
  }

  /**
   * A long string by native code: each byte is taken for a character, so that JSON.stringify puts the escapes in and leaves
   * UTF-8 as it is. In pieces, so that the text is not held three times.
   */
  #longString(source: Uint8Array, start: number, end: number): boolean {
    this.byte(0x22);
    for (let from = start; from < end; from += pieceBytes) {
      const piece = Buffer.prototype.latin1Slice.call(source, from, Math.min(end, from + pieceBytes));
      const quoted = JSON.stringify(piece);
      // One byte more than is used: the closing quote of the piece, which the next one overwrites.
      const length = quoted.length - 1;
      this.reserve(length);
      Buffer.prototype.latin1Write.call(this.bytes, quoted.slice(1), this.pos, length);
      this.pos += length - 1;
    }
    this.pos++;
    const view = source.subarray(start, end);
    if (isAscii(view)) return true;
    this.#ascii = false;
    return isUtf8(view);
  }

  #checkUtf8(source: Uint8Array, start: number, end: number): boolean {
    this.#ascii = false;
    return isUtf8(source.subarray(start, end));
  }

  /** Bytes as base64 in quotes. */
  base64(source: Uint8Array, start: number, end: number): void {
    const length = base64EncodedLength(end - start);
    this.reserve(length + 2);
    this.bytes[this.pos++] = 0x22;
    encodeBase64(source, start, end, this.bytes, this.pos);
    this.pos += length;
    this.bytes[this.pos++] = 0x22;
  }
}
