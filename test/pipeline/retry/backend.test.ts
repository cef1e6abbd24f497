// Retries, hedges and a circuit breaker before real gRPC backends that fail.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { createCircuitBreaker } from "../../../src/pipeline/circuit-breaker/circuit-breaker.ts";
import { isCircuitOpen } from "../../../src/pipeline/circuit-breaker/refusal.ts";
import { createCircuitBreakers } from "../../../src/pipeline/circuit-breaker/registry.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import { createHedgeInterceptor } from "../../../src/pipeline/retry/hedge.ts";
import { createRetryInterceptor, type RetryOptions } from "../../../src/pipeline/retry/retry.ts";
import type { Handler, Interceptor } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js-transport.ts";
import {
  callOf,
  errorOf,
  readAll,
  streamReply,
  textOf,
  unaryReply,
  using,
} from "../../contract/transport.ts";
import { closedPort, methodOf, startBackend } from "../../contract/transport-backend.ts";

function retry(kind: "unary" | "server_streaming", options: Partial<RetryOptions> = {}): Interceptor {
  const interceptor = createRetryInterceptor({
    policy: {
      maxAttempts: 4,
      initialBackoffMs: 1,
      maxBackoffMs: 5,
      backoffMultiplier: 2,
      codes: new Set([Code.UNAVAILABLE]),
      budgetRatio: 1,
    },
    method: methodOf(kind),
    explicit: true,
    budget: new RetryBudget(() => performance.now()),
    ...options,
  });
  assert.ok(interceptor);
  return interceptor;
}

describe("before a real backend", { timeout: 30_000 }, () => {
  test("three failures and an answer are an answer, and the backend is told of each attempt", async () => {
    const seen: unknown[] = [];
    await using backend = await startBackend({
      Unary(call, callback) {
        seen.push(call.metadata.get("grpc-previous-rpc-attempts")[0]);
        if (seen.length < 4) callback({ code: 14, details: "restarting" });
        else callback(null, Buffer.from(`${call.request}!`));
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const handler = retry("unary")(transport.invoke);
    assert.equal(textOf((await unaryReply(handler(callOf("unary", { message: "hi" })))).message), "hi!");
    assert.deepEqual(seen, [undefined, "1", "2", "3"]);
  });

  test("negative pushback is obeyed, and reaches the client", async () => {
    let attempts = 0;
    await using backend = await startBackend({
      Unary(_, callback) {
        attempts++;
        const metadata = new Metadata();
        metadata.set("grpc-retry-pushback-ms", "-1");
        callback({ code: 14, details: "overloaded", metadata });
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const error = await errorOf(retry("unary")(transport.invoke)(callOf("unary")));
    assert.equal(error.trailer.get("grpc-retry-pushback-ms"), "-1");
    assert.equal(attempts, 1);
  });

  test("an attempt that takes too long is cancelled at the backend and tried again", async () => {
    const cancelled = Promise.withResolvers<void>();
    let attempts = 0;
    await using backend = await startBackend({
      Unary(call, callback) {
        if (attempts++ === 0) call.on("cancelled", () => cancelled.resolve());
        else callback(null, call.request);
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const handler = retry("unary", { perTryMs: 500 })(transport.invoke);
    assert.equal((await handler(callOf("unary"))).kind, "unary");
    await cancelled.promise;
    assert.equal(attempts, 2);
  });

  test("a stream that breaks off before its first message is read from its next attempt", async () => {
    let attempts = 0;
    await using backend = await startBackend({
      ServerStreaming(call) {
        attempts++;
        call.sendMetadata(new Metadata());
        if (attempts < 3) {
          call.emit("error", { code: 14, details: "restarting" });
          return;
        }
        for (const text of ["a", "b"]) call.write(Buffer.from(text));
        call.end();
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const reply = await streamReply(retry("server_streaming")(transport.invoke)(callOf("server_streaming")));
    assert.deepEqual(await readAll(reply.messages), { texts: ["a", "b"] });
    assert.equal(attempts, 3);
    await reply.trailer;
  });

  test("what was read is not read again: a stream that breaks off later fails", async () => {
    let attempts = 0;
    await using backend = await startBackend({
      ServerStreaming(call) {
        attempts++;
        call.write(Buffer.from("a"), () => call.emit("error", { code: 14, details: "restarting" }));
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const reply = await streamReply(retry("server_streaming")(transport.invoke)(callOf("server_streaming")));
    const { texts, error } = await readAll(reply.messages);
    assert.deepEqual([texts, error?.code, attempts], [["a"], Code.UNAVAILABLE, 1]);
  });

  test("the first of two hedged attempts to be answered wins, and the other is cancelled at the backend", async () => {
    const cancelled = Promise.withResolvers<void>();
    let attempts = 0;
    await using backend = await startBackend({
      Unary(call, callback) {
        if (attempts++ === 0) call.on("cancelled", () => cancelled.resolve());
        else callback(null, Buffer.from("second"));
      },
    });
    await using transport = using(createGrpcJsTransport({ target: backend.target }));
    const hedge = createHedgeInterceptor({
      policy: { maxAttempts: 2, delayMs: 20, nonFatalCodes: new Set(), budgetRatio: 1 },
      method: { ...methodOf("unary"), idempotency: "no_side_effects" },
      explicit: false,
      budget: new RetryBudget(() => performance.now()),
    });
    assert.ok(hedge);
    const reply = await unaryReply(hedge(transport.invoke)(callOf("unary")));
    assert.equal(textOf(reply.message), "second");
    await cancelled.promise;
  });

  test("a backend that is down opens its circuit, and once it is up a call closes it", async () => {
    let nowMs = 0;
    const registry = createCircuitBreakers({ now: () => nowMs });
    const policy = { failureRatio: 0.5, minCalls: 3, windowMs: 10_000, openMs: 5000 };
    const breaker = createCircuitBreaker({ policy, scopeKey: "a", registry });
    const target = { host: "127.0.0.1", port: await closedPort(), tls: false };
    const reconnect = { initialMs: 10, maxMs: 10 };
    await using transport = using(createGrpcJsTransport({ target, reconnect }));
    const handler: Handler = breaker(transport.invoke);
    for (let i = 0; i < 3; i++) assert.equal(isCircuitOpen(await errorOf(handler(callOf("unary")))), false);
    assert.equal(isCircuitOpen(await errorOf(handler(callOf("unary")))), true);
    await using _ = await startBackend(
      { Unary: (call, callback) => callback(null, call.request) },
      { port: target.port },
    );
    while (transport.status().state !== "ready") await new Promise((resolve) => setTimeout(resolve, 5));
    nowMs = 5000;
    assert.equal((await handler(callOf("unary"))).kind, "unary");
    assert.equal(registry.view("a")?.state, "closed");
  });
});
