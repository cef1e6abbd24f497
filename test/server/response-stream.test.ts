// Streamed responses: flushed at once, pulled as the client reads, returned when it goes, cut short when they fail.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:http2";
import type { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import type { HttpResponse } from "../../src/wire/http-message.ts";
import {
  askHttp1,
  askHttp2,
  openListener,
  openSocket,
  readAll,
  readText,
  text,
  until,
  versions,
} from "./open-listener.ts";

const stream = (body: AsyncIterable<Uint8Array>, more: Partial<HttpResponse> = {}): HttpResponse => ({
  httpStatus: 200,
  header: Header.of([["content-type", "text/plain"]]),
  body,
  ...more,
});
const piece = (text: string): Uint8Array => Buffer.from(text);

interface Download {
  readonly header: Promise<unknown>;
  readonly body: Readable;
  leave(): void;
}

/** A GET whose body is read by hand. */
const downloads: readonly { name: string; start: (t: TestContext, port: number) => Promise<Download> }[] = [
  {
    name: "HTTP/1.1",
    async start(_t, port) {
      const outgoing = get({ host: "127.0.0.1", port, agent: false });
      outgoing.on("error", () => {});
      const [response] = await once(outgoing, "response");
      response.on("error", () => {});
      return { header: response.headers, body: response, leave: () => outgoing.destroy() };
    },
  },
  {
    name: "HTTP/2",
    async start(t, port) {
      const session = connect(`http://127.0.0.1:${port}`);
      session.on("error", () => {});
      t.after(() => session.destroy());
      const body = session.request({ ":path": "/" });
      body.on("error", () => {});
      const [header] = await once(body, "response");
      return { header, body, leave: () => body.close(8) };
    },
  },
];

for (const { name, start } of downloads) {
  test(`${name}: the header is flushed before the body has a piece, each piece when it is there`, async (t) => {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          await first.promise;
          yield piece("one");
          await second.promise;
          yield piece("two");
        })(),
      ),
    );
    const download = await start(t, listener.port);
    first.resolve();
    assert.equal(String((await once(download.body, "data"))[0]), "one");
    second.resolve();
    assert.equal(await readText(download.body), "two");
  });

  test(`${name}: a client that does not read stops the pulling`, async (t) => {
    let pulled = 0;
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          for (; pulled < 4096; pulled++) yield Buffer.alloc(65_536);
        })(),
      ),
    );
    const download = await start(t, listener.port);
    for (let before = -1; before !== pulled; ) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(pulled < 512, `${pulled} pieces of 64 KiB were pulled though nobody read`);
    let bytes = 0;
    for await (const chunk of download.body) bytes += chunk.length;
    assert.equal(bytes, 4096 * 65_536);
  });

  test(`${name}: a client that goes while the body rests returns it and aborts the signal`, async (t) => {
    let returned = false;
    let signal: AbortSignal | undefined;
    const listener = await openListener(t, async (request) => {
      signal = request.signal;
      return stream({
        [Symbol.asyncIterator]: () => ({
          next: () => (returned ? Promise.resolve({ done: true, value: undefined }) : new Promise(() => {})),
          return: async () => {
            returned = true;
            return { done: true, value: undefined };
          },
        }),
      });
    });
    const download = await start(t, listener.port);
    download.leave();
    await until(() => returned);
    assert.equal(signal?.aborted, true);
    await until(() => listener.activeCount === 0);
    assert.deepEqual(listener.errors, []);
  });

  test(`${name}: a client that goes while it does not read returns the body`, async (t) => {
    let finished = false;
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          try {
            for (;;) yield Buffer.alloc(65_536);
          } finally {
            finished = true;
          }
        })(),
      ),
    );
    const download = await start(t, listener.port);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(finished, false);
    download.leave();
    await until(() => finished);
    assert.deepEqual(listener.errors, []);
  });

  test(`${name}: a response that comes after the client went has its body returned`, async (t) => {
    let returned = false;
    const listener = await openListener(t, async (request) => {
      if (request.path !== "/") return text(200, "x");
      download?.leave();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return stream({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error("pulled")),
          return: async () => {
            returned = true;
            return { done: true, value: undefined };
          },
        }),
      });
    });
    let download: { leave(): void } | undefined;
    if (name === "HTTP/1.1") {
      const outgoing = get({ host: "127.0.0.1", port: listener.port, agent: false });
      outgoing.on("error", () => {});
      download = { leave: () => outgoing.destroy() };
    } else {
      const session = connect(`http://127.0.0.1:${listener.port}`);
      t.after(() => session.destroy());
      const body = session.request({ ":path": "/" });
      body.on("error", () => {});
      download = { leave: () => body.close(8) };
    }
    await until(() => returned);
    assert.deepEqual(listener.errors, []);
  });

  test(`${name}: a body that fails after the header is cut short, so that nobody takes it for whole`, async (t) => {
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          yield piece("part");
          throw new Error("backend broke");
        })(),
      ),
    );
    const download = await start(t, listener.port);
    await assert.rejects(readText(download.body), { code: /ECONNRESET|ERR_HTTP2_STREAM_ERROR/ });
    assert.equal(listener.errors.length, 1);
    assert.match(listener.errors[0] ?? "", /backend broke/);
    await until(() => listener.activeCount === 0);
  });

  test(`${name}: a body that throws instead of giving an iterator does no harm`, async (t) => {
    const listener = await openListener(t, async () =>
      stream({
        [Symbol.asyncIterator]: () => {
          throw new Error("no iterator");
        },
      }),
    );
    const download = await start(t, listener.port);
    await readText(download.body).catch(() => {});
    assert.match(listener.errors.join(), /no iterator/);
    assert.equal(listener.activeCount, 0);
  });
}

