// What stands around real backends by the options of their schema: a circuit for each upstream, and calls that are sent
// again above the choice among them.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { startBackend } from "../contract/transport-backend.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { until } from "../server/open-listener.ts";
import { type OpenGateway, openGateway, reading, ScriptedSource, upstreamOf } from "./gateway-fixture.ts";

/** The service of `startBackend` with this policy at its one route. */
function unaryWith(policy: string) {
  return reading(
    compileFiles({
      "transport.proto": `syntax = "proto3"; package test;
import "google/api/annotations.proto";
import "protogate/v1/options.proto";
message Nothing {}
service Transport {
  rpc Unary(Nothing) returns (Nothing) {
    option (google.api.http) = { get: "/unary" };
    option (protogate.v1.method) = { ${policy} };
  }
}`,
    }),
  );
}

interface Opened {
  readonly gateway: OpenGateway;
  readonly source: ScriptedSource;
  /** Status of one call. */
  call(): Promise<number>;
  /** Statuses of calls, one after the other. */
  calls(count: number): Promise<number[]>;
  state(): readonly string[];
}

/** A gateway of upstreams by name, all of them connected. */
async function open(
  t: TestContext,
  policy: string,
  handlers: Readonly<Record<string, handleUnaryCall<Buffer, Buffer>>>,
): Promise<Opened> {
  const names = Object.keys(handlers);
  const backends = await Promise.all(Object.values(handlers).map((Unary) => startBackend({ Unary })));
  const source = new ScriptedSource("source", names, unaryWith(policy));
  const upstreams = names.map((name, i) => upstreamOf(name, backends[i]?.target.port ?? 0));
  const gateway = openGateway(t, { upstreams, sources: [source] });
  t.after(() => Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]())));
  await gateway.firstPass;
  await until(() => upstreams.every(({ transport }) => transport.status().state === "ready"));
  const call = async (): Promise<number> => (await gateway.get("/unary"))[0];
  return {
    gateway,
    source,
    call,
    async calls(count) {
      const statuses: number[] = [];
      for (let i = 0; i < count; i++) statuses.push(await call());
      return statuses;
    },
    state: () => {
      const { methods } = gateway.routes();
      const method = methods.find(({ rpc }) => rpc === "test.Transport/Unary");
      return (method?.state ?? []).map(({ key, value }) => `${key} ${value}`);
    },
  };
}

const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, Buffer.alloc(0));

/** Fails every call with INTERNAL, and counts them. */
function failing(): { readonly handler: handleUnaryCall<Buffer, Buffer>; count: number } {
  const failure = {
    count: 0,
    handler: ((_, callback) => {
      failure.count++;
      callback({ code: 13, details: "broken" });
    }) as handleUnaryCall<Buffer, Buffer>,
  };
  return failure;
}

const breaker = "circuit_breaker { min_calls: 3 failure_ratio: 1 open { seconds: 3600 } }";
const opened = ["circuitBreaker bad: open, 3 of 3 failed", "circuitBreaker good: closed, 0 of 9 failed"];

test("an upstream that fails loses its calls to the others, whose circuits stay closed", async (t) => {
  const bad = failing();
  const { calls, state, gateway } = await open(t, breaker, { bad: bad.handler, good: answer });
  const statuses = await calls(12);
  assert.deepEqual([statuses.filter((status) => status === 500).length, bad.count], [3, 3]);
  assert.deepEqual(statuses.slice(6), [200, 200, 200, 200, 200, 200]);
  assert.deepEqual(state(), opened);
  const told = gateway.log.find(({ event }) => event === "circuit breaker")?.fields;
  assert.deepEqual([told?.upstream, told?.method, told?.to], ["bad", "/test.Transport/Unary", "open"]);
});

test("with no upstream left calls fail at once, and no backend sees them", async (t) => {
  const [a, b] = [failing(), failing()];
  const { calls } = await open(t, breaker, { a: a.handler, b: b.handler });
  assert.deepEqual(await calls(8), [500, 500, 500, 500, 500, 500, 503, 503]);
  assert.deepEqual([a.count, b.count], [3, 3]);
});

test("a retry goes to another upstream, and counts against the circuit of the one that failed", async (t) => {
  const bad = failing();
  const policy = `${breaker} retry { max_attempts: 2 initial_backoff { nanos: 1000000 } codes: INTERNAL }`;
  const { calls, state } = await open(t, policy, { bad: bad.handler, good: answer });
  assert.deepEqual(new Set(await calls(9)), new Set([200]));
  assert.equal(bad.count, 3);
  assert.deepEqual(state(), opened);
});

test("a circuit outlives the schema, and is forgotten with its policy", async (t) => {
  const bad = failing();
  const { calls, state, source, gateway } = await open(t, breaker, { bad: bad.handler, good: answer });
  await calls(12);
  source.say(unaryWith(`${breaker} max_reply_bytes: 1000`));
  await until(() => gateway.swaps().length === 2);
  assert.deepEqual(state(), opened);
  assert.deepEqual(await calls(2), [200, 200]);
  source.say(unaryWith(""));
  await until(() => gateway.swaps().length === 3);
  assert.deepEqual(state(), []);
  assert.deepEqual((await calls(2)).sort(), [200, 500]);
  source.say(unaryWith(breaker));
  await until(() => gateway.swaps().length === 4);
  assert.deepEqual(state(), [
    "circuitBreaker bad: closed, 0 of 0 failed",
    "circuitBreaker good: closed, 0 of 0 failed",
  ]);
});

test("with one upstream its circuit needs no name", async (t) => {
  const { calls, state } = await open(t, breaker, { only: answer });
  await calls(2);
  assert.deepEqual(state(), ["circuitBreaker closed, 0 of 2 failed"]);
});

test("a call that takes long is hedged: the first answer counts, and the other attempt is cancelled", async (t) => {
  let count = 0;
  const cancelled = Promise.withResolvers<void>();
  const { call } = await open(t, "hedge { max_attempts: 2 delay { nanos: 1000000 } }", {
    slow: (attempt, callback) => {
      if (++count > 1) callback(null, Buffer.alloc(0));
      else attempt.on("cancelled", () => cancelled.resolve());
    },
  });
  assert.equal(await call(), 200);
  await cancelled.promise;
  assert.equal(count, 2);
});
