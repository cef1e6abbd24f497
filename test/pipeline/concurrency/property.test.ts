// Whatever comes, ends, gives up and changes in whatever order: the laws of the limit hold at every step.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBorrowedStates } from "../../../src/pipeline/borrowed-states.ts";
import { createConcurrencyInterceptor } from "../../../src/pipeline/concurrency/concurrency-limit.ts";
import type { ConcurrencyScope } from "../../../src/pipeline/concurrency/scope.ts";
import type { ConcurrencyLimit } from "../../../src/pipeline/flow-policy.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { callOf } from "../../contract/transport.ts";
import { HeldBackend } from "./held-backend.ts";

const keys = ["x", "y"];
const criticalities = ["sheddable", "sheddable-plus", "critical", "critical-plus"];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      key: fc.constantFrom(...keys),
      criticality: fc.constantFrom(...criticalities),
      deadlineMs: fc.option(fc.nat({ max: 400 }), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("end" as const), at: fc.nat(), good: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("abort" as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat({ max: 300 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("swap" as const), max: fc.integer({ min: 1, max: 6 }) }),
  },
);

interface Made {
  readonly name: string;
  readonly lane: string;
  readonly key: string;
  readonly client: AbortController;
  readonly settled: Promise<string>;
}

test("never more in flight than the limit, each lane in its order, and every call is carried out or refused", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const anySteps = fc.array(step, { minLength: 10, maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(anySteps, fc.nat({ max: 4 }), fc.boolean(), async (steps, queue, adaptive) => {
      let nowMs = 0;
      const registry = createBorrowedStates<ConcurrencyScope>();
      const backends = new Map(keys.map((key) => [key, new HeldBackend()]));
      const backendOf = (key: string): HeldBackend => backends.get(key) as HeldBackend;
      const invokeOf = (max: number): Handler => {
        const key = { text: "", parts: [] };
        const policy: ConcurrencyLimit = { max, queue, queueTimeoutMs: 500, key, adaptive };
        return createConcurrencyInterceptor({
          policy,
          scopeKey: "s",
          keyOf: ({ header }) => header.get("x-key") ?? "",
          registry,
          now: () => nowMs,
        })((call) => backendOf(call.header.get("x-key") ?? "").invoke(call));
      };
      let invoke = invokeOf(2);
      let most = 2;
      const made: Made[] = [];
      /** The step in which a call came to its backend. Two of one step are at the same time. */
      const cameAt = new Map<string, number>();
      const noteSteps = (at: number): void => {
        for (const key of keys)
          for (const name of backendOf(key).seen) if (!cameAt.has(name)) cameAt.set(name, at);
      };
      const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

      for (const [at, action] of steps.entries()) {
        if (action.do === "call") {
          const name = String(made.length);
          const client = new AbortController();
          const reply = invoke(
            callOf("unary", {
              message: name,
              header: new Header(["x-key", action.key, "x-criticality", action.criticality]),
              signal: client.signal,
              ...(action.deadlineMs !== undefined && { deadline: { atMs: nowMs + action.deadlineMs } }),
            }),
          );
          const settled = reply.then(
            () => "answered",
            (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
          );
          made.push({ name, key: action.key, lane: `${action.key} ${action.criticality}`, client, settled });
        } else if (action.do === "end") {
          const held = keys.flatMap((key) => backendOf(key).heldNames.map((name) => ({ key, name })));
          const chosen = held[action.at % (held.length || 1)];
          if (chosen === undefined) continue;
          if (action.good) backendOf(chosen.key).answer(chosen.name);
          else backendOf(chosen.key).fail(chosen.name, Code.UNAVAILABLE);
        } else if (action.do === "abort") {
          made[action.at % (made.length || 1)]?.client.abort("gone");
        } else if (action.do === "pass") {
          nowMs += action.ms;
          context.mock.timers.tick(action.ms);
        } else {
          invoke = invokeOf(action.max);
          most = Math.max(most, action.max);
        }
        await flush();
        noteSteps(at);
        for (const key of keys) assert.ok(backendOf(key).heldNames.length <= most);
        const view = registry.get("s")?.view();
        const heldCount = keys.reduce((sum, key) => sum + backendOf(key).heldNames.length, 0);
        assert.equal(view?.inFlight, heldCount, "a place is held by a call and by nothing else");
        assert.ok(view.waiting <= 2 * queue);
      }

      // Those who still wait have their turn, or their time is up.
      for (let round = 0; keys.some((key) => backendOf(key).heldNames.length > 0); round++) {
        assert.ok(round <= made.length, "the queue does not move");
        for (const key of keys) backendOf(key).answerAll();
        await flush();
        noteSteps(steps.length + round);
      }
      assert.equal(registry.get("s")?.view().waiting, 0);
      assert.equal(registry.get("s")?.view().keyCount, 0);
      for (const { name, key, lane, settled } of made) {
        const wasCarried = backendOf(key).seen.includes(name);
        const outcome = await settled;
        if (wasCarried) assert.ok(outcome === "answered" || /backend says no/.test(outcome), outcome);
        else assert.match(outcome, /RESOURCE_EXHAUSTED|DEADLINE_EXCEEDED|^gone$/);
        const inLane = made.filter((other) => other.lane === lane);
        const times = inLane.map((other) => cameAt.get(other.name)).filter((time) => time !== undefined);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 300 },
  );
});