for (const { name, ask } of versions) {
  test(`${name}: many small pieces arrive whole and in order`, async (t) => {
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          for (let i = 0; i < 5000; i++) yield piece(`${i},`);
          yield piece("");
        })(),
      ),
    );
    const { body, header } = await ask(listener.port);
    assert.deepEqual(
      body.split(",").slice(0, -1).map(Number),
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.equal(header["content-length"], undefined);
  });

  test(`${name}: HEAD of a streamed body pulls nothing and lets the work for it end`, async (t) => {
    let pulled = 0;
    let signal: AbortSignal | undefined;
    const listener = await openListener(t, async (request) => {
      signal = request.signal;
      return stream(
        (async function* () {
          pulled++;
          yield piece("x");
        })(),
      );
    });
    const answer = await ask(listener.port, { method: "HEAD" });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, "");
    assert.equal(pulled, 0);
    assert.equal(signal?.aborted, true);
  });

  test(`${name}: the signal of a request that was answered is never aborted`, async (t) => {
    const signals: AbortSignal[] = [];
    const listener = await openListener(t, async (request) => {
      signals.push(request.signal);
      return request.path === "/s"
        ? stream(
            (async function* () {
              yield piece("s");
            })(),
          )
        : text(200, "u");
    });
    await ask(listener.port);
    await ask(listener.port, { path: "/s" });
    await until(() => listener.activeCount === 0);
    assert.deepEqual(
      signals.map((signal) => signal.aborted),
      [false, false],
    );
  });

  test(`${name}: the trailer is asked for when the body has ended and arrives`, async (t) => {
    let ended = false;
    const listener = await openListener(t, async () =>
      stream(
        (async function* () {
          yield piece("x");
          ended = true;
        })(),
        {
          trailer: async () =>
            Header.of([
              ["grpc-status", ended ? "0" : "2"],
              ["x-bad", "a\nb"],
              ["content-length", "5"],
            ]),
        },
      ),
    );
    const answer = await ask(listener.port, { header: { te: "trailers" } });
    assert.equal(answer.body, "x");
    assert.equal(answer.trailer["grpc-status"], "0");
    assert.equal(answer.trailer["x-bad"], "a?b");
    assert.equal(answer.trailer["content-length"], undefined);
    await until(() => listener.activeCount === 0);
  });
}

