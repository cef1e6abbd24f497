// What holds whatever a backend does: calls get an outcome, attempts and retries are bounded, nothing is left running.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createCircuitBreaker } from "../../../src/pipeline/circuit-breaker/circuit-breaker.ts";
import { createCircuitBreakers } from "../../../src/pipeline/circuit-breaker/registry.ts";
import { RetryBudget } from "../../../src/pipeline/retry/budget.ts";
import { createHedgeInterceptor } from "../../../src/pipeline/retry/hedge.ts";
import { createRetryInterceptor } from "../../../src/pipeline/retry/retry.ts";
import { composeHandler, type Handler, type Reply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { callOf } from "../../contract/transport.ts";
import { methodOf } from "../../contract/transport-backend.ts";
import { type Act, createFakeClock, failed, type ScriptedBackend, scriptBackend } from "./fixture.ts";

const codes = new Set([Code.UNAVAILABLE, Code.ABORTED]);
const error = fc
  .tuple(
    fc.constantFrom(Code.UNAVAILABLE, Code.ABORTED, Code.NOT_FOUND),
    fc.option(fc.constantFrom("0", "7", "400", "-1", "x"), { nil: undefined }),
  )
  .map(([code, pushback]) => failed(code, pushback));
const unaryAct: fc.Arbitrary<Act> = fc.oneof(
  error.map((fail) => ({ fail })),
  fc.constant({ reply: "yes" } as const),
  fc.constant("hang" as const),
);
const streamAct: fc.Arbitrary<Act> = fc.oneof(
  error.map((fail) => ({ fail })),
  fc
    .tuple(
      fc.array(fc.constant("m"), { maxLength: 2 }),
      fc.option(fc.oneof(error, fc.constant("silence" as const))),
    )
    .map(([stream, ending]) => ({ stream, ...(ending && { ending }) })),
  fc.constant("hang" as const),
);

const callOfWorld = (act: fc.Arbitrary<Act>) =>
  fc.record({
    atMs: fc.nat({ max: 3000 }),
    script: fc.array(act, { minLength: 1, maxLength: 6 }),
    /** When the client goes away, or its deadline comes. */
    lastsMs: fc.integer({ min: 1, max: 3000 }),
    end: fc.constantFrom(Code.CANCELLED, Code.DEADLINE_EXCEEDED),
    /** Messages that the client reads before it has had enough. */
    reads: fc.nat({ max: 3 }),
  });

const world = (act: fc.Arbitrary<Act>) =>
  fc.record({
    maxAttempts: fc.integer({ min: 2, max: 5 }),
    perTryMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    budgetRatio: fc.double({ min: 0.01, max: 1, noNaN: true }),
    randoms: fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
    mode: fc.constantFrom("retry" as const, "hedge" as const),
    breaker: fc.boolean(),
    calls: fc.array(callOfWorld(act), { maxLength: 30 }),
  });

for (const [kind, act] of [
  ["unary", unaryAct],
  ["server_streaming", streamAct],
] as const) {
  describe(`of ${kind} calls`, () => {
    test("none is lost, none has too many attempts, retries stay within the budget, nothing is left", async () => {
      await fc.assert(
        fc.asyncProperty(world(act), async (given) => {
          const clock = createFakeClock();
          const budget = new RetryBudget(clock.now);
          const { maxAttempts, perTryMs, budgetRatio, randoms } = given;
          const method = methodOf(kind);
          const common = { method, explicit: true, budget, clock };
          const repeat =
            given.mode === "retry"
              ? createRetryInterceptor({
                  ...common,
                  policy: {
                    maxAttempts,
                    initialBackoffMs: 20,
                    maxBackoffMs: 100,
                    backoffMultiplier: 2,
                    codes,
                    budgetRatio,
                  },
                  perTryMs,
                  random: () => randoms.next().value ?? 0,
                })
              : createHedgeInterceptor({
                  ...common,
                  policy: { maxAttempts, delayMs: 30, nonFatalCodes: codes, budgetRatio },
                });
          assert.ok(repeat);
          const registry = createCircuitBreakers({ now: clock.now });
          const breaker = createCircuitBreaker({
            policy: { failureRatio: 0.5, minCalls: 5, windowMs: 1000, openMs: 100 },
            scopeKey: "a",
            registry,
          });
          const interceptors = given.breaker ? [repeat, breaker] : [repeat];

          const backends: ScriptedBackend[] = [];
          let outcomes = 0;
          let retries = 0;
          for (const { atMs, script, lastsMs, end, reads } of given.calls) {
            const backend = scriptBackend(...script);
            backends.push(backend);
            const handler = composeHandler(interceptors, backend.handler);
            clock.startTimer(atMs, () => {
              const controller = new AbortController();
              clock.startTimer(lastsMs, () => controller.abort(new RpcError(end, "over")));
              const deadline = end === Code.DEADLINE_EXCEEDED ? { atMs: clock.now() + lastsMs } : undefined;
              const parts = { signal: controller.signal, ...(deadline && { deadline }) };
              void use(handler, callOf(kind, parts), reads).then(() => outcomes++);
            });
          }
          await clock.advance(10_000);

          assert.equal(outcomes, given.calls.length);
          for (const backend of backends) {
            assert.ok(backend.calls.length <= maxAttempts, `${backend.calls.length} attempts`);
            assert.equal(backend.running(), 0);
            retries += Math.max(0, backend.calls.length - 1);
          }
          assert.ok(retries <= budgetRatio * given.calls.length + 20, `${retries} retries`);
          assert.equal(clock.timerCount, 0);
          assert.notEqual(registry.view("a")?.retryAfterMs, Number.NaN);
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** Reads as a client does, which stops when it has had enough or the call fails. */
async function use(handler: Handler, call: Parameters<Handler>[0], reads: number): Promise<void> {
  let reply: Reply;
  try {
    reply = await handler(call);
  } catch {
    return;
  }
  if (reply.kind === "unary") return;
  const iterator = reply.messages[Symbol.asyncIterator]();
  try {
    for (let i = 0; i < reads; i++) if ((await iterator.next()).done) break;
  } catch {
    // It has failed, which is an outcome.
  }
  await iterator.return?.();
  await reply.trailer;
}
