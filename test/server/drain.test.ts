// Closing in good order: what runs may end, what idles is let go, what does not end is destroyed after the grace.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect } from "node:http2";
import { type TestContext, test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import {
  askHttp1,
  askSession,
  openListener,
  openSocket,
  readAll,
  readText,
  text,
  until,
} from "./open-listener.ts";

/** A grace nobody reaches: a test that needed it would be seen to hang. */
const longMs = 600_000;

/** A listener whose answers wait for `go`. */
async function openSlow(t: TestContext) {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(t, async (request) => {
    if (request.path === "/quick") return text(200, "quick");
    if (request.path === "/fallback") {
      await go.promise;
      return undefined;
    }
    if (request.path === "/stream") {
      return {
        httpStatus: 200,
        header: new Header(),
        body: (async function* () {
          yield Buffer.from("a");
          await go.promise;
          yield Buffer.from("b");
        })(),
      };
    }
    await go.promise;
    return text(200, "slow");
  });
  return { listener, go };
}

test("a listener that nobody uses closes at once, and again", async (t) => {
  const { listener } = await openSlow(t);
  await Promise.all([listener.close(longMs), listener.close(longMs)]);
  await listener.close(longMs);
  await assert.rejects(askHttp1(listener.port), { code: "ECONNREFUSED" });
});

test("silent, half-said and idle connections do not hold up a close", async (t) => {
  const { listener } = await openSlow(t);
  await openSocket(listener.port);
  await openSocket(listener.port, "PRI * HT");
  const idle = await openSocket(listener.port, "GET /quick HTTP/1.1\r\nHost: h\r\n\r\n");
  await once(idle, "data");
  const session = connect(`http://127.0.0.1:${listener.port}`);
  await askSession(session, { path: "/quick" });
  await listener.close(longMs);
});

for (const path of ["/", "/stream", "/fallback"]) {
  test(`HTTP/1.1: a running request to ${path} ends well, its connection after it`, async (t) => {
    const { listener, go } = await openSlow(t);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const outgoing = get({ host: "127.0.0.1", port: listener.port, path, agent });
    const answered = once(outgoing, "response").then(async ([response]) => ({
      body: await readText(response),
      connection: response.headers.connection,
    }));
    await until(() => listener.activeCount === 1);
    const closed = listener.close(longMs);
    go.resolve();
    const { body, connection } = await answered;
    assert.match(body, /^(slow|ab|404 fallback \/fallback)$/);
    // The header of the stream was out before the drain began.
    if (path !== "/stream") assert.equal(connection, "close");
    await closed;
  });

  test(`HTTP/2: a running stream to ${path} ends well, its connection after it`, async (t) => {
    const { listener, go } = await openSlow(t);
    const session = connect(`http://127.0.0.1:${listener.port}`);
    const answered = askSession(session, { path });
    await until(() => listener.activeCount === 1);
    const goaway = once(session, "goaway");
    const closed = listener.close(longMs);
    assert.equal((await goaway)[0], 0);
    go.resolve();
    assert.match((await answered).body, /^(slow|ab|404 fallback \/fallback)$/);
    await closed;
  });
}

test("after the grace what is left is destroyed, and its signals fire", async (t) => {
  const signals: AbortSignal[] = [];
  const listener = await openListener(t, (request) => {
    signals.push(request.signal);
    return new Promise(() => {});
  });
  const old = await openSocket(listener.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const session = connect(`http://127.0.0.1:${listener.port}`);
  session.on("error", () => {});
  session.request({ ":path": "/" }).on("error", () => {});
  await until(() => signals.length === 2);
  await listener.close(30);
  assert.equal(await readAll(old), "");
  await until(() => signals.every((signal) => signal.aborted));
  assert.equal(listener.activeCount, 0);
});

test("a keep-alive client that sends another request during the drain gets its answer and the end", async (t) => {
  const { listener, go } = await openSlow(t);
  const socket = await openSocket(listener.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => listener.activeCount === 1);
  const closed = listener.close(longMs);
  socket.write("GET /quick HTTP/1.1\r\nHost: h\r\n\r\n");
  await new Promise((resolve) => setTimeout(resolve, 20));
  go.resolve();
  assert.match(await readAll(socket), /slow/);
  await closed;
});

test("a client that closes its sending side counts as gone", async (t) => {
  const { listener } = await openSlow(t);
  const socket = await openSocket(listener.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => listener.activeCount === 1);
  socket.end();
  await until(() => listener.activeCount === 0);
});
