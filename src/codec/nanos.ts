// The fraction of a second in timestamps and durations: up to nine digits, read; 0, 3, 6 or 9, written.
// Source: google/protobuf/timestamp.proto and duration.proto, "JSON Mapping".

/** `5` (as in `.5`) is 500,000,000; nothing is 0. */
export function parseNanos(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(9, "0"));
}

/** 500,000,000 is `.500`; 0 is empty. */
export function formatNanos(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
