// Decimal digits of integers, in arithmetic that stays exact in doubles: BigInt would cost an allocation for each number.

/** Number of decimal digits of a whole number from 0 to 2^32. */
export function digitCount(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 1e4) return 4;
  if (value < 1e5) return 5;
  if (value < 1e6) return 6;
  if (value < 1e7) return 7;
  if (value < 1e8) return 8;
  return value < 1e9 ? 9 : 10;
}

const quotient = { lo: 0, hi: 0, remainder: 0 };

/** Divides a 64-bit value by 10^9. The result is shared, to be read before the next call. */
export function divideBy1e9(
  lo: number,
  hi: number,
): { readonly lo: number; readonly hi: number; readonly remainder: number } {
  const a = hi >>> 0;
  const highQuotient = Math.floor(a / 1e9);
  let rest = (a - highQuotient * 1e9) * 0x10000 + (lo >>> 16);
  const middle = Math.floor(rest / 1e9);
  rest = (rest - middle * 1e9) * 0x10000 + (lo & 0xffff);
  const low = Math.floor(rest / 1e9);
  quotient.remainder = rest - low * 1e9;
  quotient.hi = highQuotient;
  quotient.lo = middle * 0x10000 + low;
  return quotient;
}
