import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseAddressRange } from "../../../src/pipeline/limit-key/address-range.ts";
import { compileLimitKey, type LimitKeyOf } from "../../../src/pipeline/limit-key/compile.ts";
import { parseLimitKey } from "../../../src/pipeline/limit-key/limit-key.ts";
import { encodeToken } from "../../../src/pipeline/limit-key/token.ts";
import type { Call } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { Identity } from "../../../src/rpc/identity.ts";
import type { Principal } from "../../../src/rpc/principal.ts";
import { streamOf } from "../../../src/rpc/stream.ts";
import { cookieValues } from "../../../src/transcode/cookie.ts";

interface Parts {
  readonly header?: readonly (readonly [string, string])[];
  readonly peer?: string;
  readonly path?: string;
  readonly identity?: Identity;
  readonly principal?: Principal;
  readonly message?: Uint8Array;
}
const signal = new AbortController().signal;
function callOf({ header = [], path = "/t.T/M", message = new Uint8Array(), ...rest }: Parts): Call {
  const method = { path, service: "t.T", name: "M", kind: "unary", idempotency: "unknown" } as const;
  return { method, header: Header.of(header), signal, kind: "unary", message, ...rest };
}

/** Reads the message as Latin-1, whatever the path; `broken` cannot be read. */
const fieldReader = (path: string) =>
  path === "absent"
    ? undefined
    : (message: Uint8Array) => {
        const text = Buffer.from(message).toString("latin1");
        return text === "broken" ? undefined : text;
      };
function compile(text: string, proxies: readonly string[] = []): LimitKeyOf {
  const key = parseLimitKey(text);
  assert.ok(typeof key !== "string", String(key));
  const trustedProxies = proxies.map((proxy) => {
    const range = parseAddressRange(proxy);
    assert.ok(typeof range !== "string");
    return range;
  });
  return compileLimitKey(key, { trustedProxies, fieldReader, cookieValues });
}
const keyOf = (text: string, parts: Parts): string => compile(text)(callOf(parts));
const cookie = (...values: string[]): Parts => ({
  header: values.map((value) => ["cookie", value] as const),
});
const user = (...values: string[]): Parts => ({ header: values.map((value) => ["x-user", value] as const) });
const identity = (subject: string, claims: Record<string, unknown> = {}): Parts => ({
  identity: { subject, claims, scopes: [] },
});
const certificate = (subject: string, fingerprint = "ab"): Parts => ({
  principal: { subject, alternativeNames: [], fingerprint },
});

