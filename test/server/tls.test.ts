// TLS: ALPN decides the version of HTTP, a client CA demands a certificate.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { authorityCert, clientCert, clientKey, serverCert, serverKey } from "./certificates.ts";
import { askSession, openListener, openSocket, readAll, readText, text, until } from "./open-listener.ts";

const tls = { cert: serverCert, key: serverKey };
const client = { cert: clientCert, key: clientKey };
const open = (t: TestContext, options: Parameters<typeof openListener>[2] = {}) =>
  openListener(
    t,
    async (request) => text(200, `${request.scheme} ${request.httpVersion} ${request.remoteAddress}`),
    {
      tls,
      ...options,
    },
  );

async function askHttps(port: number, options: object = {}): Promise<string> {
  const outgoing = request({
    host: "localhost",
    family: 4,
    port,
    ca: authorityCert,
    agent: false,
    ...options,
  }).end();
  const [response] = await once(outgoing, "response");
  return readText(response);
}

async function askH2(port: number, options: object = {}): Promise<string> {
  const session = connectHttp2(`https://localhost:${port}`, { ca: authorityCert, ...options });
  const failed = once(session, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  try {
    return (await Promise.race([askSession(session, {}), failed])).body;
  } finally {
    session.destroy();
  }
}

test("ALPN gives HTTP/2 to those who offer it and HTTP/1.1 to others", async (t) => {
  const listener = await open(t);
  assert.match(listener.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(await askHttps(listener.port), "https 1.1 127.0.0.1");
  assert.equal(await askHttps(listener.port, { ALPNProtocols: [] }), "https 1.1 127.0.0.1");
  assert.equal(await askH2(listener.port, { family: 4 }), "https 2 127.0.0.1");
});

test("the server prefers HTTP/2, and refuses a client that offers neither", async (t) => {
  const listener = await open(t);
  const both = connectTls({
    port: listener.port,
    host: "127.0.0.1",
    ca: authorityCert,
    ALPNProtocols: ["http/1.1", "h2"],
  });
  await once(both, "secureConnect");
  assert.equal(both.alpnProtocol, "h2");
  both.destroy();
  const neither = connectTls({
    port: listener.port,
    host: "127.0.0.1",
    ca: authorityCert,
    ALPNProtocols: ["spdy/3"],
  });
  await assert.rejects(once(neither, "secureConnect"), /alert/);
});

test("with a client CA only clients with its certificate get in", async (t) => {
  const listener = await open(t, { tls: { ...tls, clientCa: authorityCert } });
  assert.match(await askHttps(listener.port, client), /^https 1\.1/);
  assert.match(await askH2(listener.port, client), /^https 2/);
  await assert.rejects(askHttps(listener.port));
  await assert.rejects(askH2(listener.port));
  await until(() => listener.errors.length > 0);
  assert.match(listener.errors.join(), /TLS handshake: .*certificate/);
});

test("a client that does not finish its handshake is closed", async (t) => {
  const listener = await open(t, { limits: { handshakeMs: 40 } });
  assert.equal(await readAll(await openSocket(listener.port)), "");
});

test("cleartext on a TLS port is refused and reported, the port serves on", async (t) => {
  const listener = await open(t);
  await readAll(await openSocket(listener.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  assert.match(listener.errors.join(), /TLS handshake/);
  assert.match(await askHttps(listener.port), /^https/);
});

test("a client that leaves in its handshake is no error and does no harm", async (t) => {
  const listener = await open(t);
  (await openSocket(listener.port)).resetAndDestroy();
  (await openSocket(listener.port, "\x16\x03\x01\x02\x00\x01\x00")).resetAndDestroy();
  (await openSocket(listener.port, "\x16\x03\x01")).end();
  assert.match(await askHttps(listener.port), /^https/);
  assert.deepEqual(listener.errors, []);
});

test("TLS 1.1 is refused", async (t) => {
  const listener = await open(t);
  await assert.rejects(
    askHttps(listener.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" }),
  );
});

test("a close lets running requests end, idle ones and half handshakes go", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(
    t,
    async () => {
      await go.promise;
      return text(200, "slow");
    },
    { tls },
  );
  const [http1, http2] = [askHttps(listener.port), askH2(listener.port)];
  await until(() => listener.activeCount === 2);
  await openSocket(listener.port);
  const closed = listener.close(600_000);
  go.resolve();
  assert.deepEqual(await Promise.all([http1, http2]), ["slow", "slow"]);
  await closed;
});

test("after the grace TLS connections are destroyed too", async (t) => {
  const listener = await openListener(t, () => new Promise(() => {}), { tls });
  const [http1, http2] = [askHttps(listener.port), askH2(listener.port)];
  http1.catch(() => {});
  http2.catch(() => {});
  await until(() => listener.activeCount === 2);
  await listener.close(20);
  await assert.rejects(http1);
  await assert.rejects(http2);
});

test("a key that does not belong to the certificate fails the start", async (t) => {
  await assert.rejects(
    openListener(t, async () => undefined, { tls: { cert: serverCert, key: clientKey } }),
    /key/,
  );
});

for (const protocol of ["h2", "http/1.1"]) {
  for (const bytes of [
    "",
    protocol === "h2" ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "GET / HTTP/1.1\r\nX: y\r\n",
  ]) {
    test(`${protocol}: a client that says ${bytes === "" ? "nothing" : "half"} after its handshake is closed`, async (t) => {
      const listener = await open(t, { limits: { firstBytesMs: 40, headerMs: 40, sweepMs: 10 } });
      const socket = connectTls({
        port: listener.port,
        host: "127.0.0.1",
        ca: authorityCert,
        ALPNProtocols: [protocol],
      });
      socket.on("error", () => {});
      socket.resume();
      await once(socket, "secureConnect");
      socket.write(bytes);
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
      assert.match(await askHttps(listener.port), /^https/);
    });
  }
}
