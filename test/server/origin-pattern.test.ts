import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createOriginSet, isSameHost, parseOrigin } from "../../src/server/origin-pattern.ts";

const read: readonly (readonly [text: string, value: string, reason: string])[] = [
  ["https://app.example.com", "https://app.example.com", "as browsers send it"],
  ["HTTPS://App.Example.COM:443", "https://app.example.com", "lower case, without the default port"],
  ["http://localhost:80", "http://localhost", "http has a default port too"],
  ["https://a:80", "https://a:80", "another scheme's default is none"],
  ["https://*.example.com", "https://*.example.com", "all names below"],
  ["http://localhost:*", "http://localhost:*", "all ports"],
  ["http://[::1]:8080", "http://[::1]:8080", "an IPv6 address"],
  ["chrome-extension://abcdefghij", "chrome-extension://abcdefghij", "an extension"],
  ["*", "*", "every one"],
  ["null", "null", "files and sandboxed frames"],
];
for (const [text, value, reason] of read) {
  test(`${text} is an origin: ${reason}`, () => assert.deepEqual(parseOrigin(text), { ok: true, value }));
}

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ["https://app.example.com/", /no path and no slash/],
  ["https://app.example.com/x", /no path and no slash/],
  ["app.example.com", /with its scheme/],
  ["", /with its scheme/],
  ["*.example.com", /with its scheme/],
  ["https://*", /`\*` only as the first label/],
  ["https://a.*.com", /`\*` only as the first label/],
  ["https://*example.com", /`\*` only as the first label/],
  ["https://a:70000", /a port up to 65535/],
  ["https://a b", /expected an origin/],
];
for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is no origin`, () => {
    const outcome = parseOrigin(text);
    assert.match(outcome.ok ? "" : outcome.message, message);
  });
}

const members: readonly (readonly [origin: string, pattern: string, has: boolean, reason: string])[] = [
  ["https://a.example.com", "https://a.example.com", true, "the same"],
  ["http://a.example.com", "https://a.example.com", false, "another scheme"],
  ["https://a.example.com:8443", "https://a.example.com", false, "another port"],
  ["https://b.a.example.com", "https://a.example.com", false, "a name below, which was not asked for"],
  ["https://a.example.com", "https://*.example.com", true, "a name below"],
  ["https://b.a.example.com", "https://*.example.com", true, "two names below"],
  ["https://example.com", "https://*.example.com", false, "not below itself"],
  ["https://.example.com", "https://*.example.com", false, "an empty label"],
  ["https://evilexample.com", "https://*.example.com", false, "a name that only ends so"],
  ["https://a.example.com.evil.org", "https://*.example.com", false, "a name that only begins so"],
  ["https://evil.org/.example.com", "https://*.example.com", false, "no browser sends a path"],
  ["https://evil.org#.example.com", "https://*.example.com", false, "nor a fragment"],
  ["https://evil.org:80.example.com", "https://*.example.com", false, "nor a port in the middle"],
  ["https://a.example.com:8443", "https://*.example.com", false, "a port that was not asked for"],
  ["https://a.example.com:8443", "https://*.example.com:8443", true, "the port"],
  ["http://localhost:5173", "http://localhost:*", true, "any port"],
  ["http://localhost", "http://localhost:*", true, "the default one as well"],
  ["http://localhost:x", "http://localhost:*", false, "no port"],
  ["http://localhost.evil.org", "http://localhost:*", false, "another host"],
  ["null", "https://a.example.com", false, "a sandboxed page is nobody"],
  ["null", "null", true, "unless it was asked for"],
  ["anything at all", "*", true, "every one"],
];
for (const [origin, pattern, has, reason] of members) {
  test(`${origin} is ${has ? "" : "not "}in ${pattern}: ${reason}`, () => {
    assert.equal(createOriginSet([pattern]).has(origin), has);
  });
}

const hosts: readonly (readonly [origin: string, host: string | undefined, same: boolean])[] = [
  ["https://a.example.com", "a.example.com", true],
  ["https://a.example.com", "A.example.com:443", true],
  ["http://a.example.com", "a.example.com:80", true],
  ["http://127.0.0.1:8080", "127.0.0.1:8080", true],
  ["http://[::1]:8080", "[::1]:8080", true],
  ["https://a.example.com", "a.example.com:80", false],
  ["https://a.example.com", "b.example.com", false],
  ["https://a.example.com:8443", "a.example.com", false],
  ["null", "null", false],
  ["https://a", undefined, false],
  ["", "", false],
];
for (const [origin, host, same] of hosts) {
  test(`${origin} is ${same ? "" : "not "}a page of ${host}`, () =>
    assert.equal(isSameHost(origin, host), same));
}

test("an origin that is read is in its own set, and reading it again changes nothing", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const origin = fc
    .tuple(fc.constantFrom("http", "https"), fc.array(label, { minLength: 1, maxLength: 4 }), fc.nat(65_535))
    .map(([scheme, labels, port]) => `${scheme}://${labels.join(".")}:${port}`);
  fc.assert(
    fc.property(origin, (text) => {
      const outcome = parseOrigin(text);
      assert.ok(outcome.ok);
      assert.deepEqual(parseOrigin(outcome.value), outcome);
      assert.ok(createOriginSet([outcome.value]).has(outcome.value));
    }),
  );
});

test("no text makes reading or asking throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (a, b) => {
      parseOrigin(a);
      createOriginSet([a, "https://*.x"]).has(b);
      isSameHost(a, b);
    }),
  );
});
