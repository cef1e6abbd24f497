// Request bodies: pulled at the consumer's pace, ended with an error when the client goes, given up without harm.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttp1 } from "node:http";
import { connect } from "node:http2";
import type { Duplex, Writable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import {
  askSession,
  openListener,
  openSocket,
  readAll,
  readText,
  text,
  until,
  versions,
} from "./open-listener.ts";

interface Upload {
  readonly body: Writable;
  readonly answer: Promise<{ status: number; body: string }>;
  /** The client goes away. */
  leave(): void;
}

const uploads: readonly { name: string; start: (t: TestContext, port: number) => Upload }[] = [
  {
    name: "HTTP/1.1",
    start(_t, port) {
      const outgoing = requestHttp1({ host: "127.0.0.1", port, method: "POST", path: "/up", agent: false });
      outgoing.on("error", () => {});
      outgoing.flushHeaders();
      const answer = once(outgoing, "response").then(async ([response]) => ({
        status: response.statusCode,
        body: await readText(response),
      }));
      answer.catch(() => {});
      return { body: outgoing, answer, leave: () => outgoing.destroy() };
    },
  },
  {
    name: "HTTP/2",
    start(t, port) {
      const session = connect(`http://127.0.0.1:${port}`);
      t.after(() => session.destroy());
      const stream: Duplex = session.request({ ":method": "POST", ":path": "/up" });
      stream.on("error", () => {});
      const answer = once(stream, "response").then(async ([header]) => ({
        status: Number(header[":status"]),
        body: await readText(stream),
      }));
      answer.catch(() => {});
      return { body: stream, answer, leave: () => session.destroy() };
    },
  },
];

for (const { name, start } of uploads) {
  test(`${name}: pieces arrive as they are sent, before the body is complete`, async (t) => {
    const listener = await openListener(t, async (request) => {
      const seen: string[] = [];
      for await (const piece of request.body) {
        seen.push(Buffer.from(piece).toString());
        if (seen.length === 3) upload.body.end();
        else upload.body.write(`after ${seen.at(-1)}`);
      }
      return text(200, String(seen.length));
    });
    const upload = start(t, listener.port);
    upload.body.write("first");
    assert.equal((await upload.answer).body, "3");
  });

  test(`${name}: a consumer that does not pull stops the sender instead of filling memory`, async (t) => {
    const seen = Promise.withResolvers<HttpRequest>();
    const go = Promise.withResolvers<void>();
    const listener = await openListener(t, async (request) => {
      await request.body[Symbol.asyncIterator]().next();
      seen.resolve(request);
      await go.promise;
      let bytes = 0;
      for await (const piece of request.body) bytes += piece.length;
      return text(200, String(bytes > 0));
    });
    const upload = start(t, listener.port);
    const piece = Buffer.alloc(1 << 20);
    // Kernel buffers take some megabytes on loopback, no more than that.
    let taken = 0;
    let stopped = false;
    const send = (): void => {
      if (stopped || taken === 256) return;
      upload.body.write(piece, () => {
        taken++;
        send();
      });
    };
    send();
    await seen.promise;
    for (let before = -1; before !== taken; ) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    stopped = true;
    assert.ok(taken < 64, `${taken} MiB were taken though nobody read`);
    go.resolve();
    upload.body.end();
    assert.equal((await upload.answer).body, "true");
  });

  test(`${name}: a large upload streams through without being held`, async (t) => {
    const listener = await openListener(t, async (request) => {
      let bytes = 0;
      let largest = 0;
      for await (const piece of request.body) {
        bytes += piece.length;
        largest = Math.max(largest, piece.length);
      }
      return text(200, JSON.stringify({ bytes, held: largest <= 1 << 20 }));
    });
    const upload = start(t, listener.port);
    const piece = Buffer.alloc(1 << 20);
    for (let i = 0; i < 64; i++) {
      if (!upload.body.write(piece)) await once(upload.body, "drain");
    }
    upload.body.end();
    assert.deepEqual(JSON.parse((await upload.answer).body), { bytes: 64 << 20, held: true });
  });

  test(`${name}: a client that goes in the middle ends the body with CANCELLED and aborts the signal`, async (t) => {
    const outcome = Promise.withResolvers<unknown>();
    let signal: AbortSignal | undefined;
    const listener = await openListener(t, async (request) => {
      signal = request.signal;
      try {
        for await (const _ of request.body) upload.leave();
        outcome.resolve("complete");
      } catch (error) {
        outcome.resolve(error);
      }
      return text(200, "nobody reads this");
    });
    const upload = start(t, listener.port);
    upload.body.write("part");
    const error = await outcome.promise;
    assert.ok(error instanceof RpcError);
    assert.equal(error.code, Code.CANCELLED);
    await until(() => signal?.aborted === true);
    assert.ok(signal?.reason instanceof RpcError && signal.reason.code === Code.CANCELLED);
    await until(() => listener.activeCount === 0);
    assert.deepEqual(listener.errors, []);
  });

  test(`${name}: a signal first asked for after the client went is aborted`, async (t) => {
    let seen: HttpRequest | undefined;
    const listener = await openListener(t, (request) => {
      seen = request;
      return new Promise(() => {});
    });
    const upload = start(t, listener.port);
    await until(() => seen !== undefined);
    upload.leave();
    await until(() => listener.activeCount === 0);
    assert.equal(seen?.signal.aborted, true);
  });

  test(`${name}: an answer before the end of the upload reaches the client`, async (t) => {
    const listener = await openListener(t, async () => text(413, "too large"));
    const upload = start(t, listener.port);
    upload.body.write(Buffer.alloc(1 << 20));
    assert.deepEqual(await upload.answer, { status: 413, body: "too large" });
  });

  test(`${name}: an answer after a part of the upload was read reaches the client`, async (t) => {
    const listener = await openListener(t, async (request) => {
      for await (const _ of request.body) break;
      return text(413, "too large");
    });
    const upload = start(t, listener.port);
    upload.body.write(Buffer.alloc(1 << 20));
    assert.deepEqual(await upload.answer, { status: 413, body: "too large" });
    await until(() => listener.activeCount === 0);
  });

  test(`${name}: a second consumer is refused, not served half the pieces`, async (t) => {
    const listener = await openListener(t, async (request) => {
      const body = request.body[Symbol.asyncIterator]();
      const first = body.next();
      await assert.rejects(body.next(), { code: Code.INTERNAL });
      upload.body.end("x");
      return text(200, String((await first).done));
    });
    const upload = start(t, listener.port);
    assert.equal((await upload.answer).status, 200);
  });

  test(`${name}: next() after the end stays at the end`, async (t) => {
    const listener = await openListener(t, async (request) => {
      const body = request.body[Symbol.asyncIterator]();
      while (!(await body.next()).done);
      return text(200, String((await body.next()).done));
    });
    const upload = start(t, listener.port);
    upload.body.end("x");
    assert.equal((await upload.answer).body, "true");
  });
}

for (const { name, ask } of versions) {
  test(`${name}: an empty body with a framing that allows one is an empty stream`, async (t) => {
    const listener = await openListener(t, async (request) =>
      text(200, `${request.bodyless} [${await readText(request.body)}]`),
    );
    const answer = await ask(listener.port, { method: "POST", body: "" });
    assert.match(answer.body, /\[\]$/);
  });
}

test("HTTP/1.1: 100 Continue is sent when the body is first read, and not before", async (t) => {
  const go = Promise.withResolvers<void>();
  const listener = await openListener(t, async (request) => {
    await go.promise;
    return text(200, await readText(request.body));
  });
  const header = "Host: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n";
  const socket = await openSocket(listener.port, `POST / HTTP/1.1\r\n${header}\r\n`);
  await until(() => listener.activeCount === 1);
  go.resolve();
  const [go100] = await once(socket, "data");
  assert.equal(String(go100), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.write("hi");
  assert.match(await readAll(socket), /^HTTP\/1\.1 200 [\s\S]*hi$/);
});

test("HTTP/1.1: a body that is refused unread is never asked for, and the connection ends", async (t) => {
  const listener = await openListener(t, async () => text(413, "no"));
  const header = "Host: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n";
  const answer = await readAll(await openSocket(listener.port, `POST / HTTP/1.1\r\n${header}\r\n`));
  assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
});

test("HTTP/1.1: the fallback's clients get their 100 Continue too", async (t) => {
  const listener = await openListener(t, async () => undefined);
  const header = "Host: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n";
  const socket = await openSocket(listener.port, `POST / HTTP/1.1\r\n${header}\r\nhi`);
  assert.match(await readAll(socket), /^HTTP\/1\.1 100 [\s\S]*404 fallback/);
});

test("HTTP/1.1: the connection carries the next request after a body that was given up", async (t) => {
  const listener = await openListener(t, async (request) => {
    for await (const _ of request.body) break;
    return text(200, `<${request.path}>`);
  });
  const body = "x".repeat(200_000);
  const socket = await openSocket(
    listener.port,
    `POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
      `GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  );
  assert.match(await readAll(socket), /<\/1>[\s\S]*<\/2>/);
});

test("HTTP/1.1: an upload that goes on after its answer is cut off after a while", async (t) => {
  const listener = await openListener(t, async () => text(413, "no"), { limits: { lingerMs: 50 } });
  const socket = await openSocket(
    listener.port,
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\nabc",
  );
  assert.match(await readAll(socket), /^HTTP\/1\.1 413 [\s\S]*no$/);
});

test("HTTP/1.1: a client that stops sending in the middle of a body that is awaited is cut off", async (t) => {
  const outcome = Promise.withResolvers<unknown>();
  const listener = await openListener(
    t,
    async (request) => {
      await readText(request.body).then(outcome.resolve, outcome.resolve);
      return text(200, "late");
    },
    { limits: { stallMs: 30, sweepMs: 10 } },
  );
  const socket = await openSocket(
    listener.port,
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
  );
  assert.equal(await readAll(socket), "");
  assert.match(String(await outcome.promise), /CANCELLED: the client did not move/);
});

test("HTTP/2: one stream that nobody reads does not stop the others", async (t) => {
  const listener = await openListener(t, async (request) => {
    if (request.path === "/stuck") return new Promise(() => {});
    return text(200, String((await readText(request.body)).length));
  });
  const session = connect(`http://127.0.0.1:${listener.port}`);
  t.after(() => session.destroy());
  for (let i = 0; i < 20; i++) {
    const stuck = session.request({ ":method": "POST", ":path": "/stuck" });
    stuck.on("error", () => {});
    stuck.write(Buffer.alloc(200_000));
  }
  const answer = await askSession(session, { method: "POST", path: "/", body: Buffer.alloc(300_000) });
  assert.equal(answer.body, "300000");
});

test("HTTP/2: a reset stream aborts its own request only", async (t) => {
  const signals = new Map<string, AbortSignal>();
  const listener = await openListener(t, (request) => {
    signals.set(request.path, request.signal);
    return new Promise(() => {});
  });
  const session = connect(`http://127.0.0.1:${listener.port}`);
  t.after(() => session.destroy());
  const a = session.request({ ":path": "/a" });
  const b = session.request({ ":path": "/b" });
  for (const stream of [a, b]) stream.on("error", () => {});
  await until(() => signals.size === 2);
  a.close(8);
  await until(() => signals.get("/a")?.aborted === true);
  assert.equal(signals.get("/b")?.aborted, false);
  assert.equal(listener.activeCount, 1);
});
