import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createSocketServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { TokenVerifierOptions } from "../../src/auth/token-options.ts";
import { createTokenVerifier } from "../../src/auth/token-verifier.ts";
import type { Verdict } from "../../src/auth/verifier.ts";
import type { LogFields, Logger } from "../../src/rpc/logger.ts";
import { silentLogger } from "../support/silent-logger.ts";
import {
  audience,
  createSigningKey,
  issuer,
  keySetText,
  type SigningKey,
  signToken,
  startKeyServer,
} from "./issuer.ts";

const old = await createSigningKey("ES256", "2025");
const fresh = await createSigningKey("ES256", "2026");
const unknown = await createSigningKey("ES256", "nobody's");

/** A verifier by URL whose monotonic clock the test moves. */
function createByUrl(jwks: string, options: Partial<TokenVerifierOptions> = {}) {
  const clock = { ms: 0 };
  const verifier = createTokenVerifier({
    issuer,
    audience,
    jwks,
    logger: silentLogger,
    monotonicNow: () => clock.ms,
    ...options,
  });
  return { verifier, clock };
}

async function serve(keys: SigningKey[]) {
  const published = { keys };
  const server = await startKeyServer(() => keySetText(published.keys));
  return { server, published };
}

const kindOf = async (verdict: Verdict | Promise<Verdict>): Promise<Verdict["kind"]> => (await verdict).kind;

test("keys are fetched when the first token comes, once for all that wait", async () => {
  const { server } = await serve([old]);
  try {
    const { verifier } = createByUrl(server.url);
    assert.equal(server.count, 0);
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) => signToken(old, { sub: `user-${i}` })),
    );
    const kinds = await Promise.all(tokens.map((token) => kindOf(verifier.verify(token))));
    assert.deepEqual(new Set(kinds), new Set(["verified"]));
    assert.equal(server.count, 1);
  } finally {
    await server.close();
  }
});

test("a token that no key could help makes nobody fetch keys", async () => {
  const { server } = await serve([old]);
  try {
    const { verifier } = createByUrl(server.url);
    assert.equal(await kindOf(verifier.verify("a.b.c")), "invalid");
    assert.equal(
      await kindOf(verifier.verify(await signToken(old, { iss: "https://evil.test/" }))),
      "invalid",
    );
    assert.equal(server.count, 0);
  } finally {
    await server.close();
  }
});

test("a new key is found when its first token comes, and the old one ends when it is gone", async () => {
  const { server, published } = await serve([old]);
  try {
    const { verifier, clock } = createByUrl(server.url);
    const oldToken = await signToken(old);
    assert.equal(await kindOf(verifier.verify(oldToken)), "verified");
    published.keys = [old, fresh];
    clock.ms += 20_000;
    assert.equal(await kindOf(verifier.verify(await signToken(fresh))), "verified");
    assert.equal(await kindOf(verifier.verify(oldToken)), "verified");
    assert.equal(server.count, 2);
    published.keys = [fresh];
    // Old enough that callers wait for newer keys; what was remembered by the old ones is not believed any more.
    clock.ms += 600_000;
    assert.equal(await kindOf(verifier.verify(oldToken)), "invalid");
    assert.equal(server.count, 3);
  } finally {
    await server.close();
  }
});

test("keys without names change too", async () => {
  const [first, second] = [await createSigningKey("EdDSA"), await createSigningKey("EdDSA")];
  const { server, published } = await serve([first]);
  try {
    const { verifier, clock } = createByUrl(server.url);
    assert.equal(await kindOf(verifier.verify(await signToken(first))), "verified");
    published.keys = [second];
    clock.ms += 20_000;
    assert.equal(await kindOf(verifier.verify(await signToken(second))), "verified");
    assert.equal(await kindOf(verifier.verify(await signToken(first))), "invalid");
  } finally {
    await server.close();
  }
});

