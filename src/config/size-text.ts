// Sizes as people write them: bytes, or a number with a unit, binary (KiB) or decimal (KB).
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";

const unitBytes = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
]);

/** A message must fit one buffer and a gRPC length prefix with room to spare: 2 GiB less one. */
const maxBytes = 2 ** 31 - 1;

/** `4194304`, `4MiB`, `1.5 MB` in bytes; at least 1. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text);
  const unit = unitBytes.get((match?.[2] ?? "?").toLowerCase());
  if (match === null || unit === undefined) {
    return notParsed(
      `expected a size such as \`4MiB\`, \`512KiB\` or a number of bytes, got ${quoted(text)}`,
    );
  }
  const bytes = Number(match[1]) * unit;
  if (!Number.isInteger(bytes)) return notParsed(`expected a whole number of bytes, got ${quoted(text)}`);
  if (bytes < 1 || bytes > maxBytes) {
    return notParsed(`expected a size from 1 byte to 2 GiB less one byte, got ${quoted(text)}`);
  }
  return parsed(bytes);
}
