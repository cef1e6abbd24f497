import assert from "node:assert/strict";
import { test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import { acceptsTrailers } from "../../src/wire/te.ts";

const table: readonly [values: readonly string[], accepted: boolean, why: string][] = [
  [["trailers"], true, "alone"],
  [["Trailers"], true, "case-insensitive"],
  [["gzip, trailers"], true, "in a list"],
  [["gzip;q=0.5,trailers, deflate"], true, "in the middle of one"],
  [["gzip", "trailers"], true, "in a second header"],
  [[], false, "nothing said"],
  [["gzip"], false, "another coding"],
  [["xtrailers"], false, "another word"],
];
for (const [values, accepted, why] of table) {
  test(`TE ${JSON.stringify(values)} ${accepted ? "takes" : "takes no"} trailers: ${why}`, () => {
    assert.equal(acceptsTrailers(Header.of(values.map((value) => ["te", value] as const))), accepted);
  });
}
