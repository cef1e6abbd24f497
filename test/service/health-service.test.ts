import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatusSchema as ServingStatusSchema,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { createHealthService, type HealthStatus } from "../../src/service/health-service.ts";
import { callOwn } from "./reflection-fixture.ts";

/** Statuses that the test sets. */
function createSource(initial: Readonly<Record<string, HealthStatus>>) {
  const statuses = new Map(Object.entries(initial));
  const listeners = new Set<() => void>();
  let draining = false;
  return {
    listeners,
    drain(): void {
      draining = true;
      for (const service of statuses.keys()) statuses.set(service, "not_serving");
      for (const listener of [...listeners]) listener();
    },
    draining: () => draining,
    set(service: string, status: HealthStatus): void {
      statuses.set(service, status);
      for (const listener of [...listeners]) listener();
    },
    statusOf: (service: string) => statuses.get(service) ?? ("unknown_service" as const),
    services: () => [...statuses.keys()],
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Source = ReturnType<typeof createSource>;

const request = (service: string): Uint8Array =>
  toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
const nameOf = (status: number): string | undefined =>
  ServingStatusSchema.values.find(({ number }) => number === status)?.name;
const statusIn = (message: Uint8Array): string | undefined =>
  nameOf(fromBinary(HealthCheckResponseSchema, message).status);

async function check(source: Source, service: string): Promise<string | undefined> {
  const reply = await callOwn(createHealthService(source), "Check", { message: request(service) });
  assert.equal(reply.kind, "unary");
  return statusIn(reply.message);
}

async function watch(source: Source, service: string, signal?: AbortSignal) {
  const reply = await callOwn(createHealthService(source), "Watch", { message: request(service) }, signal);
  assert.equal(reply.kind, "stream");
  const iterator = reply.messages[Symbol.asyncIterator]();
  return {
    reply,
    iterator,
    async next(): Promise<string | undefined> {
      const { done, value } = await iterator.next();
      return done === true ? undefined : statusIn(value);
    },
  };
}

function isError(code: Code, message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof RpcError && error.code === code && message.test(error.rawMessage);
}

test("a check answers for the gateway and for each service", async () => {
  const source = createSource({ "": "serving", "demo.Library": "not_serving" });
  assert.equal(await check(source, ""), "SERVING");
  assert.equal(await check(source, "demo.Library"), "NOT_SERVING");
});

test("a check of an unknown service is NOT_FOUND, and its name is shown in part", async () => {
  const source = createSource({ "": "serving" });
  await assert.rejects(
    check(source, "demo.Nothing"),
    isError(Code.NOT_FOUND, /^unknown service demo\.Nothing$/),
  );
  await assert.rejects(check(source, "__proto__"), isError(Code.NOT_FOUND, /__proto__/));
  await assert.rejects(
    check(source, "x".repeat(100_000)),
    isError(Code.NOT_FOUND, /^unknown service x{120}…$/),
  );
});

test("bytes that are no request are INVALID_ARGUMENT", async () => {
  const service = createHealthService(createSource({}));
  for (const method of ["Check", "Watch"]) {
    await assert.rejects(
      callOwn(service, method, { message: Uint8Array.of(0x0a, 0xff) }),
      isError(Code.INVALID_ARGUMENT, /no HealthCheckRequest/),
    );
  }
});

test("a watch answers at once, then when the status has changed", async () => {
  const source = createSource({ "demo.Library": "serving" });
  const { next, iterator } = await watch(source, "demo.Library");
  assert.equal(await next(), "SERVING");
  const second = next();
  source.set("", "not_serving");
  source.set("demo.Library", "serving");
  source.set("demo.Library", "not_serving");
  assert.equal(await second, "NOT_SERVING");
  await iterator.return?.();
});

test("a watch of an unknown service says so and goes on until the service is there, and when it is gone", async () => {
  const source = createSource({});
  const { next, iterator } = await watch(source, "demo.Library");
  assert.equal(await next(), "SERVICE_UNKNOWN");
  const second = next();
  source.set("demo.Library", "serving");
  assert.equal(await second, "SERVING");
  source.set("demo.Library", "unknown_service");
  assert.equal(await next(), "SERVICE_UNKNOWN");
  await iterator.return?.();
});

test("a watch ends with UNAVAILABLE once it has told of a drain, whoever waits and whoever begins then", async () => {
  const source = createSource({ "demo.Library": "serving", "demo.Down": "not_serving" });
  const waiting = await watch(source, "demo.Library");
  const unchanged = await watch(source, "demo.Down");
  assert.equal(await waiting.next(), "SERVING");
  assert.equal(await unchanged.next(), "NOT_SERVING");
  const [second, last] = [waiting.next(), unchanged.next()];
  source.drain();
  assert.equal(await second, "NOT_SERVING");
  const isEnd = isError(Code.UNAVAILABLE, /draining/);
  await assert.rejects(last, isEnd);
  await assert.rejects(waiting.next(), isEnd);
  const late = await watch(source, "demo.Nothing");
  assert.equal(await late.next(), "SERVICE_UNKNOWN");
  await assert.rejects(late.next(), isEnd);
  assert.equal(source.listeners.size, 0);
});

test("who reads slowly sees the latest status only, and nothing where it is the one they know", async () => {
  const source = createSource({ "demo.Library": "serving" });
  const { next, iterator } = await watch(source, "demo.Library");
  assert.equal(await next(), "SERVING");
  for (let i = 0; i < 1_000; i++) source.set("demo.Library", i % 2 === 0 ? "not_serving" : "serving");
  const second = next();
  source.set("demo.Library", "not_serving");
  source.set("demo.Library", "serving");
  assert.equal(await second, "NOT_SERVING");
  assert.equal(await next(), "SERVING");
  await iterator.return?.();
});

test("a watch listens from its first pull to its end, however it ends", async () => {
  const source = createSource({ "": "serving" });
  const ends: readonly [
    why: string,
    end: (it: Awaited<ReturnType<typeof watch>>, c: AbortController) => unknown,
  ][] = [
    ["the consumer has had enough", ({ iterator }) => iterator.return?.()],
    ["the consumer fails", ({ iterator }) => iterator.throw?.(new Error("mine")).catch(() => {})],
    ["the client is gone", (_, controller) => controller.abort(new RpcError(Code.CANCELLED, "gone"))],
  ];
  for (const [why, end] of ends) {
    const controller = new AbortController();
    const it = await watch(source, "", controller.signal);
    assert.equal(source.listeners.size, 0, why);
    assert.equal(await it.next(), "SERVING");
    const pending = it.iterator.next().catch((reason: unknown) => reason);
    assert.equal(source.listeners.size, 1, why);
    await end(it, controller);
    const outcome = await pending;
    if (why === "the client is gone") assert.ok(isError(Code.CANCELLED, /gone/)(outcome));
    else assert.deepEqual(outcome, { done: true, value: undefined });
    assert.equal(source.listeners.size, 0, why);
    assert.equal((await it.reply.trailer).size, 0);
  }
});

test("a list has the gateway and every service, whatever it is called", async () => {
  const source = createSource({ "demo.Library": "not_serving", "": "serving" });
  source.set("__proto__", "serving");
  const reply = await callOwn(createHealthService(source), "List", { message: new Uint8Array() });
  assert.equal(reply.kind, "unary");
  const { statuses } = fromBinary(HealthListResponseSchema, reply.message);
  assert.deepEqual(
    Object.entries(statuses).map(([name, { status }]) => [name, nameOf(status)]),
    [
      ["", "SERVING"],
      ["demo.Library", "NOT_SERVING"],
      ["__proto__", "SERVING"],
    ],
  );
});

test("more services than a message can list are RESOURCE_EXHAUSTED", async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `demo.Service${index}`);
  const source = createSource(Object.fromEntries(names.map((name) => [name, "serving" as const])));
  await assert.rejects(
    callOwn(createHealthService(source), "List", { message: new Uint8Array() }),
    isError(Code.RESOURCE_EXHAUSTED, /more than 10000/),
  );
});
