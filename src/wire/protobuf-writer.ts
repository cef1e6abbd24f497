// Writes protobuf wire format into one growing buffer: tags, varints, fixed widths, strings and length-prefixed
// messages, whose length is filled in afterwards.
// Source: https://protobuf.dev/programming-guides/encoding/

/** The wire types; the lowest three bits of a tag. */
export const WireType = {
  VARINT: 0,
  FIXED64: 1,
  LENGTH: 2,
  GROUP_START: 3,
  GROUP_END: 4,
  FIXED32: 5,
} as const;

const textEncoder = new TextEncoder();
const float64 = new Float64Array(1);
const float64Words = new Uint32Array(float64.buffer);
const float32 = new Float32Array(float64.buffer, 0, 1);
/** Above this many UTF-16 units the native encoder beats a loop over characters. */
const shortText = 48;
/** A buffer larger than this is not kept by `reset`: one large message should not hold memory for good. */
const keptBytes = 1 << 20;

/** An ArrayBuffer of its own costs more than most messages; up to this size copies share one. */
const sharedBytes = 1024;
const slabBytes = 8192;
let slab = new ArrayBuffer(slabBytes);
let slabUsed = 0;

/**
 * A copy of `source[0..length)`. Short copies are views on a shared slab of 8 KiB, as Node's Buffers are: whoever keeps
 * one for long keeps the slab, and should copy it; nobody may transfer its `buffer`.
 */
export function copyBytes(source: Uint8Array, length: number): Uint8Array {
  if (length > sharedBytes) return source.slice(0, length);
  if (slabUsed + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    slabUsed = 0;
  }
  const copy = new Uint8Array(slab, slabUsed, length);
  copy.set(source.subarray(0, length));
  // Views start at multiples of eight, which copying likes.
  slabUsed += (length + 7) & ~7;
  return copy;
}

/**
 * A growing buffer of protobuf binary. 64-bit values come as `bigint` or as two 32-bit halves, of which only the bits
 * count. Nothing is validated: what is written is the caller's responsibility.
 */
export class ProtobufWriter {
  /** The buffer; valid up to `pos`, replaced when it grows. */
  bytes: Uint8Array;
  /** Number of bytes written. */
  pos = 0;

  constructor(sizeBytes = 1024) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.pos + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
  }

  /**
   * Forgets what was written and keeps the buffer, unless it has become large. `expectedBytes` saves growing step by step
   * where much is going to be written.
   */
  reset(expectedBytes = 0): void {
    this.pos = 0;
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(1024);
    if (expectedBytes > this.bytes.length) this.bytes = new Uint8Array(expectedBytes);
  }

  /**
   * What was written: a copy, see `copyBytes`, or the buffer itself where it is one that `reset` would not keep. Before it
   * is written to again the writer is reset.
   */
  finish(): Uint8Array {
    const { bytes, pos } = this;
    if (bytes.length <= keptBytes || pos < bytes.length / 2) return copyBytes(bytes, pos);
    this.bytes = new Uint8Array(1024);
    return bytes.subarray(0, pos);
  }

  tag(fieldNumber: number, wireType: number): void {
    this.uint32(((fieldNumber << 3) | wireType) >>> 0);
  }

  /** A varint of 32 bits, unsigned. Also lengths and whole tags. */
  uint32(value: number): void {
    this.reserve(5);
    const bytes = this.bytes;
    let rest = value >>> 0;
    while (rest > 0x7f) {
      bytes[this.pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.pos++] = rest;
  }

  /** int32 and enum: a negative value is sign-extended to ten bytes. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.varint64(value | 0, -1);
  }

  sint32(value: number): void {
    this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  bool(value: boolean): void {
    this.reserve(1);
    this.bytes[this.pos++] = value ? 1 : 0;
  }

  /** A varint of 64 bits from its halves. */
  varint64(lo: number, hi: number): void {
    this.reserve(10);
    const bytes = this.bytes;
    let low = lo >>> 0;
    let high = hi >>> 0;
    while (high !== 0) {
      bytes[this.pos++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 0x7f) {
      bytes[this.pos++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[this.pos++] = low;
  }

  /** int64 and uint64; a negative value is its two's complement. */
  int64(value: bigint): void {
    this.varint64(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }

  sint64(value: bigint): void {
    this.int64((value << 1n) ^ (value >> 63n));
  }

  /** sint64 from the halves of its two's complement. */
  zigzag64(lo: number, hi: number): void {
    const sign = hi >> 31;
    this.varint64((lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
  }

  /** fixed32 and sfixed32. */
  fixed32(value: number): void {
    this.reserve(4);
    const bytes = this.bytes;
    const pos = this.pos;
    bytes[pos] = value;
    bytes[pos + 1] = value >>> 8;
    bytes[pos + 2] = value >>> 16;
    bytes[pos + 3] = value >>> 24;
    this.pos = pos + 4;
  }

  /** fixed64 and sfixed64 from the halves. */
  fixed64(lo: number, hi: number): void {
    this.fixed32(lo);
    this.fixed32(hi);
  }

  float(value: number): void {
    float32[0] = value;
    this.fixed32(float64Words[0] as number);
  }

  double(value: number): void {
    float64[0] = value;
    // Both halves are read before writing; Uint32Array has the machine's order, which is little-endian wherever Node runs.
    this.fixed64(float64Words[0] as number, float64Words[1] as number);
  }

  /** Length and bytes. */
  lengthPrefixed(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** Bytes as they are, such as fields that are encoded already. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  /** The bytes `start` to `end` of `source`, without making a view of short pieces. */
  rawRange(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const bytes = this.bytes;
    let pos = this.pos;
    if (end - start > 64) bytes.set(source.subarray(start, end), pos);
    else for (let i = start; i < end; i++) bytes[pos++] = source[i] as number;
    this.pos += end - start;
  }

  /** Length and UTF-8 of a text; a lone surrogate becomes U+FFFD. */
  string(text: string): void {
    const length = text.length;
    // Three bytes per UTF-16 unit is the most UTF-8 needs; five more for the length.
    this.reserve(length * 3 + 5);
    const mark = this.begin();
    if (length <= shortText) {
      const bytes = this.bytes;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[this.pos + i] = unit;
      }
      if (i === length) {
        this.pos += length;
        this.end(mark);
        return;
      }
    }
    this.pos += textEncoder.encodeInto(text, this.bytes.subarray(this.pos)).written;
    this.end(mark);
  }

  /** Opens a length-prefixed value; what is written until `end` is its content. Returns the mark that `end` takes. */
  begin(): number {
    this.reserve(1);
    return this.pos++;
  }

  /** Closes a length-prefixed value. One byte was kept for its length: content of 128 bytes and more moves up. */
  end(mark: number): void {
    const length = this.pos - mark - 1;
    if (length < 0x80) {
      this.bytes[mark] = length;
      return;
    }
    const extra = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    this.reserve(extra);
    this.bytes.copyWithin(mark + 1 + extra, mark + 1, this.pos);
    const end = this.pos + extra;
    this.pos = mark;
    this.uint32(length);
    this.pos = end;
  }
}
