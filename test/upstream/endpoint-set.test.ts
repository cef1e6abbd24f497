// An upstream of several endpoints: shares, ejections, health, connections, closing. What happens when endpoints come and
// go under load stands in endpoint-set-loss.test.ts and endpoint-set-names.test.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { createDeadline } from "../../src/rpc/deadline.ts";
import { createEndpointSet } from "../../src/upstream/endpoint-set.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import type { Target, Transport } from "../../src/upstream/upstream.ts";
import { callOf, errorOf, readAll, streamReply } from "../contract/transport.ts";
import { startCuttableProxy, startRawPeer } from "../contract/transport-backend.ts";
import {
  allReady,
  type CountedBackend,
  createSet,
  endpointsWhen,
  startCounted,
  type TestSet,
  targetsOf,
} from "./endpoint-set-support.ts";

async function send(set: TestSet, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await set.invoke(callOf("unary", { message: `${i}` }));
}
const seenBy = (backends: readonly CountedBackend[]): number[] => backends.map(({ seen }) => seen.length);

describe("an upstream of several endpoints", { timeout: 30_000 }, () => {
  test("nothing connects before the first call, which waits for any endpoint", async () => {
    await using a = await startCounted();
    await using set = createSet({ targets: [{ host: "127.0.0.1", port: 1, tls: false }, a.target] });
    assert.deepEqual(
      set.endpoints().map(({ state }) => state),
      ["idle", "idle"],
    );
    await set.invoke(callOf("unary", { message: "x" }));
    assert.deepEqual(a.seen, ["x"]);
    assert.equal(set.status().state, "ready");
  });

  test("endpoints take turns", async () => {
    await using a = await startCounted();
    await using b = await startCounted();
    await using c = await startCounted();
    await using set = createSet({ targets: targetsOf([a, b, c]) });
    await allReady(set, 3);
    await send(set, 30);
    assert.deepEqual(seenBy([a, b, c]), [10, 10, 10]);
    assert.deepEqual(
      set.endpoints().map(({ address, endedCount, inFlightCount }) => [address, endedCount, inFlightCount]),
      [a, b, c].map(({ address }) => [address, 10, 0]),
    );
  });

  test("least_request prefers the endpoint that has fewer calls in flight", async () => {
    await using a = await startCounted();
    await using b = await startCounted();
    await using set = createSet({ targets: targetsOf([a, b]), balancing: "least_request" });
    await allReady(set, 2);
    const hold = Promise.withResolvers<void>();
    async function* silent(): AsyncIterable<Uint8Array> {
      yield new Uint8Array([1]);
      await hold.promise;
    }
    const replies: Promise<Reply>[] = [];
    for (let i = 0; i < 6; i++) {
      const reply = set.invoke(callOf("bidi_streaming", { messages: silent() }));
      replies.push(reply);
      const iterator = (await streamReply(reply)).messages[Symbol.asyncIterator]();
      await iterator.next();
    }
    assert.deepEqual(
      set.endpoints().map(({ inFlightCount }) => inFlightCount),
      [3, 3],
    );
    hold.resolve();
    await endpointsWhen(set, (all) => all.every(({ inFlightCount }) => inFlightCount === 0));
  });

  test("an endpoint that fails where another does not is taken out, shows it, and is back after its time", async () => {
    let broken = true;
    await using a = await startCounted(
      {},
      {
        Unary: (call, callback) =>
          callback(broken ? { code: Code.INTERNAL, details: "no disk" } : null, call.request),
      },
    );
    await using b = await startCounted();
    let nowMs = 0;
    await using set = createSet({
      targets: targetsOf([a, b]),
      outliers: { intervalMs: 5 },
      now: () => nowMs,
    });
    await allReady(set, 2);
    const outcomes = [];
    for (let i = 0; i < 40; i++)
      outcomes.push(
        await set.invoke(callOf("unary")).then(
          () => 0,
          (e) => e.code,
        ),
      );
    assert.equal(outcomes.filter((code) => code === Code.INTERNAL).length, 5);
    const [out] = set.endpoints();
    assert.equal(out?.ejectionCount, 1);
    assert.equal(out?.failedCount, 5);
    assert.ok(
      out?.ejectedUntilMs !== undefined && Math.abs(out.ejectedUntilMs - Date.now() - 30_000) < 10_000,
    );
    assert.equal(set.status().state, "ready");
    broken = false;
    nowMs = 30_001;
    await endpointsWhen(set, ([first]) => first?.ejectedUntilMs === undefined);
    const before = b.seen.length;
    await send(set, 10);
    assert.equal(b.seen.length - before, 5);
  });

  test("calls that fail at every endpoint take none out", async () => {
    const Unary = (_: unknown, callback: (error: { code: number }) => void) =>
      callback({ code: Code.UNKNOWN });
    await using a = await startCounted({}, { Unary });
    await using b = await startCounted({}, { Unary });
    await using set = createSet({ targets: targetsOf([a, b]) });
    await allReady(set, 2);
    for (let i = 0; i < 50; i++) await errorOf(set.invoke(callOf("unary")));
    assert.deepEqual(
      set.endpoints().map(({ ejectionCount }) => ejectionCount),
      [0, 0],
    );
  });

  test("an endpoint that says it is not serving gets no calls until it says that it is", async () => {
    let status = 2;
    const asked: string[] = [];
    const health = (service: string): number => {
      asked.push(service);
      return status;
    };
    await using a = await startCounted({ health });
    await using b = await startCounted({ health: () => 1 });
    await using set = createSet({
      targets: targetsOf([a, b]),
      health: { service: "acme.v1.Library", intervalMs: 10 },
    });
    set.connect();
    const [unwell] = await endpointsWhen(
      set,
      ([first, second]) => first?.health === "not_serving" && second?.health === "serving",
    );
    assert.equal(unwell?.healthError, "it says NOT_SERVING");
    await send(set, 10);
    assert.deepEqual(seenBy([a, b]), [0, 10]);
    status = 1;
    await endpointsWhen(set, ([first]) => first?.health === "serving");
    await send(set, 10);
    assert.deepEqual(seenBy([a, b]), [5, 15]);
    assert.ok(asked.every((service) => service === "acme.v1.Library"));
    const [first] = set.endpoints();
    assert.deepEqual([first?.inFlightCount, first?.endedCount, first?.healthError], [0, 5, undefined]);
  });

  test("where no endpoint says that it is serving, all get calls", async () => {
    await using a = await startCounted({ health: () => 2 });
    await using b = await startCounted({ health: () => 3 });
    await using set = createSet({ targets: targetsOf([a, b]), health: { intervalMs: 10 } });
    set.connect();
    await endpointsWhen(set, (all) => all.every(({ health }) => health === "not_serving"));
    await send(set, 10);
    assert.deepEqual(seenBy([a, b]), [5, 5]);
  });

  test("a backend without a health service is well", async () => {
    await using a = await startCounted();
    await using set = createSet({ targets: [a.target], health: { intervalMs: 10 } });
    set.connect();
    await endpointsWhen(set, ([first]) => first?.health === "serving");
  });

  test("an endpoint whose checks go unanswered is unwell after the second", async () => {
    await using a = await startCounted({ health: () => 1 });
    const cut = Promise.withResolvers<void>();
    await using proxy = await startCuttableProxy(a.target, (socket) => {
      void cut.promise.then(() => socket.pause().unpipe());
    });
    await using set = createSet({ targets: [proxy.target], health: { intervalMs: 10, timeoutMs: 20 } });
    set.connect();
    await endpointsWhen(set, ([first]) => first?.health === "serving");
    cut.resolve();
    const [first] = await endpointsWhen(set, ([endpoint]) => endpoint?.health === "not_serving");
    assert.match(first?.healthError ?? "", /^DEADLINE_EXCEEDED/);
  });

  test("several connections to an endpoint share its calls", async () => {
    await using a = await startCounted();
    let connectionCount = 0;
    await using proxy = await startCuttableProxy(a.target, () => connectionCount++);
    await using set = createSet({ targets: [proxy.target], connections: 3 });
    await set.invoke(callOf("unary"));
    await endpointsWhen(set, ([first]) => first?.readyCount === 3);
    await Promise.all(Array.from({ length: 30 }, () => set.invoke(callOf("unary"))));
    assert.equal(connectionCount, 3);
    assert.equal(a.seen.length, 31);
  });

  test("a call that waits for an endpoint ends at its deadline or with its signal, and its stream is returned", async () => {
    await using peer = await startRawPeer(() => {});
    await using other = await startRawPeer(() => {});
    await using set = createSet({ targets: targetsOf([peer, other]) });
    const late = await errorOf(set.invoke(callOf("unary", { deadline: createDeadline(20) })));
    assert.equal(late.code, Code.DEADLINE_EXCEEDED);
    const gone = new AbortController();
    const returned = Promise.withResolvers<void>();
    const messages: AsyncIterableIterator<Uint8Array> = {
      next: () => new Promise(() => {}),
      return: () => {
        returned.resolve();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => messages,
    };
    const pending = set.invoke(callOf("bidi_streaming", { messages, signal: gone.signal }));
    setTimeout(() => gone.abort(), 5);
    assert.equal((await errorOf(pending)).code, Code.CANCELLED);
    await returned.promise;
    peer.cut();
    other.cut();
  });

  test("close() lets calls in flight and calls that wait end, and refuses new ones", async () => {
    await using a = await startCounted();
    await using b = await startCounted();
    const set = createSet({ targets: targetsOf([a, b]) });
    const waits = set.invoke(callOf("unary", { message: "waits" }));
    const closing = set.close();
    assert.equal((await errorOf(set.invoke(callOf("unary")))).code, Code.UNAVAILABLE);
    assert.equal((await waits).kind, "unary");
    await closing;
    assert.equal(set.status().state, "shutdown");
    assert.deepEqual([...a.seen, ...b.seen], ["waits"]);
  });

  test("where there is one endpoint and ever will be, a call goes to its transport and through nothing else", async () => {
    await using a = await startCounted();
    const transports: Transport[] = [];
    const setOf = (targets: readonly Target[]) =>
      createEndpointSet({
        targets,
        createTransport: (place) => {
          const transport = createGrpcJsTransport(place);
          transports.push(transport);
          return transport;
        },
      });
    const only = setOf([a.target]);
    assert.equal(only.invoke, transports[0]?.invoke);
    const named = setOf([{ ...a.target, host: "backend.test" }]);
    assert.ok(!transports.some(({ invoke }) => invoke === named.invoke), "a name may come to mean another");
    await Promise.all([only.close(), named.close()]);
  });

  test("a set that was never used closes", async () => {
    const set = createSet({
      targets: [{ host: "nowhere.test", port: 1, tls: false }],
      resolveHost: () => Promise.reject(new Error("must not be asked")),
    });
    await set.close();
    assert.equal(set.status().state, "shutdown");
  });

  test("streams through a set that picks arrive whole and end well", async () => {
    await using a = await startCounted();
    await using b = await startCounted();
    await using set = createSet({ targets: targetsOf([a, b]) });
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`);
    async function* talk(): AsyncIterable<Uint8Array> {
      for (const text of texts) yield Buffer.from(text);
    }
    const reply = await streamReply(set.invoke(callOf("bidi_streaming", { messages: talk() })));
    assert.deepEqual(await readAll(reply.messages), { texts });
  });
});
