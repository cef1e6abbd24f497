import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { negotiateCompression } from "../../../src/protocol/connect/accept-encoding.ts";
import { Header } from "../../../src/rpc/header.ts";
import { compressions } from "../../../src/wire/compression.ts";

const name = "accept-encoding";
const negotiate = (values: readonly string[], sent?: string): string | undefined =>
  negotiateCompression(
    Header.of(values.map((value): [string, string] => [name, value])),
    name,
    sent === undefined ? undefined : compressions.get(sent),
  )?.name;

const rows: readonly [
  values: readonly string[],
  sent: string | undefined,
  expected: string | undefined,
  why: string,
][] = [
  [["gzip"], undefined, "gzip", "the one it names"],
  [["br, gzip"], undefined, "br", "an ordered list, the most preferred first"],
  [["gzip", "br"], undefined, "gzip", "two headers are one list"],
  [["snappy, zstd"], undefined, "zstd", "the first that we have"],
  [["identity, gzip"], undefined, "gzip", "identity is the least preferred"],
  [["identity"], undefined, undefined, "nothing else"],
  [["identity;q=1, gzip;q=0.5"], undefined, undefined, "unless weights say otherwise"],
  [["gzip;q=0.5, br;q=0.8"], undefined, "br", "the heaviest"],
  [["gzip;q=0"], undefined, undefined, "excluded"],
  [["gzip;q=2, br"], undefined, "br", "a weight that is none: the entry is skipped"],
  [["GZIP ; Q=1.0"], undefined, "gzip", "codings and q are case-insensitive"],
  [["*"], undefined, "gzip", "anything: what we prefer"],
  [["*;q=0"], undefined, undefined, "nothing at all"],
  [["gzip, deflate, br, zstd"], undefined, "gzip", "what a browser sends"],
  [[""], "gzip", undefined, "an empty list accepts nothing, whatever was sent"],
  [[], "br", "br", "nothing said: what was sent is accepted"],
  [[], undefined, undefined, "nothing said, nothing sent"],
  [["gzip"], "br", "gzip", "the list beats what was sent"],
];
for (const [values, sent, expected, why] of rows) {
  const says = values.length === 0 ? "no header" : values.map((value) => JSON.stringify(value)).join(" and ");
  test(`${says} after ${sent ?? "identity"} is answered in ${expected ?? "identity"}: ${why}`, () => {
    assert.equal(negotiate(values, sent), expected);
  });
}

test("no list of encodings makes it throw, and what comes out was named", () => {
  const part = fc.oneof(
    fc.constantFrom("gzip", "br", "zstd", "deflate", "identity", "*", ";", "q=", "q=0.5", ",", " "),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = parts.join("");
      const chosen = negotiate([text]);
      assert.ok(chosen === undefined || text.includes("*") || text.toLowerCase().includes(chosen));
    }),
  );
});
