// Numbers of JSON text, read from bytes: integers of any spelling (`1000`, `1e3`, `1000.0`) exactly, doubles correctly
// rounded. Sources: RFC 8259 section 6; ProtoJSON, "int64, fixed64, uint64" and "float, double".

/** The last integer that `parseInteger` read: sign and 64 bits of magnitude. Shared; read it before the next call. */
export const integer = { negative: false, lo: 0, hi: 0 };

/** Why a text is not the integer that was asked for. */
export const NOT_A_NUMBER = -1;
export const NOT_AN_INTEGER = -2;
export const TOO_LARGE = -3;

const two20 = 0x100000;
const two32 = 0x100000000;

/**
 * Reads the number that starts at `start` into `integer` and returns where it ends, or a negative reason: NOT_A_NUMBER,
 * NOT_AN_INTEGER, TOO_LARGE (magnitude of 2^64 or more).
 */
export function parseInteger(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  const negative = pos < end && bytes[pos] === 0x2d;
  if (negative) pos++;
  const first = pos;
  // Two halves of at most 11 and 9 digits, each exact in a double.
  let value = 0;
  let digit = pos < end ? (bytes[pos] as number) - 0x30 : -1;
  while (digit >= 0 && digit <= 9 && pos - first < 15) {
    value = value * 10 + digit;
    pos++;
    digit = pos < end ? (bytes[pos] as number) - 0x30 : -1;
  }
  if ((digit >= 0 && digit <= 9) || digit === -2 || ((digit + 0x30) | 0x20) === 0x65) {
    return parseLongInteger(bytes, start, end);
  }
  if (pos === first || (bytes[first] === 0x30 && pos > first + 1)) return NOT_A_NUMBER;
  integer.negative = negative;
  integer.lo = value | 0;
  integer.hi = (value / two32) | 0;
  return pos;
}

/** More than 15 digits, a fraction or an exponent. */
function parseLongInteger(bytes: Uint8Array, start: number, end: number): number {
  const stop = numberEnd(bytes, start, end);
  if (stop < 0) return NOT_A_NUMBER;
  let pos = start;
  const negative = bytes[pos] === 0x2d;
  if (negative) pos++;
  // Significant digits: leading zeros never count, `scale` says how many digits lie after the point.
  const digits: number[] = [];
  let scale = 0;
  let inFraction = false;
  let exponent = 0;
  let zeros = 0;
  for (; pos < stop; pos++) {
    const byte = bytes[pos] as number;
    if (byte === 0x2e) {
      inFraction = true;
      continue;
    }
    if ((byte | 0x20) === 0x65) {
      exponent = parseExponent(bytes, pos + 1, stop);
      break;
    }
    if (inFraction) scale++;
    if (byte === 0x30) {
      // Zeros are held back: trailing ones are the exponent's business, and a million of them must cost nothing.
      zeros++;
      continue;
    }
    if (digits.length > 0) {
      if (digits.length + zeros > 20) {
        // Too many significant digits for 64 bits; still an integer or not, but out of reach either way.
        integer.negative = negative;
        return TOO_LARGE;
      }
      for (; zeros > 0; zeros--) digits.push(0);
    }
    zeros = 0;
    digits.push(byte - 0x30);
  }
  integer.negative = negative;
  if (digits.length === 0) {
    integer.lo = 0;
    integer.hi = 0;
    return stop;
  }
  const power = exponent - scale + zeros;
  if (power < 0) return NOT_AN_INTEGER;
  if (digits.length + power > 20) return TOO_LARGE;
  for (let i = 0; i < power; i++) digits.push(0);
  return setMagnitude(digits) ? stop : TOO_LARGE;
}

/** Saturates: beyond a million nothing but the sign matters. */
function parseExponent(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  const negative = bytes[pos] === 0x2d;
  if (negative || bytes[pos] === 0x2b) pos++;
  let value = 0;
  // A text cannot hold enough digits to bring a number with such an exponent back into range.
  for (; pos < end; pos++) value = Math.min(value * 10 + (bytes[pos] as number) - 0x30, 1e12);
  return negative ? -value : value;
}

/** At most 20 digits into `integer`; false where they do not fit in 64 bits. */
function setMagnitude(digits: readonly number[]): boolean {
  const cut = Math.max(0, digits.length - 9);
  let head = 0;
  let tail = 0;
  for (let i = 0; i < cut; i++) head = head * 10 + (digits[i] as number);
  for (let i = cut; i < digits.length; i++) tail = tail * 10 + (digits[i] as number);
  // head × 10^9 + tail in limbs that stay exact in a double.
  const low = (head % two20) * 1e9 + tail;
  const high = Math.floor(head / two20) * 1e9;
  const sum = (high % 4096) * two20 + (low % two32);
  const hi = Math.floor(high / 4096) + Math.floor(low / two32) + Math.floor(sum / two32);
  if (hi >= two32) return false;
  integer.lo = sum | 0;
  integer.hi = hi | 0;
  return true;
}

/** Powers of ten that a double holds exactly. */
const exactPowers = Array.from({ length: 23 }, (_, power) => 10 ** power);

/** The last double that `parseDouble` read. */
export const double = { value: 0 };

/** Reads the number that starts at `start` into `double` and returns where it ends, or NOT_A_NUMBER. */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  const negative = pos < end && bytes[pos] === 0x2d;
  if (negative) pos++;
  const first = pos;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  let point = -1;
  for (; pos < end; pos++) {
    const byte = bytes[pos] as number;
    if (byte >= 0x30 && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - 0x30);
      digits++;
      if (point >= 0) scale++;
    } else if (byte === 0x2e && point < 0) point = pos;
    else break;
  }
  const hasExponent = pos < end && ((bytes[pos] as number) | 0x20) === 0x65;
  const intEnd = point < 0 ? pos : point;
  const malformed =
    intEnd === first || (bytes[first] === 0x30 && intEnd > first + 1) || (point >= 0 && point === pos - 1);
  if (malformed) return NOT_A_NUMBER;
  if (hasExponent || digits > 15) {
    const stop = numberEnd(bytes, start, end);
    if (stop < 0) return NOT_A_NUMBER;
    double.value = Number(Buffer.prototype.latin1Slice.call(bytes, start, stop));
    return stop;
  }
  // Both are exact doubles, so the division is rounded once, correctly (Clinger's fast path).
  const magnitude = scale === 0 ? mantissa : mantissa / (exactPowers[scale] as number);
  double.value = negative ? -magnitude : magnitude;
  return pos;
}

/** Where the JSON number ends that starts at `start`, or -1 where none does. */
export function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  if (pos < end && bytes[pos] === 0x2d) pos++;
  const first = pos;
  pos = digitsEnd(bytes, pos, end);
  if (pos === first || (bytes[first] === 0x30 && pos > first + 1)) return -1;
  if (pos < end && bytes[pos] === 0x2e) {
    const fraction = pos + 1;
    pos = digitsEnd(bytes, fraction, end);
    if (pos === fraction) return -1;
  }
  if (pos < end && ((bytes[pos] as number) | 0x20) === 0x65) {
    pos++;
    if (pos < end && (bytes[pos] === 0x2b || bytes[pos] === 0x2d)) pos++;
    const exponent = pos;
    pos = digitsEnd(bytes, exponent, end);
    if (pos === exponent) return -1;
  }
  return pos;
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && (bytes[pos] as number) >= 0x30 && (bytes[pos] as number) <= 0x39) pos++;
  return pos;
}
