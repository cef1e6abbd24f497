import assert from "node:assert/strict";
import { test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import { contentEncodingOf, parseContentEncoding } from "../../src/wire/content-encoding.ts";

const rows: readonly [values: readonly string[], found: string | undefined, known: boolean, why: string][] = [
  [[], undefined, true, "no header, no coding"],
  [[""], undefined, true, "an empty one says nothing"],
  [["identity"], undefined, true, "identity is none"],
  [["gzip"], "gzip", true, "the usual one"],
  [[" GZip "], "gzip", true, "codings are case-insensitive"],
  [["x-gzip"], "gzip", true, "the old name"],
  [["br"], "br", true, "Brotli"],
  [["zstd"], "zstd", true, "Zstandard"],
  [["deflate"], "deflate", true, "zlib"],
  [["gzip, identity"], "gzip", true, "identity adds nothing"],
  [["lzw"], "lzw", false, "nobody inflates it"],
  [["gzip, br"], "gzip, br", false, "a chain multiplies what a small body grows to"],
  [["gzip", "gzip"], "gzip, gzip", false, "so does one of two headers"],
  [["constructor"], "constructor", false, "a name of objects is a name"],
];

for (const [values, found, known, why] of rows) {
  test(`Content-Encoding ${JSON.stringify(values)} is ${found}: ${why}`, () => {
    const header = Header.of(values.map((value) => ["content-encoding", value] as const));
    const read = parseContentEncoding(contentEncodingOf(header));
    if (typeof read === "string") assert.deepEqual([read, false], [found, known]);
    else assert.deepEqual([read?.name, true], [found, known]);
  });
}
