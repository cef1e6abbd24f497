import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatTarget, parseNamedTarget, parseTarget } from "../../src/upstream/target.ts";
import type { Target } from "../../src/upstream/upstream.ts";

const rows: readonly [text: string, url: string, reason: string][] = [
  ["localhost:50051", "http://localhost:50051", "host and port: cleartext"],
  ["http://localhost:50051", "http://localhost:50051", "the same, spelled out"],
  ["http://localhost:50051/", "http://localhost:50051", "as copied from a browser"],
  ["https://billing", "https://billing:443", "TLS has a usual port"],
  ["https://billing:8443", "https://billing:8443", "or another"],
  ["HTTPS://Billing:443", "https://billing:443", "neither scheme nor host has a case"],
  ["127.0.0.1:1", "http://127.0.0.1:1", "an IPv4 address"],
  ["[::1]:50051", "http://[::1]:50051", "an IPv6 address"],
  ["https://[2001:DB8::1]", "https://[2001:db8::1]:443", "with TLS"],
  [
    "my_service.default.svc.cluster.local.:65535",
    "http://my_service.default.svc.cluster.local.:65535",
    "rooted",
  ],
];
const urlOf = (target: Target): string => `${target.tls ? "https" : "http"}://${formatTarget(target)}`;
for (const [text, url, reason] of rows) {
  test(`${text} is ${url}: ${reason}`, () => {
    const parsed = parseTarget(text);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.message);
    assert.equal(urlOf(parsed.value), url);
  });
}

const refused: readonly [text: string, reason: RegExp][] = [
  ["", /no host/],
  ["localhost", /no port/],
  ["http://localhost", /no port/],
  ["localhost:", /port is a number/],
  ["localhost:0", /port is a number/],
  ["localhost:65536", /port is a number/],
  ["localhost:http", /port is a number/],
  [":50051", /no host/],
  ["ftp://localhost:21", /scheme ftp/],
  ["dns:///localhost:1", /scheme dns/],
  ["localhost:1/path", /no path/],
  ["https://localhost/?q", /no path/],
  ["user@localhost:1", /user/],
  ["local host:1", /space/],
  ["::1:50051", /brackets/],
  ["[::1", /brackets/],
  ["[::1]", /no port/],
  ["[localhost]:1", /not a host/],
  ["-x:1", /not a host/],
  ["é:1", /not a host/],
];
for (const [text, reason] of refused) {
  test(`${JSON.stringify(text)} is refused: ${reason.source}`, () => {
    const parsed = parseTarget(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, /^expected host:port, http:\/\/host:port or https:\/\/host\[:port\]: /);
    assert.match(parsed.message, reason);
  });
}

test("a name stands before the target", () => {
  const target = { host: "localhost", port: 50051, tls: false };
  assert.deepEqual(parseNamedTarget("library=localhost:50051"), {
    ok: true,
    value: { name: "library", target },
  });
  assert.deepEqual(parseNamedTarget("localhost:50051"), { ok: true, value: { target } });
  for (const text of [
    "=localhost:1",
    "a b=localhost:1",
    `${"x".repeat(65)}=localhost:1`,
    "a=b=localhost:1",
    "a=",
  ]) {
    assert.equal(parseNamedTarget(text).ok, false, text);
  }
});

test("parsing is the inverse of formatting", () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom("::1", "2001:db8::1", "::ffff:192.0.2.1"));
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65535 }), fc.boolean(), (name, port, tls) => {
      const target = { host: name.toLowerCase(), port, tls };
      assert.deepEqual(parseTarget(urlOf(target)), { ok: true, value: target });
      assert.deepEqual(parseTarget(formatTarget(target)), { ok: true, value: { ...target, tls: false } });
    }),
  );
});

test("no text makes parsing throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => typeof parseNamedTarget(text).ok === "boolean"),
  );
});
