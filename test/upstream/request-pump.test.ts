import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { pumpRequests, type RequestSink } from "../../src/upstream/request-pump.ts";

/** A sink that writes a log and takes messages when told. */
function createSink(): { sink: RequestSink; log: string[]; take: () => void } {
  const log: string[] = [];
  let takeOne = (): void => {};
  return {
    log,
    take: () => takeOne(),
    sink: {
      send(message, taken) {
        log.push(`send ${message[0]}`);
        takeOne = taken;
      },
      halfClose: () => log.push("half-close"),
      fail: ({ code, rawMessage }) => log.push(`fail ${code} ${rawMessage}`),
    },
  };
}

test("the next message is pulled when the last one was taken, and the end closes", async () => {
  const { sink, log, take } = createSink();
  async function* requests(): AsyncIterable<Uint8Array> {
    for (const n of [1, 2]) {
      log.push(`pull ${n}`);
      yield Uint8Array.of(n);
    }
  }
  pumpRequests(requests(), sink);
  await turn();
  assert.deepEqual(log.splice(0), ["pull 1", "send 1"]);
  take();
  await turn();
  assert.deepEqual(log.splice(0), ["pull 2", "send 2"]);
  take();
  await turn();
  assert.deepEqual(log, ["half-close"]);
});

test("a stream that fails fails the sink; an unknown error tells the peer nothing", async () => {
  for (const [reason, line] of [
    [new RpcError(Code.INVALID_ARGUMENT, "bad"), "fail 3 bad"],
    [new Error("secret"), "fail 13 internal error"],
  ] as const) {
    const { sink, log } = createSink();
    // biome-ignore lint/correctness/useYield: it fails before it has anything to give
    async function* broken(): AsyncIterable<Uint8Array> {
      throw reason;
    }
    pumpRequests(broken(), sink);
    await turn();
    assert.deepEqual(log, [line]);
  }
});

test("stopping returns the stream while a message waits to be taken, and nothing is sent any more", async () => {
  const { sink, log } = createSink();
  const returned = Promise.withResolvers<void>();
  async function* requests(): AsyncIterable<Uint8Array> {
    try {
      for (;;) yield Uint8Array.of(1);
    } finally {
      returned.resolve();
    }
  }
  const stop = pumpRequests(requests(), sink);
  await turn();
  stop();
  stop();
  await returned.promise;
  assert.deepEqual(log, ["send 1"]);
});

test("stopping after the end, and a stream that takes its return badly, are nobody's concern", async () => {
  const { sink, log, take } = createSink();
  const stop = pumpRequests(streamOf(Uint8Array.of(1)), sink);
  await turn();
  take();
  await turn();
  stop();
  const angry: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return() {
        throw new Error("no");
      },
    }),
  };
  pumpRequests(angry, sink)();
  await turn();
  assert.deepEqual(log, ["send 1", "half-close"]);
});
