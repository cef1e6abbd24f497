// Reads protobuf wire format. Total: whatever the bytes are, it returns or throws an RpcError, never reads beyond the
// end, and never loops without moving on.
// Source: https://protobuf.dev/programming-guides/encoding/
import { isUtf8 } from "node:buffer";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { WireType } from "./protobuf-writer.ts";

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const float64 = new Float64Array(1);
const float64Words = new Uint32Array(float64.buffer);
const float32 = new Float32Array(float64.buffer, 0, 1);
const latin1Slice: (this: Uint8Array, start: number, end: number) => string = Buffer.prototype.latin1Slice;

/** A cursor over protobuf binary. 64-bit values are left in `lo` and `hi`, so that reading one allocates nothing. */
export class ProtobufReader {
  bytes: Uint8Array;
  pos: number;
  /** Where the bytes end for this reader. May be moved to bound a submessage; must stay within `bytes`. */
  end: number;
  /** Low half of the last 64-bit value, as int32. */
  lo = 0;
  /** High half of the last 64-bit value, as int32. */
  hi = 0;
  readonly #code: Code;

  /** @param code of the error that malformed bytes give; INTERNAL suits replies, INVALID_ARGUMENT requests */
  constructor(bytes: Uint8Array, code: Code = Code.INTERNAL) {
    this.bytes = bytes;
    this.pos = 0;
    this.end = bytes.length;
    this.#code = code;
  }

  /** The error for malformed bytes, to be thrown: `malformed protobuf: truncated (byte 17)`. */
  malformed(reason: string): RpcError {
    return new RpcError(this.#code, `malformed protobuf: ${reason} (byte ${this.pos})`);
  }

  /**
   * A tag: field number times eight plus wire type.
   * @throws RpcError for field number 0, an unknown wire type, or more than 32 bits
   */
  tag(): number {
    // Field numbers up to 15 take one byte.
    let tag = this.pos < this.end ? (this.bytes[this.pos] as number) : 0x80;
    if (tag < 0x80) this.pos++;
    else {
      this.varint64();
      if (this.hi !== 0) throw this.malformed("tag of more than 32 bits");
      tag = this.lo >>> 0;
    }
    if (tag < 8) throw this.malformed("field number 0");
    if ((tag & 7) > 5) throw this.malformed(`wire type ${tag & 7}`);
    return tag;
  }

  /** A varint; the value is in `lo` and `hi`. */
  varint64(): void {
    const bytes = this.bytes;
    const end = this.end;
    let pos = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= end) throw this.malformed("truncated varint");
      const byte = bytes[pos++] as number;
      if (shift < 28) lo |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        lo |= (byte & 0x0f) << 28;
        hi = (byte & 0x7f) >> 4;
      } else hi |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) {
        this.pos = pos;
        this.lo = lo;
        // The tenth byte carries one bit; shifting by 31 has dropped the others.
        this.hi = hi;
        return;
      }
    }
    throw this.malformed("varint of more than ten bytes");
  }

  /** A varint of which the low 32 bits count, unsigned. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A varint of which the low 32 bits count, signed; also enums. */
  int32(): number {
    if (this.pos < this.end) {
      const byte = this.bytes[this.pos] as number;
      if (byte < 0x80) {
        this.pos++;
        return byte;
      }
    }
    this.varint64();
    return this.lo;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    this.varint64();
    return (this.lo | this.hi) !== 0;
  }

  /** A zigzag varint of 64 bits; the two's complement is in `lo` and `hi`. */
  sint64(): void {
    this.varint64();
    const sign = -(this.lo & 1);
    this.lo = ((this.lo >>> 1) | (this.hi << 31)) ^ sign;
    this.hi = (this.hi >>> 1) ^ sign;
  }

  /** fixed32 and sfixed32, signed. */
  fixed32(): number {
    const pos = this.pos;
    if (this.end - pos < 4) throw this.malformed("truncated fixed32");
    const bytes = this.bytes;
    this.pos = pos + 4;
    return (
      (bytes[pos] as number) |
      ((bytes[pos + 1] as number) << 8) |
      ((bytes[pos + 2] as number) << 16) |
      ((bytes[pos + 3] as number) << 24)
    );
  }

  /** fixed64 and sfixed64; the value is in `lo` and `hi`. */
  fixed64(): void {
    if (this.end - this.pos < 8) throw this.malformed("truncated fixed64");
    this.lo = this.fixed32();
    this.hi = this.fixed32();
  }

  float(): number {
    float64Words[0] = this.fixed32();
    return float32[0] as number;
  }

  double(): number {
    this.fixed64();
    float64Words[0] = this.lo;
    float64Words[1] = this.hi;
    return float64[0] as number;
  }

  /** The last 64-bit value, signed. */
  toInt64(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** The last 64-bit value, unsigned. */
  toUint64(): bigint {
    return (BigInt(this.hi >>> 0) << 32n) | BigInt(this.lo >>> 0);
  }

  /** Reads a length and returns where the value ends; the reader stands at its start. */
  lengthEnd(): number {
    // Most lengths are one byte.
    let length = this.pos < this.end ? (this.bytes[this.pos] as number) : 0x80;
    if (length < 0x80) this.pos++;
    else {
      this.varint64();
      length = this.lo >>> 0;
      if (this.hi !== 0) throw this.malformed("length beyond the end");
    }
    if (length > this.end - this.pos) throw this.malformed("length beyond the end");
    return this.pos + length;
  }

  /** A length-prefixed value, as a view on the input. */
  lengthPrefixed(): Uint8Array {
    const end = this.lengthEnd();
    const value = this.bytes.subarray(this.pos, end);
    this.pos = end;
    return value;
  }

  /**
   * A length-prefixed text.
   * @throws RpcError when it is not UTF-8
   */
  string(): string {
    const end = this.lengthEnd();
    const { bytes, pos: start } = this;
    let i = start;
    while (i < end && (bytes[i] as number) < 0x80) i++;
    this.pos = end;
    if (i === end) return latin1Slice.call(bytes, start, end);
    const view = bytes.subarray(start, end);
    if (!isUtf8(view)) throw this.malformed("string is not UTF-8");
    return textDecoder.decode(view);
  }

  /**
   * Moves past the value that belongs to a tag; a group with everything in it.
   * @param groupDepth how many groups may lie in one another
   * @throws RpcError for a truncated value, a group that does not end, an end without a start
   */
  skip(tag: number, groupDepth = 100): void {
    switch (tag & 7) {
      case WireType.VARINT:
        this.varint64();
        return;
      case WireType.FIXED64:
        if (this.end - this.pos < 8) throw this.malformed("truncated fixed64");
        this.pos += 8;
        return;
      case WireType.LENGTH:
        this.pos = this.lengthEnd();
        return;
      case WireType.GROUP_START:
        this.groupEnd(tag, groupDepth);
        return;
      case WireType.FIXED32:
        if (this.end - this.pos < 4) throw this.malformed("truncated fixed32");
        this.pos += 4;
        return;
      default:
        throw this.malformed("end of a group that was not started");
    }
  }

  /**
   * Moves past the group whose start tag was just read and returns where its content ends.
   * @throws RpcError as `skip`
   */
  groupEnd(startTag: number, groupDepth = 100): number {
    if (groupDepth <= 0) throw this.malformed("groups nested too deep");
    for (;;) {
      const contentEnd = this.pos;
      const tag = this.tag();
      if ((tag & 7) !== WireType.GROUP_END) {
        this.skip(tag, groupDepth - 1);
        continue;
      }
      if (tag >>> 3 !== startTag >>> 3) throw this.malformed("end of another group");
      return contentEnd;
    }
  }
}
