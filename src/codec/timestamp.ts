// google.protobuf.Timestamp as text: RFC 3339 with any offset, read; in UTC with 0, 3, 6 or 9 digits, written.
// Source: google/protobuf/timestamp.proto, "JSON Mapping". Range 0001-01-01 to 9999-12-31, no leap seconds.
import { formatNanos, parseNanos } from "./nanos.ts";

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
export const timestampSecondsMin = -62135596800;
export const timestampSecondsMax = 253402300799;

export interface Timestamp {
  /** Since 1970-01-01T00:00:00Z. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Parses `2024-02-29T12:30:00.5+02:00`; undefined where the text is no timestamp or out of range. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  let seconds = daysFromEpoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  if (match[8] !== undefined) {
    const [offsetHour, offsetMinute] = [Number(match[9]), Number(match[10])];
    if (offsetHour > 23 || offsetMinute > 59) return undefined;
    const offset = offsetHour * 3600 + offsetMinute * 60;
    seconds += match[8] === "-" ? offset : -offset;
  }
  if (seconds < timestampSecondsMin || seconds > timestampSecondsMax) return undefined;
  return { seconds, nanos: parseNanos(match[7]) };
}

/** Formats `2024-02-29T10:30:00.500Z`; undefined where the value is out of range. */
export function formatTimestamp(seconds: number, nanos: number): string | undefined {
  if (!(seconds >= timestampSecondsMin && seconds <= timestampSecondsMax)) return undefined;
  if (nanos < 0 || nanos > 999_999_999) return undefined;
  // toISOString is always `….mmmZ` here: years 0001 to 9999 have four digits.
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${formatNanos(nanos)}Z`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last. */
function daysFromEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
