// The small grammars of config values: durations, sizes, listen addresses.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDuration } from "../../src/config/duration-text.ts";
import { formatListen, isLoopback, parseListen } from "../../src/config/listen-text.ts";
import type { Parsed } from "../../src/config/parsed.ts";
import { parseSize } from "../../src/config/size-text.ts";
import { formatDuration, formatSize } from "../../src/gateway/flow-text.ts";

type Row<T> = readonly [text: string, value: T | undefined, reason: string];

function table<T>(name: string, parse: (text: string) => Parsed<T>, rows: readonly Row<T>[]): void {
  for (const [text, value, reason] of rows) {
    test(`${name} \`${text}\`: ${reason}`, () => {
      const outcome = parse(text);
      if (value === undefined) {
        assert.equal(outcome.ok, false);
        assert.match(outcome.message, /^expected .*got `/s);
      } else {
        assert.deepEqual(outcome, { ok: true, value });
      }
    });
  }
}

table("duration", parseDuration, [
  ["500ms", 500, "milliseconds"],
  ["30s", 30_000, "seconds"],
  ["1.5m", 90_000, "minutes, with a fraction"],
  ["1h", 3_600_000, "hours"],
  ["0s", 0, "none at all"],
  ["576h", 2_073_600_000, "24 days, the longest whole day a timer can wait"],
  ["30", undefined, "a bare number could be either"],
  ["30 s", undefined, "no space"],
  ["-1s", undefined, "no time runs backwards"],
  ["1h30m", undefined, "one unit"],
  ["1000h", undefined, "longer than a timer of Node can wait"],
  ["", undefined, "nothing"],
]);

table("size", parseSize, [
  ["4194304", 4_194_304, "bytes"],
  ["4MiB", 4_194_304, "binary units"],
  ["4 mib", 4_194_304, "case and one space do not count"],
  ["1.5KiB", 1536, "a fraction that is whole bytes"],
  ["1MB", 1_000_000, "decimal units"],
  ["0", undefined, "a limit of nothing lets nothing through"],
  ["1.5", undefined, "half a byte"],
  ["2GiB", undefined, "one byte more than fits"],
  ["4TiB", undefined, "no such unit"],
  ["-1", undefined, "less than nothing"],
]);

table("listen", parseListen, [
  ["8080", { host: "127.0.0.1", port: 8080 }, "a port is on loopback"],
  [":8080", { host: "127.0.0.1", port: 8080 }, "and so it is with a colon"],
  ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }, "every interface, said out loud"],
  ["localhost:0", { host: "localhost", port: 0 }, "port 0 is any free one"],
  ["[::1]:8080", { host: "::1", port: 8080 }, "IPv6 in brackets"],
  ["[fe80::1%eth0]:8080", undefined, "a zone whose name is no hex is refused"],
  ["::1:8080", undefined, "IPv6 without brackets is ambiguous"],
  ["*:8080", undefined, "no star"],
  ["http://127.0.0.1:8080", undefined, "no scheme"],
  ["127.0.0.1", undefined, "no port"],
  ["127.0.0.1:99999", undefined, "no such port"],
  ["a b:80", undefined, "no host"],
  ["", undefined, "nothing"],
]);

test("what a duration is printed as reads back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (ms) => {
      assert.deepEqual(parseDuration(formatDuration(ms)), { ok: true, value: ms });
    }),
  );
});

test("what a size is printed as reads back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (bytes) => {
      assert.deepEqual(parseSize(formatSize(bytes)), { ok: true, value: bytes });
    }),
  );
});

test("what an address is printed as reads back", () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((text) => !text.includes("%")),
    fc.domain(),
  );
  fc.assert(
    fc.property(host, fc.integer({ min: 0, max: 65535 }), (name, port) => {
      assert.deepEqual(parseListen(formatListen({ host: name, port })), {
        ok: true,
        value: { host: name, port },
      });
    }),
  );
});

test("no text makes them throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const parse of [parseDuration, parseSize, parseListen])
        assert.equal(typeof parse(text).ok, "boolean");
    }),
  );
});

const hosts: readonly (readonly [host: string, loopback: boolean])[] = [
  ["127.0.0.1", true],
  ["127.8.9.1", true],
  ["::1", true],
  ["localhost", true],
  ["LOCALHOST", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["127.0.0.1.example.com", false],
  ["10.0.0.1", false],
  ["myhost", false],
];
for (const [host, loopback] of hosts) {
  test(`${host} is ${loopback ? "" : "not "}loopback`, () => {
    assert.equal(isLoopback(host), loopback);
  });
}
