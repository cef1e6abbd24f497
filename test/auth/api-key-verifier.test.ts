import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseApiKeys } from "../../src/auth/api-key-file.ts";
import { createApiKeyVerifier } from "../../src/auth/api-key-verifier.ts";
import { silentLogger } from "../support/silent-logger.ts";

const folder = mkdtempSync(join(tmpdir(), "protogate-api-keys-"));
after(() => rmSync(folder, { recursive: true }));

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hash = sha256("k1");

test("a line is a name, the hash of a key, and scopes", () => {
  const keys = parseApiKeys(
    [
      "# our customers",
      "",
      `acme:${hash}:books.read books:write`,
      `  acme:${sha256("k2").toUpperCase()}  \r`,
      `team/ci@build.1:${sha256("k3")}: `,
    ].join("\n"),
  );
  assert.deepEqual(
    [...keys.values()].map(({ subject, scopes }) => [subject, ...scopes]),
    [["acme", "books.read", "books:write"], ["acme"], ["team/ci@build.1"]],
  );
  assert.equal(keys.get(sha256("k2"))?.subject, "acme");
});

test("an empty file has no keys", () => {
  assert.equal(parseApiKeys("").size, 0);
  assert.equal(parseApiKeys("# nobody yet\n").size, 0);
});

const wrong: readonly (readonly [string, RegExp, string])[] = [
  ["acme", /^line 1: expected name:sha256:scopes$/, "a name alone"],
  ["acme:hunter2-hunter2:read", /line 1: expected the SHA-256 .* sha256sum/, "the key itself"],
  [`acme:${hash.slice(1)}`, /SHA-256/, "63 digits"],
  [`:${hash}`, /name/, "no name"],
  [`a b:${hash}`, /name/, "a name with a space"],
  [`${"n".repeat(129)}:${hash}`, /name/, "a long name"],
  [`acme:${hash}:a"b`, /scope/, "a quote in a scope"],
  [`acme:${hash}:é`, /scope/, "a scope beyond ASCII"],
  [`# x\na:${hash}\nb:${hash}`, /^line 3: the key of line 2 again$/, "one key for two names"],
  [`a\nb\nc:${hash}\nd`, /^line 1: .*; line 2: .*; line 4: /, "every wrong line"],
  ["x\n".repeat(500), /line 10: [^;]*; and 490 more$/, "a file of another kind"],
];
test("a wrong line is refused by its number, without a word of it", () => {
  for (const [text, reason, why] of wrong) {
    assert.throws(
      () => parseApiKeys(text),
      (error: Error) => {
        assert.match(error.message, reason, why);
        assert.ok(!error.message.includes("hunter2"));
        return true;
      },
    );
  }
});

function createFor(file: string) {
  const clock = { ms: 0 };
  return {
    clock,
    verifier: createApiKeyVerifier({ file, logger: silentLogger, monotonicNow: () => clock.ms }),
  };
}

test("a key of the file is verified, others are not, whatever they are", async () => {
  const file = join(folder, "keys");
  writeFileSync(file, `acme:${hash}:read\n`);
  const { verifier } = createFor(file);
  assert.deepEqual(await verifier.verify("k1"), {
    kind: "verified",
    identity: { subject: "acme", claims: {}, scopes: ["read"] },
  });
  for (const key of ["", "K1", "k1 ", hash, "acme", "__proto__", "k".repeat(1_000_000), "\ud800"]) {
    assert.deepEqual(await verifier.verify(key), { kind: "invalid", reason: "the API key is not known" });
  }
  for (let i = 0; i < 10_000; i++) {
    assert.equal((await verifier.verify(randomBytes(24).toString("hex"))).kind, "invalid");
  }
});

test("a change of the file counts within a second; a wrong one, and none, leave the keys as they were", async () => {
  const file = join(folder, "changing");
  writeFileSync(file, `acme:${hash}\n`);
  const { verifier, clock } = createFor(file);
  await verifier.refresh();
  const kindOf = async (key: string) => (await verifier.verify(key)).kind;
  assert.equal(await kindOf("k1"), "verified");
  writeFileSync(file, `beta:${sha256("k2")}\n`);
  clock.ms += 1000;
  assert.equal(await kindOf("k1"), "invalid");
  assert.equal(await kindOf("k2"), "verified");
  writeFileSync(file, "beta:oops\n");
  clock.ms += 1000;
  assert.equal(await kindOf("k2"), "verified");
  await assert.rejects(verifier.refresh(), /changing: line 1: /);
  rmSync(file);
  await assert.rejects(verifier.refresh(), /ENOENT/);
  assert.equal(await kindOf("k2"), "verified");
});

test("without a file that can be read nobody can say who is right", async () => {
  const { verifier } = createFor(join(folder, "missing"));
  assert.equal((await verifier.verify("k1")).kind, "unavailable");
});
