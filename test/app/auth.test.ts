// Who calls, from the key files of a config to what clients of every protocol get: real keys, real signatures.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, type TestContext, test } from "node:test";
import { Code } from "@connectrpc/connect";
import { startLibraryServer } from "../../examples/library/server.ts";
import {
  audience,
  createSigningKey,
  issuer,
  keySetText,
  nowSeconds,
  type SigningKey,
  signToken,
} from "../auth/issuer.ts";
import { getBook, protocols } from "./asks.ts";
import { type OpenApp, openApp } from "./open-app.ts";

const scope = "books:read";
let [key, stranger]: SigningKey[] = [];
before(async () => {
  [key, stranger] = await Promise.all([createSigningKey("ES256", "k"), createSigningKey("ES256", "k")]);
});

async function open(t: TestContext, policy: object): Promise<OpenApp> {
  assert.ok(key);
  const library = await startLibraryServer();
  const app = await openApp(
    t,
    {
      upstreams: [`library=127.0.0.1:${library.port}`],
      drain: { grace: "1s" },
      auth: { jwt: { issuer, audience, jwks: "keys.json" }, apiKeys: "keys.txt" },
      methods: [{ selector: getBook, ...policy }],
    },
    {
      "keys.json": keySetText([key]),
      "keys.txt": `robot:${hashOf("good")}:${scope}\nvisitor:${hashOf("lesser")}:\n`,
    },
  );
  t.after(() => library.close());
  return app;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function bearer(claims: Record<string, unknown>, by = key): Promise<Record<string, string>> {
  assert.ok(by);
  return { authorization: `Bearer ${await signToken(by, claims)}` };
}

const callers: readonly (readonly [
  who: string,
  header: () => Promise<Record<string, string>> | Record<string, string>,
  code: number,
])[] = [
  ["nobody", () => ({}), Code.Unauthenticated],
  ["a token with the scope", () => bearer({ scope: `x ${scope}` }), 0],
  ["a token with another scope", () => bearer({ scope: "books:write" }), Code.PermissionDenied],
  ["a token that has expired", () => bearer({ scope, exp: nowSeconds() - 600 }), Code.Unauthenticated],
  ["a token for somebody else", () => bearer({ scope, aud: "https://other.test" }), Code.Unauthenticated],
  ["a token that a stranger signed", () => bearer({ scope }, stranger), Code.Unauthenticated],
  ["an API key with the scope", () => ({ "x-api-key": "good" }), 0],
  ["an API key without it", () => ({ "x-api-key": "lesser" }), Code.PermissionDenied],
  ["an API key that nobody gave out", () => ({ "x-api-key": "guessed" }), Code.Unauthenticated],
];

test("tokens and API keys open a method on every protocol, to those who have its scope", async (t) => {
  const { url } = await open(t, { auth: { scopes: [scope] } });
  for (const [who, header, code] of callers)
    for (const [name, ask] of protocols)
      assert.equal(await ask(url, await header()), code, `${who}: ${name}`);
});

test("a limit by principal is one count for all tokens of a subject, on all protocols", async (t) => {
  const rateLimit = [{ requests: protocols.length, per: "1h", key: "principal" }];
  const { url } = await open(t, { auth: "required", rateLimit });
  for (const header of [() => bearer({ sub: "alice" }), () => ({ "x-api-key": "good" })]) {
    for (const [name, ask] of protocols) assert.equal(await ask(url, await header()), 0, name);
    for (const [name, ask] of protocols)
      assert.equal(await ask(url, await header()), Code.ResourceExhausted, name);
  }
  for (const [name, ask] of protocols) assert.equal(await ask(url, await bearer({ sub: "bob" })), 0, name);
});
