// An issuer of tokens for tests: real keys, real signatures, and a real HTTP server that publishes the keys.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export const issuer = "https://issuer.test/";
export const audience = "https://api.test";

export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  /** Public. */
  readonly jwk: JWK;
}

type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

export async function createSigningKey(alg: string, kid?: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, use: "sig", ...(kid !== undefined && { kid }) };
  return { alg, kid, privateKey, jwk };
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A good token, but for what is said; a claim or header that is undefined is left out. */
export function signToken(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const payload = {
    iss: issuer,
    aud: audience,
    sub: "alice",
    exp: nowSeconds() + 600,
    ...claims,
  };
  const protectedHeader = { alg: key.alg, ...(key.kid !== undefined && { kid: key.kid }), ...header };
  const signing = new SignJWT(withoutUndefined(payload) as JWTPayload).setProtectedHeader(protectedHeader);
  return signing.sign(key.privateKey, { crit: { "urn:test": true } });
}

export function withoutUndefined(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

export function keySetText(keys: readonly { readonly jwk: JWK }[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

export interface KeyServer {
  readonly url: string;
  /** Requests so far. */
  readonly count: number;
  /** How the next requests are answered. */
  answer: (response: Parameters<Parameters<typeof createServer>[1] & object>[1]) => void;
  close(): Promise<void>;
}

/** Publishes what `text` gives at each request, until another `answer` is set. */
export async function startKeyServer(text: () => string): Promise<KeyServer> {
  let count = 0;
  const server: Server = createServer((_request, response) => {
    count++;
    state.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state: KeyServer = {
    url: `http://127.0.0.1:${port}/keys`,
    get count() {
      return count;
    },
    answer: (response) => {
      response.setHeader("content-type", "application/json");
      response.end(text());
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}