const pairs: readonly [key: string, a: Parts, b: Parts, same: boolean, reason: string][] = [
  ["global", user("a"), { peer: "192.0.2.1" }, true, "everybody is one"],
  ["rpc", { path: "/t.T/A" }, { path: "/t.T/B" }, false, "methods are not"],
  ["ip", { peer: "192.0.2.1" }, { peer: "192.0.2.2" }, false, "two clients"],
  [
    "ip",
    { peer: "192.0.2.1" },
    { peer: "::ffff:192.0.2.1" },
    true,
    "a dual-stack socket says the same otherwise",
  ],
  ["ip", { peer: "2001:db8::1" }, { peer: "2001:db8::2:3" }, true, "one /64 is one client"],
  ["ip", {}, { peer: "nonsense" }, true, "those without an address"],
  ["header:x-user", user("a"), user("b"), false, "two users"],
  ["header:x-user", user("a"), user("A"), false, "values have a case"],
  ["header:x-user", user("a"), user(" a "), true, "spaces around a value do not count"],
  ["header:x-user", user("a"), user(), false, "who has none is not somebody"],
  ["header:x-user", user(""), user(), false, "an empty value is a value"],
  ["header:x-user", user("-"), user(), false, "nor is it spelled like the sign for none"],
  ["header:x-user", user("a"), user("a", "a"), true, "a value twice is that value"],
  ["header:x-user", user("a", "b"), user("a"), false, "who says two things says neither"],
  ["header:x-user", user("a", "1"), user("a", "2"), true, "and gets no new count by each lie"],
  ["header:x-user", user("a", "b"), user("b", "a", "c"), true, "in any order and number"],
  ["header:x-user", user("a", "b"), user("*"), false, "the sign for it cannot be written"],
  ["header:x-user", user("a, b"), user("a", "b"), false, "a list in one entry is one value"],
  ["header:cookie", cookie("a=1; b=2"), cookie("a=1", "b=2"), true, "HTTP/2 cuts cookies into pieces"],
  ["header:cookie", cookie("a=1", "b=2"), cookie("a=1", "b=3"), false, "they differ in one"],
  ["cookie:s", cookie("s=1"), cookie("t=0; s=1"), true, "other cookies do not count"],
  ["cookie:s", cookie("t=0; s=1"), cookie("t=0", "s=1"), true, "in pieces"],
  ["cookie:s", cookie("s=a%62"), cookie("s=ab"), true, "two spellings of one value"],
  ["cookie:s", cookie('s="ab"'), cookie("s=ab"), true, "in quotes"],
  ["cookie:s", cookie("s=1"), cookie("s=2"), false, "two sessions"],
  ["cookie:s", cookie("s=1; s=1"), cookie("s=1"), true, "twice the same"],
  ["cookie:s", cookie("s=1; s=2"), cookie("s=1; s=3"), true, "no new count by a second session"],
  ["principal", identity("a"), identity("b"), false, "two subjects"],
  ["principal", identity("a"), { ...identity("a"), ...certificate("CN=x") }, true, "the token comes first"],
  ["principal", identity("CN=x"), certificate("CN=x"), false, "a key is not taken for a certificate"],
  [
    "principal",
    identity("a", { iss: "x" }),
    identity("a", { iss: "y" }),
    false,
    "subjects are their issuer's",
  ],
  ["principal", identity("a", { iss: "x" }), identity("a"), false, "the key of that name is somebody else"],
  ["principal", certificate("CN=x", "01"), certificate("CN=x", "02"), true, "a renewed certificate"],
  ["principal", certificate("", "01"), certificate("", "02"), false, "without a subject its fingerprint"],
  [
    "principal",
    certificate("ab", "cd"),
    certificate("", "ab"),
    false,
    "a subject that looks like a fingerprint",
  ],
  ["principal", {}, identity("-"), false, "nobody is not somebody"],
  ["claim:org", identity("a", { org: "x" }), identity("b", { org: "x" }), true, "one organisation"],
  ["claim:org", identity("a", { org: "1" }), identity("a", { org: 1 }), false, "a text is no number"],
  ["claim:org", identity("a", { org: null }), identity("a"), true, "null is none"],
  ["claim:org", identity("a", { org: ["x"] }), identity("a", { org: ["y"] }), false, "lists by their items"],
  ["claim:org", identity("a", { org: '["x"]' }), identity("a", { org: ["x"] }), false, "a text is no list"],
  ["claim:org", identity("a"), {}, true, "no claim, no identity"],
  ["claim:constructor", identity("a"), {}, true, "what every object has is no claim"],
  ["claim:__proto__", identity("a"), {}, true, "nor is this"],
  [
    "claim:org",
    identity("a", { org: "\ud800" }),
    identity("a", { org: "\ud801" }),
    false,
    "broken UTF-16 differs",
  ],
  [
    "claim:org",
    identity("a", { org: "\ud800" }),
    identity("a", { org: "\ufffd" }),
    false,
    "from what it becomes, too",
  ],
  ["field:a", { message: Buffer.from("x") }, { message: Buffer.from("y") }, false, "two values"],
  ["field:a", { message: Buffer.from("broken") }, { message: Buffer.from("") }, false, "broken is not empty"],
  ["field:absent", { message: Buffer.from("x") }, { message: Buffer.from("y") }, true, "no such field"],
  [
    "header:a,header:b",
    { header: [["a", "1"]] },
    { header: [["b", "1"]] },
    false,
    "a value belongs to its name",
  ],
  [
    "header:a,header:b",
    {
      header: [
        ["a", "x1:y"],
        ["b", ""],
      ],
    },
    {
      header: [
        ["a", "x"],
        ["b", "y"],
      ],
    },
    false,
    "joined values do not imitate others",
  ],
];
describe("a key", () => {
  for (const [key, a, b, same, reason] of pairs) {
    test(`by ${key} is ${same ? "one" : "another"}: ${reason}`, () => {
      const compiled = compile(key);
      assert.equal(compiled(callOf(a)) === compiled(callOf(b)), same);
    });
  }

  test("by ip sees through trusted proxies only", () => {
    const call = callOf({ peer: "10.0.0.1", header: [["x-forwarded-for", "6.6.6.6, 192.0.2.9, 10.0.0.1"]] });
    assert.equal(compile("ip", ["10.0.0.0/8"])(call), encodeToken("192.0.2.9"));
    assert.equal(compile("ip")(call), encodeToken("10.0.0.1"));
  });

  test("of a stream reads its first message, and is another where there is none", () => {
    const call: Call = { ...callOf({}), kind: "stream", messages: streamOf() };
    const compiled = compile("field:a");
    assert.equal(compiled(call, Buffer.from("x")), compiled(callOf({ message: Buffer.from("x") })));
    assert.notEqual(compiled(call), compiled(call, Buffer.from("")));
  });

  test("is the same text exactly where all values are the same", () => {
    const compiled = compile("header:a,header:b,claim:c");
    const value = fc.option(
      fc.oneof(
        fc.constantFrom("", "-", "*", "0:", "1:a", "a1:b", "#", "="),
        fc.string({ unit: fc.constantFrom("1", ":", "a", "-", "é"), maxLength: 5 }),
        fc.string({ minLength: 30, maxLength: 60 }),
      ),
      { nil: undefined },
    );
    const tuple = fc.tuple(value, value, value);
    const textOf = ([a, b, c]: readonly [
      string | undefined,
      string | undefined,
      string | undefined,
    ]): string => {
      const header: [string, string][] = [];
      if (a !== undefined) header.push(["a", a]);
      if (b !== undefined) header.push(["b", b]);
      return compiled(callOf({ header, ...identity("x", c === undefined ? {} : { c }) }));
    };
    const trimmed = ([a, b, c]: readonly (string | undefined)[]) =>
      JSON.stringify([a?.trim() ?? null, b?.trim() ?? null, c ?? null]);
    fc.assert(
      fc.property(tuple, tuple, (one, other) => {
        assert.equal(textOf(one) === textOf(other), trimmed(one) === trimmed(other));
      }),
      { numRuns: 5000 },
    );
  });

  test("is short ASCII whatever the values", () => {
    const compiled = compile("header:a,header:b,header:c,header:d,principal,claim:x,field:f,ip");
    const long = "x".repeat(1 << 20);
    const keys = [long, `${long}y`, "é".repeat(1000), "\0"].map((value) =>
      compiled(
        callOf({
          header: ["a", "b", "c", "d"].map((name) => [name, value] as const),
          ...identity(value, { iss: value, x: value }),
          message: Buffer.from(value),
          peer: value,
        }),
      ),
    );
    for (const key of keys) assert.match(key, /^[ -~]{1,128}$/);
    assert.equal(new Set(keys).size, keys.length);
    assert.match(keyOf("header:x-user", user(long)), /^[ -~]{1,44}$/);
  });
});
