import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { exportSPKI, importJWK, type JWK, SignJWT } from "jose";
import type { TokenVerifierOptions } from "../../src/auth/token-options.ts";
import { createTokenVerifier } from "../../src/auth/token-verifier.ts";
import type { Verdict } from "../../src/auth/verifier.ts";
import { silentLogger } from "../support/silent-logger.ts";
import {
  audience,
  createSigningKey,
  issuer,
  keySetText,
  nowSeconds,
  signToken,
  startKeyServer,
} from "./issuer.ts";

const folder = mkdtempSync(join(tmpdir(), "protogate-auth-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function keyFile(text: string): string {
  const file = join(folder, `keys-${files++}.json`);
  writeFileSync(file, text);
  return file;
}

const rsa = await createSigningKey("RS256", "rsa");
const pss = await createSigningKey("PS384", "pss");
const ec = await createSigningKey("ES256", "ec");
const ed = await createSigningKey("EdDSA", "ed");
const stranger = await createSigningKey("ES256", "ec");
const keys = [rsa, pss, ec, ed];
const jwks = keyFile(keySetText(keys));

const create = (options: Partial<TokenVerifierOptions> = {}) =>
  createTokenVerifier({ issuer, audience, jwks, logger: silentLogger, ...options });
const reasonOf = (verdict: Verdict): string => (verdict.kind === "verified" ? "verified" : verdict.reason);

for (const key of keys) {
  test(`a token signed with ${key.alg} is verified, and says who and what`, async () => {
    const verdict = await create().verify(
      await signToken(key, { scope: "books.read books.write", org: "acme" }),
    );
    assert.equal(verdict.kind, "verified");
    assert.equal(verdict.kind === "verified" && verdict.identity.subject, "alice");
    assert.equal(verdict.kind === "verified" && verdict.identity.claims.org, "acme");
    assert.deepEqual(verdict.kind === "verified" && verdict.identity.scopes, ["books.read", "books.write"]);
  });
}

const scopes: readonly (readonly [Record<string, unknown>, readonly string[], string])[] = [
  [{ scope: " a  b " }, ["a", "b"], "RFC 8693: a text with spaces"],
  [{ scp: ["a", "b"] }, ["a", "b"], "Okta: a list"],
  [{ scp: "a b" }, ["a", "b"], "Entra ID: a text"],
  [{ scope: ["a", 1, null, "b"] }, ["a", "b"], "what is no text is no scope"],
  [{ scope: { a: 1 } }, [], "an object has none"],
  [{}, [], "none by default"],
  [{ scope: "a", scp: "b" }, ["a"], "the standard claim counts"],
];
test("scopes are read from scope or scp, as text or as list", async () => {
  const verifier = create();
  for (const [claims, expected, why] of scopes) {
    const verdict = await verifier.verify(await signToken(ec, claims));
    assert.deepEqual(verdict.kind === "verified" && verdict.identity.scopes, expected, why);
  }
});

const past = nowSeconds() - 3600;
const claimRows: readonly (readonly [Record<string, unknown>, RegExp, string])[] = [
  [{ exp: past }, /expired/, "it has expired"],
  [{ exp: undefined }, /when it expires/, "it would be good for ever"],
  [{ exp: "tomorrow" }, /when it expires/, "its end is no number"],
  [{ nbf: nowSeconds() + 3600 }, /not valid yet/, "its time has not come"],
  [{ aud: "https://other.test" }, /audience/, "it is for somebody else"],
  [{ aud: ["https://other.test", `${audience}/`] }, /audience/, "audiences are compared exactly"],
  [{ aud: [] }, /audience/, "it is for nobody"],
  [{ aud: undefined }, /audience/, "it does not say for whom it is"],
  [{ aud: { [audience]: 1 } }, /audience/, "an object is no list"],
  [{ aud: audience.toUpperCase() }, /audience/, "case counts"],
  [{ iss: "https://evil.test/" }, /issuer/, "another issuer"],
  [{ iss: issuer.slice(0, -1) }, /issuer/, "a prefix of the issuer"],
  [{ iss: undefined }, /issuer/, "nobody has issued it"],
  [{ iss: [issuer] }, /no JWT|issuer/, "a list is no issuer"],
  [{ sub: undefined }, /subject/, "it is about nobody"],
  [{ sub: "" }, /subject/, "an empty subject"],
  [{ sub: 7 }, /subject/, "a number is no subject"],
  [{ sub: "x".repeat(1025) }, /subject/, "a subject that would not fit into a header"],
  [{ sub: "\ud800" }, /subject/, "half a character would read as another subject at the backend"],
];
test("a token whose claims do not hold is refused, and the reason says which", async () => {
  const verifier = create();
  for (const [claims, reason, why] of claimRows) {
    assert.match(reasonOf(await verifier.verify(await signToken(ec, claims))), reason, why);
  }
});

test("one of several audiences and one of several issuers is enough", async () => {
  const token = await signToken(ec, { aud: ["https://other.test", audience] });
  assert.equal((await create().verify(token)).kind, "verified");
  const several = create({ issuer: ["https://first.test/", issuer], audience: ["first", audience] });
  assert.equal((await several.verify(token)).kind, "verified");
});

test("the issuer's clock may differ by the tolerance and no more", async () => {
  const token = await signToken(ec, { exp: nowSeconds() - 30 });
  assert.equal((await create().verify(token)).kind, "verified");
  assert.match(reasonOf(await create({ clockToleranceMs: 10_000 }).verify(token)), /expired/);
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const goodClaims = { iss: issuer, aud: audience, sub: "mallory", exp: nowSeconds() + 600 };

/** A token with this header whose signature is an HMAC with whatever an attacker may know. */
function hmacToken(header: Record<string, unknown>, secret: string | Uint8Array): string {
  const signed = `${encode(header)}.${encode(goodClaims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

test("what attackers make of tokens is refused, at once or after a look at the keys", async () => {
  const publicKey = await importJWK(rsa.jwk as JWK, "RS256");
  assert.ok(!(publicKey instanceof Uint8Array));
  const pem = await exportSPKI(publicKey);
  const good = await signToken(ec);
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const evil = await startKeyServer(() => keySetText([stranger]));
  const attacks: readonly (readonly [string, string])[] = [
    [`${encode({ alg: "none" })}.${encode(goodClaims)}.`, "alg none"],
    [`${encode({ alg: "None", kid: "ec" })}.${encode(goodClaims)}.`, "alg None"],
    [`${encode({ alg: "nOnE" })}.${encode(goodClaims)}.${signature}`, "alg nOnE with a signature"],
    [`${encode({ kid: "ec" })}.${encode(goodClaims)}.${signature}`, "no alg"],
    [`${encode({ alg: ["ES256"], kid: "ec" })}.${payload}.${signature}`, "a list as alg"],
    [hmacToken({ alg: "HS256", kid: "rsa" }, pem), "HS256 with the public key in PEM"],
    [hmacToken({ alg: "HS256", kid: "rsa" }, JSON.stringify(rsa.jwk)), "HS256 with the public JWK"],
    [hmacToken({ alg: "HS256", kid: "../../../../dev/null" }, ""), "HS256 with a path as kid"],
    [await signToken(stranger), "another key under a known kid"],
    [await signToken(stranger, {}, { kid: "../../../../etc/passwd" }), "a path as kid"],
    [await signToken(stranger, {}, { kid: "' OR 1=1 --" }), "SQL as kid"],
    [await signToken(stranger, {}, { kid: "__proto__" }), "a prototype as kid"],
    [await signToken(stranger, {}, { kid: "" }), "an empty kid"],
    [await signToken(stranger, {}, { kid: undefined }), "no kid, another key"],
    [await signToken(stranger, {}, { jku: evil.url }), "keys of the attacker's by jku"],
    [await signToken(stranger, {}, { x5u: evil.url }), "keys of the attacker's by x5u"],
    [await signToken(stranger, {}, { jwk: stranger.jwk }), "the attacker's key in the header"],
    [await signToken(ec, {}, { kid: "rsa" }), "the kid of a key of another type"],
    [
      await signToken(ec, {}, { crit: ["urn:test"], "urn:test": 1 }),
      "a critical extension that nobody knows",
    ],
    [
      `${encode({ alg: "ES256", kid: "ec", b64: false, crit: ["b64"] })}.${payload}.${signature}`,
      "b64 false",
    ],
    [`${header}.${encode(goodClaims)}.${signature}`, "claims of another token"],
    [`${header}.${payload}.`, "no signature"],
    [`${header}.${payload}.${signature.slice(0, -4)}`, "a signature cut short"],
    [`${header}.${payload}.${"A".repeat(86)}`, "ECDSA with r = s = 0 (CVE-2022-21449)"],
    [`${header}.${payload}`, "two parts"],
    [`${good}.x`, "four parts"],
    [`${header}.${payload}.${signature}.${signature}.${signature}`, "five parts: an encrypted token"],
    ["..", "three empty parts"],
    ["", "nothing"],
    [`${encode([])}.${payload}.${signature}`, "a list as header"],
    [`${encode(null)}.${payload}.${signature}`, "null as header"],
    [`${header}.${Buffer.from("[".repeat(12_000)).toString("base64url")}.x`, "12,000 nested lists"],
    [`${header}.${payload}.${signature}\u0000`, "a zero byte"],
    [`${header}.${payload}.${signature} `, "a space"],
    [`${good},${good}`, "two tokens with a comma, as a proxy joins two headers"],
    ["\ud83d\udca9.\ud83d\udca9.\ud83d\udca9", "no ASCII"],
    [JSON.stringify({ payload, signatures: [{ protected: header, signature }] }), "JSON serialization"],
  ];
  try {
    const verifier = create();
    for (const [token, why] of attacks) {
      const verdict = await verifier.verify(token);
      assert.equal(verdict.kind, "invalid", why);
      for (const piece of ["mallory", "alice", "passwd", evil.url, "evil"]) {
        assert.ok(!JSON.stringify(verdict).includes(piece), `${why}: the reason quotes the token`);
      }
    }
    assert.equal(evil.count, 0);
    assert.equal((await verifier.verify(good)).kind, "verified");
  } finally {
    await evil.close();
  }
});

test("a token of 1 MB is refused without a look at it", () => {
  assert.deepEqual(create().verify("x.".repeat(500_000)), {
    kind: "invalid",
    reason: "the token is too long",
  });
});

test("what a token carries of keys does not matter where its signature is right", async () => {
  const evil = await startKeyServer(() => keySetText([stranger]));
  try {
    const token = await signToken(ec, {}, { jku: evil.url, x5u: evil.url, jwk: stranger.jwk });
    assert.equal((await create().verify(token)).kind, "verified");
    assert.equal(evil.count, 0);
  } finally {
    await evil.close();
  }
});

test("an algorithm that is not among those pinned is refused though its key is there", async () => {
  const pinned = create({ algorithms: ["RS256"] });
  assert.equal((await pinned.verify(await signToken(rsa))).kind, "verified");
  assert.match(reasonOf(await pinned.verify(await signToken(ec))), /algorithm/);
  assert.match(reasonOf(await pinned.verify(await signToken(ed))), /algorithm/);
});

test("a token without a kid is tried with every key that fits", async () => {
  const [first, second, third] = [
    await createSigningKey("ES256"),
    await createSigningKey("ES256"),
    await createSigningKey("ES256"),
  ];
  const verifier = create({ jwks: keyFile(keySetText([first, second])) });
  assert.equal((await verifier.verify(await signToken(first))).kind, "verified");
  assert.equal((await verifier.verify(await signToken(second))).kind, "verified");
  assert.match(reasonOf(await verifier.verify(await signToken(second, { exp: past }))), /expired/);
  assert.match(reasonOf(await verifier.verify(await signToken(third))), /key/);
});

test("a key set with two keys of one kid takes tokens of both", async () => {
  const twin = await createSigningKey("ES256", "ec");
  const verifier = create({ jwks: keyFile(keySetText([ec, twin])) });
  assert.equal((await verifier.verify(await signToken(ec))).kind, "verified");
  assert.equal((await verifier.verify(await signToken(twin))).kind, "verified");
  assert.equal((await verifier.verify(await signToken(stranger))).kind, "invalid");
});

test("keys that are no use do not stand in the way of the others", async () => {
  const { kid: _, ...short } = rsa.jwk;
  const text = JSON.stringify({
    keys: [
      null,
      7,
      {},
      { kty: "oct", k: "c2VjcmV0", kid: "ec" },
      { kty: "EC", crv: "P-256", x: "AA", y: "AA", kid: "bad", alg: "ES256" },
      { ...short, n: short.n?.slice(0, 100), kid: "short" },
      ec.jwk,
    ],
  });
  const verifier = create({ jwks: keyFile(text) });
  assert.equal((await verifier.verify(await signToken(ec))).kind, "verified");
  assert.equal((await verifier.verify(await signToken(stranger, {}, { kid: "bad" }))).kind, "invalid");
  assert.equal((await verifier.verify(await signToken(rsa, {}, { kid: "short" }))).kind, "invalid");
});

test("shared secrets are for files and for HS* alone", async () => {
  const secret = randomBytes(32);
  const file = keyFile(JSON.stringify({ keys: [{ kty: "oct", kid: "s", k: secret.toString("base64url") }] }));
  const signed = (kid?: string) =>
    new SignJWT(goodClaims)
      .setProtectedHeader({ alg: "HS256", ...(kid !== undefined && { kid }) })
      .sign(secret);
  const verifier = create({ jwks: file, algorithms: ["HS256"] });
  assert.equal((await verifier.verify(await signed("s"))).kind, "verified");
  assert.equal((await verifier.verify(await signed())).kind, "verified");
  assert.equal((await verifier.verify(await signed("other"))).kind, "invalid");
  assert.equal((await verifier.verify(hmacToken({ alg: "HS256", kid: "s" }, "guess"))).kind, "invalid");
  assert.equal((await verifier.verify(await signToken(ec))).kind, "invalid");
  // The same file where public keys are expected has none.
  await assert.rejects(create({ jwks: file }).refresh(), /none of its 1 keys is a public key/);
});

const wrongOptions: readonly (readonly [Partial<TokenVerifierOptions>, RegExp])[] = [
  [{ algorithms: ["none"] }, /"none" is none of/],
  [{ algorithms: [] }, /at least one/],
  [{ algorithms: ["RS256", "HS256"] }, /public key pass for a shared secret/],
  [{ algorithms: ["HS256"], jwks: "https://issuer.test/keys" }, /name a file/],
  [{ algorithms: ["RS1"] }, /"RS1"/],
  [{ issuer: [] }, /issuer: expected at least one/],
  [{ issuer: "" }, /issuer/],
  [{ audience: [] }, /audience: expected at least one/],
  [{ audience: ["a", ""] }, /audience/],
  [{ jwks: "http://issuer.test/keys" }, /whoever is on the way/],
  [{ jwks: "http://localhost.evil.test/keys" }, /whoever is on the way/],
  [{ jwks: "https://user:secret@issuer.test/keys" }, /no room for credentials/],
  [{ jwks: "ftp://issuer.test/keys" }, /https:/],
  [{ jwks: "file:///etc/passwd" }, /https:/],
  [{ jwks: "https://" }, /https:/],
];
test("options that cannot work are refused by name", () => {
  for (const [options, expected] of wrongOptions) assert.throws(() => create(options), expected);
  create({ jwks: "http://issuer.test/keys", allowHttp: true });
});

test("10,000 wrong tokens are refused, and a good one is good before and after", async () => {
  const verifier = create();
  const good = await signToken(ec);
  assert.equal((await verifier.verify(good)).kind, "verified");
  const [header, payload] = good.split(".") as [string, string];
  for (let i = 0; i < 10_000; i++) {
    // Random texts, tokens of other issuers, and wrong signatures.
    const kinds = [
      `${randomBytes(30).toString("base64url")}.${randomBytes(90).toString("base64url")}.x`,
      `${header}.${encode({ ...goodClaims, iss: `https://${i}.test` })}.x`,
      `${header}.${payload}.${randomBytes(64).toString("base64url")}`,
    ];
    assert.equal((await verifier.verify(kinds[i % 3] ?? "")).kind, "invalid");
  }
  // At once: it is still remembered.
  assert.equal((verifier.verify(good) as Verdict).kind, "verified");
});

test("a verified token is remembered for a minute, by a clock that does not jump, and never beyond its end", async () => {
  let wallMs = Date.now();
  let monotonicMs = 1000;
  const now = () => wallMs;
  const verifier = create({ now, monotonicNow: () => monotonicMs, clockToleranceMs: 0 });
  const token = await signToken(ec, { exp: Math.floor(wallMs / 1000) + 30 });
  const first = await verifier.verify(token);
  assert.equal(verifier.verify(token), first);
  wallMs += 31_000;
  assert.match(reasonOf(await verifier.verify(token)), /expired/);
  wallMs -= 31_000;
  assert.equal(await verifier.verify(token), first);
  monotonicMs += 61_000;
  const later = await verifier.verify(token);
  assert.notEqual(later, first);
  assert.deepEqual(later, first);
});
