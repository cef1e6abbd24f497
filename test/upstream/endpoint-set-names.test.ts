// An upstream whose endpoints are the addresses of a host name. Only the name server is not real.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "../../src/rpc/code.ts";
import { callOf, errorOf, streamReply, textOf } from "../contract/transport.ts";
import { type CountedBackend, createSet, endpointsWhen, startCounted } from "./endpoint-set-support.ts";

/** A name server with one name. */
function createNames(...first: string[]) {
  let answer: readonly string[] | Error = first;
  let askedCount = 0;
  return {
    resolveHost: async () => {
      askedCount++;
      await sleep(1);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    set: (...hosts: string[]) => {
      answer = hosts;
    },
    fail: () => {
      answer = new Error("SERVFAIL");
    },
    askedCount: () => askedCount,
  };
}
const fast = { intervalMs: 10, minPauseMs: 1 };
const named = (port: number) => [{ host: "library.test", port, tls: false }];

async function startThree(): Promise<[CountedBackend, CountedBackend, CountedBackend] & AsyncDisposable> {
  const a = await startCounted({ host: "127.0.0.2" });
  const { port } = a.target;
  const all: [CountedBackend, CountedBackend, CountedBackend] = [
    a,
    await startCounted({ host: "127.0.0.3", port }),
    await startCounted({ host: "127.0.0.4", port }),
  ];
  return Object.assign(all, {
    async [Symbol.asyncDispose]() {
      for (const backend of all) await backend[Symbol.asyncDispose]();
    },
  });
}

describe("an upstream by name", { timeout: 30_000 }, () => {
  test("each address is an endpoint and gets its share; the backend sees the name", async () => {
    await using backends = await startThree();
    const names = createNames("127.0.0.4", "127.0.0.2", "127.0.0.3", "127.0.0.2", "not an address");
    const { port } = backends[0].target;
    await using set = createSet({ targets: named(port), resolveHost: names.resolveHost });
    set.connect();
    await endpointsWhen(set, (all) => all.length === 3 && all.every(({ state }) => state === "ready"));
    for (let i = 0; i < 9; i++) await set.invoke(callOf("unary"));
    assert.deepEqual(
      backends.map(({ seen }) => seen.length),
      [3, 3, 3],
    );
    assert.deepEqual(
      set.endpoints().map(({ address, host }) => [address, host]),
      ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map((host) => [`${host}:${port}`, "library.test"]),
    );
  });

  test("an address that is gone gets no new calls, and those it has finish", async () => {
    await using backends = await startThree();
    const [a, b] = backends;
    const names = createNames("127.0.0.2");
    await using set = createSet({
      targets: named(a.target.port),
      resolveHost: names.resolveHost,
      resolution: fast,
    });
    const more = Promise.withResolvers<void>();
    async function* talk(): AsyncIterable<Uint8Array> {
      yield Buffer.from("before");
      await more.promise;
      yield Buffer.from("after");
    }
    const { messages } = await streamReply(set.invoke(callOf("bidi_streaming", { messages: talk() })));
    const replies = messages[Symbol.asyncIterator]();
    assert.equal(textOf((await replies.next()).value), "before");
    names.set("127.0.0.3");
    await endpointsWhen(set, (all) => all.some(({ leaving }) => leaving));
    for (let i = 0; i < 5; i++) await set.invoke(callOf("unary"));
    assert.equal(b.seen.length, 5);
    assert.deepEqual(
      set.endpoints().map(({ address, inFlightCount, leaving }) => [address, inFlightCount, leaving]),
      [
        [b.address, 0, false],
        [a.address, 1, true],
      ],
    );
    more.resolve();
    assert.equal(textOf((await replies.next()).value), "after");
    assert.equal((await replies.next()).done, true);
    assert.deepEqual(a.seen, ["before", "after"]);
    await endpointsWhen(set, (all) => all.length === 1);
  });

  test("calls go on while every address is replaced", async () => {
    await using backends = await startThree();
    const names = createNames("127.0.0.2");
    const { port } = backends[0].target;
    await using set = createSet({ targets: named(port), resolveHost: names.resolveHost, resolution: fast });
    let running = true;
    const load = (async () => {
      while (running) await set.invoke(callOf("unary"));
    })();
    for (const host of ["127.0.0.3", "127.0.0.4", "127.0.0.2", "127.0.0.3"]) {
      names.set(host);
      await endpointsWhen(set, ([first]) => first?.address === `${host}:${port}` && first.endedCount > 3);
    }
    running = false;
    await load;
  });

  test("a name server that fails takes no address away", async () => {
    await using a = await startCounted({ host: "127.0.0.2" });
    const names = createNames("127.0.0.2");
    await using set = createSet({
      targets: named(a.target.port),
      resolveHost: names.resolveHost,
      resolution: fast,
    });
    await set.invoke(callOf("unary"));
    for (const failing of [() => names.fail(), () => names.set()]) {
      failing();
      const asked = names.askedCount();
      await endpointsWhen(set, () => names.askedCount() > asked + 1);
      await set.invoke(callOf("unary"));
      assert.equal(set.status().state, "ready");
      names.set("127.0.0.2");
    }
  });

  test("a name that is not found fails calls at once, and is found when it is there", async () => {
    await using a = await startCounted({ host: "127.0.0.2" });
    const names = createNames();
    const target = named(a.target.port);
    await using set = createSet({ targets: target, resolveHost: names.resolveHost, resolution: fast });
    const states: string[] = [];
    set.onStatus(({ state }) => states.push(state));
    for (let i = 0; i < 3; i++) {
      const error = await errorOf(set.invoke(callOf("unary")));
      assert.deepEqual(
        [error.code, error.rawMessage],
        [Code.UNAVAILABLE, "cannot reach the backend: host name not found"],
      );
    }
    assert.equal(set.status().lastError, `host name not found (library.test:${a.target.port})`);
    names.set("127.0.0.2");
    await endpointsWhen(set, ([first]) => first?.state === "ready");
    await set.invoke(callOf("unary"));
    assert.deepEqual([states[0], states[1], states.at(-1)], ["connecting", "transient_failure", "ready"]);
  });

  test("the name is resolved again when an endpoint is lost, long before the interval is over", async () => {
    await using backends = await startThree();
    const [a, b] = backends;
    const names = createNames("127.0.0.2");
    await using set = createSet({
      targets: named(a.target.port),
      resolveHost: names.resolveHost,
      resolution: { intervalMs: 3_600_000, minPauseMs: 1 },
    });
    await set.invoke(callOf("unary"));
    assert.equal(names.askedCount(), 1);
    names.set("127.0.0.3");
    await a[Symbol.asyncDispose]();
    await endpointsWhen(set, (all) =>
      all.some(({ address, state }) => address === b.address && state === "ready"),
    );
    await set.invoke(callOf("unary"));
    assert.equal(b.seen.length, 1);
  });

  test("of too many addresses the first are used, and those in use stay", async () => {
    const names = createNames(...Array.from({ length: 50 }, (_, i) => `127.0.1.${i}`));
    await using set = createSet({
      targets: named(1),
      resolveHost: names.resolveHost,
      resolution: fast,
      maxEndpoints: 5,
    });
    set.connect();
    const before = (await endpointsWhen(set, (all) => all.length > 0)).map(({ address }) => address);
    assert.equal(before.length, 5);
    names.set("127.0.0.9", ...Array.from({ length: 50 }, (_, i) => `127.0.1.${i}`));
    const asked = names.askedCount();
    await endpointsWhen(set, () => names.askedCount() > asked + 1);
    assert.deepEqual(
      set.endpoints().map(({ address }) => address),
      before,
    );
  });

  test("localhost is one endpoint, whichever of its addresses a server listens on", async () => {
    await using a = await startCounted();
    await using set = createSet({
      targets: [{ host: "localhost", port: a.target.port, tls: false }],
      resolveHost: () => Promise.reject(new Error("must not be asked")),
    });
    await set.invoke(callOf("unary"));
    assert.equal(set.endpoints().length, 1);
  });
});