test("HTTP/1.1: no trailer is sent to a client that did not ask for trailers", async (t) => {
  const listener = await openListener(t, async () =>
    stream(
      (async function* () {
        yield piece("x");
      })(),
      { trailer: async () => Header.of([["x-end", "1"]]) },
    ),
  );
  assert.deepEqual({ ...(await askHttp1(listener.port)).trailer }, {});
});

test("HTTP/2: an empty trailer ends the stream properly", async (t) => {
  const listener = await openListener(t, async () =>
    stream(
      (async function* () {
        yield piece("x");
      })(),
      { trailer: async () => new Header() },
    ),
  );
  const answer = await askHttp2(listener.port);
  assert.equal(answer.body, "x");
  assert.equal(answer.trailer["x-end"], undefined);
});

test("HTTP/2: a buffered body may have a trailer as well, which is how a unary gRPC reply looks", async (t) => {
  const listener = await openListener(t, async () => ({
    ...text(200, "unary"),
    trailer: async () => Header.of([["grpc-status", "0"]]),
  }));
  const answer = await askHttp2(listener.port, { method: "POST", body: "not read" });
  assert.equal(answer.body, "unary");
  assert.equal(answer.trailer["grpc-status"], "0");
});

test("HTTP/2: a trailer that is too large for a frame is an error, not a stream that looks whole", async (t) => {
  const listener = await openListener(t, async () => ({
    ...text(200, "reply"),
    trailer: async () => Header.of([["x-large", "x".repeat(70_000)]]),
  }));
  await assert.rejects(askHttp2(listener.port), /NGHTTP2_INTERNAL_ERROR/);
});

test("HTTP/1.0: a body that fails resets the connection, since its end looks like the end of the body", async (t) => {
  const listener = await openListener(t, async () =>
    stream(
      (async function* () {
        yield piece("part");
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error("backend broke");
      })(),
    ),
  );
  const socket = await openSocket(listener.port, "GET / HTTP/1.0\r\n\r\n");
  const failed = once(socket, "error");
  void readAll(socket);
  assert.equal((await failed)[0].code, "ECONNRESET");
});

for (const { name, start } of downloads) {
  test(`${name}: a client that takes nothing for long is cut off`, async (t) => {
    let finished = false;
    const listener = await openListener(
      t,
      async () =>
        stream(
          (async function* () {
            try {
              for (;;) yield Buffer.alloc(65_536);
            } finally {
              finished = true;
            }
          })(),
        ),
      { limits: { stallMs: 50, sweepMs: 10 } },
    );
    await start(t, listener.port);
    await until(() => finished);
    await until(() => listener.activeCount === 0);
  });

  test(`${name}: a client that does not fetch its buffered answer is cut off`, async (t) => {
    const listener = await openListener(
      t,
      async () => ({ httpStatus: 200, header: new Header(), body: Buffer.alloc(32 << 20) }),
      { limits: { stallMs: 50, sweepMs: 10 } },
    );
    await start(t, listener.port);
    await until(() => listener.activeCount === 0);
  });

  test(`${name}: a stream on which the backend is silent is not idle`, async (t) => {
    const go = Promise.withResolvers<void>();
    const listener = await openListener(
      t,
      async () =>
        stream(
          (async function* () {
            yield piece("a");
            await go.promise;
            yield piece("b");
          })(),
        ),
      { limits: { stallMs: 10, sweepMs: 5, keepAliveMs: 10, http2IdleMs: 10, headerMs: 10 } },
    );
    const download = await start(t, listener.port);
    setTimeout(go.resolve, 200);
    assert.equal(await readText(download.body), "ab");
  });
}