test("old keys are read again in the background, and nobody waits", async () => {
  const { server, published } = await serve([old]);
  try {
    const { verifier, clock } = createByUrl(server.url);
    const token = await signToken(old);
    await verifier.verify(token);
    published.keys = [fresh];
    clock.ms += 310_000;
    // By the known keys: the fetch that this call has begun is still under way.
    assert.equal(await kindOf(verifier.verify(token)), "verified");
    await verifier.refresh();
    assert.equal(await kindOf(verifier.verify(token)), "invalid");
  } finally {
    await server.close();
  }
});

test("a flood of tokens with unknown keys fetches once per cooldown, and each is refused for certain", async () => {
  const { server } = await serve([old]);
  try {
    const { verifier, clock } = createByUrl(server.url);
    const flood = await Promise.all(
      Array.from({ length: 300 }, (_, i) => signToken(unknown, {}, { kid: `random-${i}` })),
    );
    for (const token of flood) assert.equal(await kindOf(verifier.verify(token)), "invalid");
    assert.equal(server.count, 1);
    clock.ms += 10_000;
    for (const token of flood) assert.equal(await kindOf(verifier.verify(token)), "invalid");
    assert.equal(server.count, 2);
  } finally {
    await server.close();
  }
});

function recordingLogger() {
  const lines: string[] = [];
  const write = (event: string, fields?: LogFields): void => {
    lines.push(`${event} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  return { lines, logger };
}

test("an endpoint that dies leaves the known keys, and nobody can say anything of the others until it is back", async () => {
  const { server, published } = await serve([old]);
  const { port } = new URL(server.url);
  const { lines, logger } = recordingLogger();
  const { verifier, clock } = createByUrl(`${server.url}?client_secret=hush`, { logger });
  const token = await signToken(old);
  const freshToken = await signToken(fresh);
  assert.equal(await kindOf(verifier.verify(token)), "verified");
  await server.close();
  for (let hour = 0; hour < 24; hour++) {
    clock.ms += 3_600_000;
    assert.equal(await kindOf(verifier.verify(token)), "verified");
    assert.equal(await kindOf(verifier.verify(freshToken)), "unavailable");
  }
  assert.equal(lines.length, 1, "one line at the change");
  published.keys = [old, fresh];
  const again = createServer((_request, response) => response.end(keySetText(published.keys)));
  await new Promise<void>((resolve) => again.listen(Number(port), "127.0.0.1", resolve));
  try {
    clock.ms += 2000;
    assert.equal(await kindOf(verifier.verify(freshToken)), "verified");
    assert.match(lines.join("\n"), /^keys cannot be read .*\nkeys can be read again /);
    assert.ok(!lines.join().includes("hush"));
  } finally {
    again.close();
    again.closeAllConnections();
  }
});

test("a silent endpoint costs who waits for it the timeout, others nothing, and is left alone for a while", async () => {
  const sockets = new Set<Socket>();
  let requests = 0;
  const silent = createSocketServer((socket) => {
    // Not connections: the client opens a spare one after an abort.
    sockets.add(socket.on("error", () => {}).on("data", () => requests++));
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  try {
    const { verifier, clock } = createByUrl(`http://127.0.0.1:${port}/keys`, { timeoutMs: 50 });
    const token = await signToken(old);
    assert.equal(await kindOf(verifier.verify(token)), "unavailable");
    // At once, without another attempt.
    const verdict = verifier.verify(token);
    assert.ok(!(verdict instanceof Promise));
    assert.equal(verdict.kind, "unavailable");
    assert.ok(requests <= 1);
    clock.ms += 2000;
    assert.equal(await kindOf(verifier.verify(token)), "unavailable");
    assert.ok(requests <= 2);
    await assert.rejects(verifier.refresh(), /no answer within 50 ms/);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("answers that are no key set change nothing, and each says why", async () => {
  const { server, published } = await serve([old]);
  try {
    const { verifier } = createByUrl(server.url, { timeoutMs: 1000 });
    await verifier.refresh();
    const publish = server.answer;
    const trap = await startKeyServer(() => keySetText([unknown]));
    const answers: readonly (readonly [typeof server.answer, RegExp])[] = [
      [(response) => response.writeHead(500).end(keySetText([unknown])), /HTTP 500, not 200/],
      [(response) => response.writeHead(302, { location: trap.url }).end(), /redirects are not followed/],
      [(response) => response.end("<html>"), /not JSON/],
      [(response) => response.end(""), /not JSON/],
      [(response) => response.end("[]"), /no key set/],
      [(response) => response.end('{"keys":{}}'), /no key set/],
      [(response) => response.end('{"keys":[]}'), /none of its 0 keys/],
      [(response) => response.end(Buffer.from([0x7b, 0xff, 0x7d])), /not UTF-8/],
      [(response) => response.end(" ".repeat(5 * 1024 * 1024)), /more than 4194304 bytes/],
      [(response) => response.end(keySetText(Array(33).fill(unknown))), /33 keys, at most 32/],
      [(response) => response.destroy(), /key set http/],
      [
        (response) => response.writeHead(200, { "content-length": 100 }).write("{", () => response.destroy()),
        /key set/,
      ],
      [(response) => response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"), /key set/],
    ];
    for (const [answer, reason] of answers) {
      server.answer = answer;
      await assert.rejects(verifier.refresh(), reason);
      assert.equal(await kindOf(verifier.verify(await signToken(old))), "verified");
      assert.notEqual(await kindOf(verifier.verify(await signToken(unknown))), "verified");
    }
    assert.equal(trap.count, 0);
    await trap.close();
    server.answer = publish;
    published.keys = [fresh];
    await verifier.refresh();
    assert.equal(await kindOf(verifier.verify(await signToken(fresh))), "verified");
  } finally {
    await server.close();
  }
});

test("an endless answer is cut at its limit", async () => {
  const { server } = await serve([old]);
  try {
    let sent = 0;
    server.answer = (response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(" ".repeat(65_536))) sent += 65_536;
      };
      response.on("drain", write);
      write();
    };
    const { verifier } = createByUrl(server.url);
    await assert.rejects(verifier.refresh(), /more than 4194304 bytes/);
    assert.ok(sent < 64 * 1024 * 1024, "the sender was stopped");
  } finally {
    await server.close();
  }
});

const folder = mkdtempSync(join(tmpdir(), "protogate-keys-"));
after(() => rmSync(folder, { recursive: true }));

test("a file of keys that changes is read within a second, a wrong one changes nothing, and refresh reads at once", async () => {
  const jwks = join(folder, "keys.json");
  writeFileSync(jwks, keySetText([old]));
  const { lines, logger } = recordingLogger();
  const { verifier, clock } = createByUrl(jwks, { logger });
  const [oldToken, freshToken] = [await signToken(old), await signToken(fresh)];
  assert.equal(await kindOf(verifier.verify(oldToken)), "verified");
  // A key that nobody knows is looked for at once.
  writeFileSync(jwks, keySetText([old, fresh]));
  clock.ms += 200;
  assert.equal(await kindOf(verifier.verify(freshToken)), "verified");
  writeFileSync(jwks, keySetText([fresh]));
  clock.ms += 1000;
  assert.equal(await kindOf(verifier.verify(oldToken)), "invalid");
  writeFileSync(jwks, "{ half a fi");
  clock.ms += 1000;
  assert.equal(await kindOf(verifier.verify(freshToken)), "verified");
  assert.match(lines.join(), /keys cannot be read .*keys\.json/);
  assert.ok(!lines.join().includes("half a fi"));
  writeFileSync(jwks, keySetText([old]));
  await verifier.refresh();
  assert.equal(await kindOf(verifier.verify(oldToken)), "verified");
  assert.equal(await kindOf(verifier.verify(freshToken)), "invalid");
});

test("a file that is missing, a folder or of private keys is told at the start", async () => {
  await assert.rejects(createByUrl(join(folder, "missing.json")).verifier.refresh(), /missing\.json.*ENOENT/);
  await assert.rejects(createByUrl(folder).verifier.refresh(), /no file/);
  const jwks = join(folder, "private.json");
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...old.jwk, d: "c2VjcmV0" }] }));
  await assert.rejects(createByUrl(jwks).verifier.refresh(), (error: Error) => {
    assert.match(error.message, /private\.json: none of its 1 keys is a public key/);
    return !error.message.includes("c2VjcmV0");
  });
});
