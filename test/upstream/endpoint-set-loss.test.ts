// Endpoints that die and return while calls run: no call is lost but those that were in flight at the one that died.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import type { Target } from "../../src/upstream/upstream.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply, textOf, unaryReply } from "../contract/transport.ts";
import { type RawPeer, startCuttableProxy } from "../contract/transport-backend.ts";
import {
  allReady,
  type CountedBackend,
  createSet,
  endpointsWhen,
  startCounted,
  type TestSet,
} from "./endpoint-set-support.ts";

/** A backend that can be killed as a machine is, without a word, and comes back on its port. */
interface Mortal extends AsyncDisposable {
  readonly target: Target;
  readonly backend: CountedBackend;
  kill(): Promise<void>;
  revive(): Promise<void>;
}

/** It takes a moment for each call, so that some are in flight whenever it dies. */
async function startMortal(): Promise<Mortal> {
  const seen: string[] = [];
  const backend = await startCounted(
    {},
    {
      Unary(call, callback) {
        seen.push(call.request.toString());
        setTimeout(() => callback(null, call.request), 3);
      },
      Bidi(call) {
        const messages: Buffer[] = [];
        call.on("data", (message: Buffer) => {
          seen.push(message.toString());
          messages.push(message);
        });
        const answer = () => {
          for (const message of messages) call.write(message);
          call.end();
        };
        call.on("end", () => setTimeout(answer, 3));
        call.on("error", () => {});
      },
    },
  );
  let line: RawPeer | undefined = await startCuttableProxy(backend.target);
  const { target } = line;
  const kill = async (): Promise<void> => {
    await line?.[Symbol.asyncDispose]();
    line = undefined;
  };
  return {
    target,
    backend: Object.assign(backend, { seen }),
    kill,
    async revive() {
      line = await startCuttableProxy(backend.target, undefined, target.port);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await backend[Symbol.asyncDispose]();
    },
  };
}

const laneCount = 8;
interface Failure {
  readonly lane: number;
  readonly error: RpcError;
}

/** Sends calls one after the other in each of eight lanes; with `streams` every other one as a stream. */
function startLoad(set: TestSet, streams: boolean) {
  let running = true;
  let sent = 0;
  const failures: Failure[] = [];
  const sendUnary = async (text: string): Promise<void> => {
    const { message } = await unaryReply(set.invoke(callOf("unary", { message: text })));
    assert.equal(textOf(message), text);
  };
  const sendStream = async (text: string): Promise<void> => {
    const messages = streamOf(bytesOf(text));
    const reply = await streamReply(set.invoke(callOf("bidi_streaming", { messages })));
    const { texts, error } = await readAll(reply.messages);
    if (error) throw error;
    assert.deepEqual(texts, [text]);
  };
  const drive = async (lane: number): Promise<void> => {
    while (running) {
      const text = `${sent++}`;
      try {
        await (streams && sent % 2 === 0 ? sendStream(text) : sendUnary(text));
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        failures.push({ lane, error });
      }
      await sleep(1);
    }
  };
  const lanes = Promise.all(Array.from({ length: laneCount }, (_, lane) => drive(lane)));
  return {
    failures,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      running = false;
      await lanes;
    },
  };
}

/** What one death may cost: in each lane the one call that was in flight, by the loss of its connection. */
function assertInFlightOnly(failures: readonly Failure[]): void {
  const lanes = failures.map(({ lane }) => lane);
  assert.equal(new Set(lanes).size, lanes.length, "a lane lost two calls");
  for (const { error } of failures) {
    assert.equal(error.code, Code.UNAVAILABLE, String(error));
    assert.doesNotMatch(error.rawMessage, /^cannot reach/);
  }
}

for (const streams of [false, true]) {
  describe(`under a load of ${streams ? "calls and streams" : "calls"}`, { timeout: 30_000 }, () => {
    test("a backend that dies costs the calls it had in flight and no other, and gets calls when it is back", async () => {
      await using a = await startMortal();
      await using b = await startMortal();
      await using c = await startMortal();
      await using set = createSet({ targets: [a.target, b.target, c.target] });
      await allReady(set, 3);
      {
        await using load = startLoad(set, streams);
        await endpointsWhen(set, ([first]) => (first?.endedCount ?? 0) > 20);
        await a.kill();
        const sentAtDeath = load.sent();
        await endpointsWhen(set, () => load.sent() > sentAtDeath + 50);
        await a.revive();
        const seen = a.backend.seen.length;
        await endpointsWhen(set, () => a.backend.seen.length > seen + 10);
        assertInFlightOnly(load.failures);
      }
    });

    test("backends that die and return one after the other cost only what was in flight at each", async () => {
      await using a = await startMortal();
      await using b = await startMortal();
      await using set = createSet({ targets: [a.target, b.target] });
      await allReady(set, 2);
      await using load = startLoad(set, streams);
      for (let round = 0; round < 6; round++) {
        const index = round % 2;
        const mortal = index === 0 ? a : b;
        const before = load.failures.length;
        await mortal.kill();
        const sentAtDeath = load.sent();
        await endpointsWhen(set, () => load.sent() > sentAtDeath + 20);
        await mortal.revive();
        await endpointsWhen(set, (all) => all[index]?.state === "ready");
        assertInFlightOnly(load.failures.slice(before));
      }
    });
  });
}

test("backends that drain as they restart cost nothing", { timeout: 30_000 }, async () => {
  const slow = {
    Unary(call: { request: Buffer }, callback: (error: null, reply: Buffer) => void) {
      setTimeout(() => callback(null, call.request), 3);
    },
  };
  const backends = [await startCounted({}, slow), await startCounted({}, slow)];
  try {
    await using set = createSet({ targets: backends.map(({ target }) => target) });
    await allReady(set, 2);
    await using load = startLoad(set, true);
    for (let round = 0; round < 6; round++) {
      const index = round % 2;
      const old = backends[index];
      assert.ok(old);
      await old.drain();
      backends[index] = await startCounted({ port: old.target.port }, slow);
      await endpointsWhen(set, (all) => all[index]?.state === "ready");
      const sent = load.sent();
      await endpointsWhen(set, () => load.sent() > sent + 20);
    }
    assert.deepEqual(
      load.failures.map(({ error }) => `${error} ${error.cause}`),
      [],
    );
  } finally {
    for (const backend of backends) await backend[Symbol.asyncDispose]();
  }
});

test("the only backends all gone: calls fail at once with the reason, and work when one is back", {
  timeout: 30_000,
}, async () => {
  await using a = await startMortal();
  await using b = await startMortal();
  await using set = createSet({ targets: [a.target, b.target] });
  await allReady(set, 2);
  await a.kill();
  await b.kill();
  await endpointsWhen(set, (all) => all.every(({ state }) => state === "transient_failure"));
  assert.match(set.status().lastError ?? "", /^connection refused \(127\.0\.0\.1:\d+\)$/);
  const error = await errorOf(set.invoke(callOf("unary")));
  assert.equal(error.rawMessage, "cannot reach the backend: connection refused");
  await b.revive();
  await endpointsWhen(set, (all) => all.some(({ state }) => state === "ready"));
  await set.invoke(callOf("unary"));
});
