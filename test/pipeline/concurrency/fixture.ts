// A limit around a backend that answers when it is told to, and a clock that stands still until a test moves it.
import assert from "node:assert/strict";
import { beforeEach, type TestContext } from "node:test";
import { createBorrowedStates } from "../../../src/pipeline/borrowed-states.ts";
import { createConcurrencyInterceptor } from "../../../src/pipeline/concurrency/concurrency-limit.ts";
import type { ConcurrencyEvent, ConcurrencyScope } from "../../../src/pipeline/concurrency/scope.ts";
import type { ConcurrencyLimit } from "../../../src/pipeline/flow-policy.ts";
import type { Call, Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { RpcError } from "../../../src/rpc/rpc-error.ts";
import { type CallParts, callOf } from "../../contract/transport.ts";
import { HeldBackend } from "./held-backend.ts";

/** At 0 when a test begins. */
export const clock = { nowMs: 0 };
beforeEach(() => {
  clock.nowMs = 0;
});

/** A limit around a backend that answers when it is told to. */
export function limited(
  policy: Partial<ConcurrencyLimit> = {},
  onEvent: (event: ConcurrencyEvent) => void = () => {},
) {
  const registry = createBorrowedStates<ConcurrencyScope>();
  const backend = new HeldBackend();
  const events: ConcurrencyEvent[] = [];
  const handlerOf = (changed: Partial<ConcurrencyLimit> = {}): Handler =>
    createConcurrencyInterceptor({
      policy: {
        max: 2,
        queue: 0,
        queueTimeoutMs: 1000,
        key: { text: "header:x-key", parts: [] },
        adaptive: false,
        ...policy,
        ...changed,
      },
      scopeKey: "/test.Transport/Unary",
      keyOf: (call) => call.header.get("x-key") ?? "",
      registry,
      now: () => clock.nowMs,
      report(event) {
        events.push(event);
        onEvent(event);
      },
    })(backend.invoke);
  const view = () => registry.get("/test.Transport/Unary")?.view();
  return { backend, invoke: handlerOf(), handlerOf, events, view, registry };
}

export function unary(name: string, parts: CallParts & { key?: string; criticality?: string } = {}): Call {
  const header = new Header();
  if (parts.key !== undefined) header.append("x-key", parts.key);
  if (parts.criticality !== undefined) header.append("x-criticality", parts.criticality);
  return callOf("unary", { header, ...parts, message: name });
}

/** Time that passes for timers and clock alike. */
export function fakeTime(context: TestContext): (ms: number) => void {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  return (ms) => {
    clock.nowMs += ms;
    context.mock.timers.tick(ms);
  };
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
export const exhausted = (error: RpcError): void => {
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.deepEqual(
    error.details.map(({ typeUrl }) => typeUrl),
    ["type.googleapis.com/google.rpc.RetryInfo"],
  );
};
