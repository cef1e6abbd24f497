// Certificates that change under a running listener, and clients that are known by theirs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { Agent, get } from "node:https";
import { type TestContext, test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { authorityCert, clientCert, clientKey, serverCert, serverKey } from "./certificates.ts";
import { askSession, openListener, readText, text, until } from "./open-listener.ts";
import {
  secondAuthorityCert,
  secondClientCert,
  secondClientKey,
  secondServerCert,
  secondServerKey,
} from "./second-certificates.ts";

const first = { cert: serverCert, key: serverKey };
const second = { cert: secondServerCert, key: secondServerKey };
const trusted = [authorityCert, secondAuthorityCert];
const knownClient = { cert: clientCert, key: clientKey };
const otherClient = { cert: secondClientCert, key: secondClientKey };

const open = (t: TestContext, tls: Parameters<typeof openListener>[2]) =>
  openListener(
    t,
    async ({ principal }) => text(200, principal === undefined ? "nobody" : principal.subject),
    tls,
  );

async function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    ca: trusted,
    ALPNProtocols: ["http/1.1"],
    ...options,
  });
  await once(socket, "secureConnect");
  return socket;
}

async function subjectOf(port: number): Promise<string> {
  const socket = await handshake(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function askHttps(port: number, options: object = {}): Promise<string> {
  const outgoing = get({ host: "127.0.0.1", port, ca: trusted, agent: false, ...options });
  const [response] = await once(outgoing, "response");
  return readText(response);
}

async function askHttp2(port: number, options: object = {}): Promise<string> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: trusted, ...options });
  try {
    const failed = once(session, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    const answers = [await Promise.race([askSession(session, {}), failed]), await askSession(session, {})];
    assert.equal(answers[0]?.body, answers[1]?.body, "the same for every request of a connection");
    return answers[0]?.body ?? "";
  } finally {
    session.destroy();
  }
}

test("a replaced certificate is for new connections, and those that are open go on", async (t) => {
  const listener = await open(t, { tls: first });
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: trusted });
  t.after(() => agent.destroy());
  const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { ca: trusted });
  t.after(() => session.destroy());
  assert.equal(await askHttps(listener.port, { agent }), "nobody");
  assert.equal((await askSession(session, {})).status, 200);
  assert.equal(await subjectOf(listener.port), "localhost");

  listener.replaceTls(second);
  assert.equal(await subjectOf(listener.port), "renewed");
  const outgoing = get({ host: "127.0.0.1", port: listener.port, agent });
  const [response] = await once(outgoing, "response");
  assert.equal(await readText(response), "nobody");
  assert.equal(outgoing.reusedSocket, true);
  assert.equal((await askSession(session, {})).status, 200);
});

test("what cannot be used is refused and the old certificate stays", async (t) => {
  const listener = await open(t, { tls: first });
  assert.throws(() => listener.replaceTls({ cert: serverCert, key: secondServerKey }));
  assert.throws(() => listener.replaceTls({ cert: "no", key: "no" }));
  assert.equal(await subjectOf(listener.port), "localhost");
  await assert.rejects(handshake(listener.port, { maxVersion: "TLSv1.1", minVersion: "TLSv1" }));
});

test("TLS 1.1 stays refused after a change", async (t) => {
  const listener = await open(t, { tls: first });
  listener.replaceTls(second);
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" };
  await assert.rejects(handshake(listener.port, old));
});

test("handshakes during many changes all succeed", async (t) => {
  const listener = await open(t, { tls: first });
  const subjects = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const asked = [subjectOf(listener.port), subjectOf(listener.port)];
    listener.replaceTls(i % 2 === 0 ? second : first);
    for (const subject of await Promise.all(asked)) subjects.add(subject);
  }
  assert.deepEqual([...subjects].sort(), ["localhost", "renewed"]);
});

for (const [version, ask] of [
  ["HTTP/1.1", askHttps],
  ["HTTP/2", askHttp2],
] as const) {
  test(`${version}: a client is known by its certificate`, async (t) => {
    const listener = await open(t, { tls: { ...first, clientCa: secondAuthorityCert } });
    assert.equal(await ask(listener.port, otherClient), "C=DE,O=Acme\\, Inc,CN=billing");
    await assert.rejects(ask(listener.port));
    await assert.rejects(ask(listener.port, knownClient));
  });

  test(`${version}: where a certificate is optional, one of another authority is refused all the same`, async (t) => {
    const tls = { ...first, clientCa: secondAuthorityCert, clientAuth: "optional" } as const;
    const listener = await open(t, { tls });
    assert.equal(await ask(listener.port), "nobody");
    assert.equal(await ask(listener.port, otherClient), "C=DE,O=Acme\\, Inc,CN=billing");
    await assert.rejects(ask(listener.port, knownClient));
    await until(() => listener.errors.length > 0);
    assert.match(listener.errors.join(), /TLS handshake: client certificate refused: /);
  });

  test(`${version}: without client authorities nobody is known, whatever is shown`, async (t) => {
    const listener = await open(t, { tls: first });
    assert.equal(await ask(listener.port, knownClient), "nobody");
  });
}

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  test(`${version}: a resumed session is known as before, and ends with its authority`, async (t) => {
    const listener = await open(t, { tls: { ...first, clientCa: authorityCert } });
    const options = { ...knownClient, minVersion: version, maxVersion: version };
    const ask = async (socket: TLSSocket): Promise<string> => {
      let answer = "";
      socket.setEncoding("latin1").on("data", (piece) => {
        answer += piece;
      });
      socket.write("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
      socket.on("error", () => {});
      await new Promise((resolve) => socket.once("close", resolve));
      return answer;
    };
    let session: Buffer | undefined;
    const socket = await handshake(listener.port, options);
    socket.on("session", (ticket) => {
      session = ticket;
    });
    session = socket.getSession();
    assert.match(await ask(socket), /CN=test client$/);
    const resumed = await handshake(listener.port, { ...options, session });
    assert.equal(resumed.isSessionReused(), true);
    assert.match(await ask(resumed), /CN=test client$/);

    listener.replaceTls({ ...first, clientCa: secondAuthorityCert });
    // With TLS 1.3 the client learns only after its handshake that it was refused.
    const late = handshake(listener.port, { ...options, session }).then(ask);
    assert.doesNotMatch(await late.catch(() => ""), /CN=/);
  });
}
