// Prints numbers as JSON text: integers of 32 and 64 bits with all their digits, doubles and floats as short as they can
// be read back. Source: RFC 8259; ProtoJSON for NaN and the infinities.
import { digitCount, divideBy1e9 } from "./json-digits.ts";
import { formatFloat } from "./json-float.ts";
import type { JsonWriter } from "./json-writer.ts";

export function printInt32(writer: JsonWriter, value: number): void {
  if (value < 0) {
    writer.byte(0x2d);
    printUint32(writer, -value);
  } else printUint32(writer, value);
}

/** A whole number from 0 to 2^32. */
export function printUint32(writer: JsonWriter, value: number): void {
  writer.reserve(10);
  let pos = writer.pos + digitCount(value);
  writer.pos = pos;
  const bytes = writer.bytes;
  let rest = value;
  do {
    const quotient = Math.floor(rest / 10);
    bytes[--pos] = 0x30 + (rest - quotient * 10);
    rest = quotient;
  } while (rest > 0);
}

/** The digits of a 64-bit value, by long division of 16-bit limbs: no BigInt, whatever the size. */
export function printUint64(writer: JsonWriter, lo: number, hi: number): void {
  if (hi === 0) {
    printUint32(writer, lo >>> 0);
    return;
  }
  const top = divideBy1e9(lo, hi);
  const low = top.remainder;
  const middle = divideBy1e9(top.lo, top.hi);
  if (middle.lo !== 0) {
    printUint32(writer, middle.lo);
    printNineDigits(writer, middle.remainder);
  } else printUint32(writer, middle.remainder);
  printNineDigits(writer, low);
}

/** The digits of a two's complement of 64 bits. */
export function printInt64(writer: JsonWriter, lo: number, hi: number): void {
  if (hi >= 0) {
    printUint64(writer, lo, hi);
    return;
  }
  writer.byte(0x2d);
  printUint64(writer, -lo | 0, lo === 0 ? -hi | 0 : ~hi);
}

function printNineDigits(writer: JsonWriter, value: number): void {
  writer.reserve(9);
  let rest = value;
  for (let i = writer.pos + 8; i >= writer.pos; i--) {
    const quotient = Math.floor(rest / 10);
    writer.bytes[i] = 0x30 + (rest - quotient * 10);
    rest = quotient;
  }
  writer.pos += 9;
}

/** A double, or one of the three words in quotes. */
export function printDouble(writer: JsonWriter, value: number): void {
  if (value >= 0 && value <= 0xffffffff && Math.floor(value) === value && !Object.is(value, -0)) {
    printUint32(writer, value);
  } else if (printDecimal(writer, value)) return;
  else if (Number.isFinite(value)) writer.ascii(Object.is(value, -0) ? "-0" : String(value));
  else writer.quoted(String(value));
}

/**
 * A number that is written with at most six decimals, such as a price or a coordinate; false for any other. No two
 * decimals of up to 15 digits are one double, so the one found here is the shortest.
 */
function printDecimal(writer: JsonWriter, value: number): boolean {
  const magnitude = Math.abs(value);
  const millionths = Math.round(magnitude * 1e6);
  if (millionths / 1e6 !== magnitude || millionths >= 1e15 || millionths === 0) return false;
  if (value < 0) writer.byte(0x2d);
  const whole = Math.floor(millionths / 1e6);
  printUint32(writer, whole);
  let fraction = millionths - whole * 1e6;
  if (fraction === 0) return true;
  writer.reserve(7);
  const bytes = writer.bytes;
  let pos = writer.pos;
  bytes[pos++] = 0x2e;
  for (let unit = 1e5; fraction > 0; unit /= 10) {
    const digit = Math.floor(fraction / unit);
    bytes[pos++] = 0x30 + digit;
    fraction -= digit * unit;
  }
  writer.pos = pos;
  return true;
}

/** A float with as few digits as give the same float again. */
export function printFloat(writer: JsonWriter, value: number): void {
  if (Number.isFinite(value) && !Number.isInteger(value)) writer.ascii(formatFloat(value));
  else printDouble(writer, value);
}
