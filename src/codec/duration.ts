// google.protobuf.Duration as text: `-1.5s`. Source: google/protobuf/duration.proto, "JSON Mapping". Seconds and nanos
// have one sign; the range is ±10,000 years.
import { formatNanos, parseNanos } from "./nanos.ts";

export const durationSecondsMax = 315_576_000_000;

export interface Duration {
  readonly seconds: number;
  /** -999,999,999 to 999,999,999, of the sign of `seconds` where that is not 0. */
  readonly nanos: number;
}

const pattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** Parses `-1.5s`; undefined where the text is no duration or out of range. */
export function parseDuration(text: string): Duration | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[2]);
  const nanos = parseNanos(match[3]);
  if (seconds > durationSecondsMax) return undefined;
  // `0 - x` rather than `-x`: there is no minus zero on the wire.
  return match[1] === "-" ? { seconds: 0 - seconds, nanos: 0 - nanos } : { seconds, nanos };
}

/** Formats `-1.500s`; undefined where the value is out of range or its parts differ in sign. */
export function formatDuration(seconds: number, nanos: number): string | undefined {
  if (!(Math.abs(seconds) <= durationSecondsMax) || Math.abs(nanos) > 999_999_999) return undefined;
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return undefined;
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${formatNanos(Math.abs(nanos))}s`;
}
