import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequestBudget } from "../../src/pipeline/request-budget.ts";
import type { Call, Handler, UnaryReply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import type { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";

const method = {
  path: "/t.T/M",
  service: "t.T",
  name: "M",
  kind: "unary",
  idempotency: "unknown",
} as const;
const head = { method, header: new Header(), signal: new AbortController().signal };
const unary = (bytes: number): Call => ({ ...head, kind: "unary", message: new Uint8Array(bytes) });
const reply: UnaryReply = {
  kind: "unary",
  header: new Header(),
  message: new Uint8Array(0),
  trailer: new Header(),
};

/** A backend that answers when it is told to. */
function heldBackend(): { readonly handler: Handler; readonly pending: PromiseWithResolvers<UnaryReply>[] } {
  const pending: PromiseWithResolvers<UnaryReply>[] = [];
  const handler: Handler = () => {
    const answer = Promise.withResolvers<UnaryReply>();
    pending.push(answer);
    return answer.promise;
  };
  return { handler, pending };
}

const exhausted = (error: RpcError): boolean =>
  error.code === Code.RESOURCE_EXHAUSTED && /200000 of 250000 bytes/.test(error.message);

test("large requests are taken until the budget is, and again when one is answered, well or not", async () => {
  const { handler, pending } = heldBackend();
  const budgeted = createRequestBudget(250_000)(handler);
  const first = budgeted(unary(100_000));
  const second = budgeted(unary(100_000));
  await assert.rejects(budgeted(unary(100_000)), exhausted);
  pending[0]?.resolve(reply);
  await first;
  const third = budgeted(unary(100_000));
  await assert.rejects(budgeted(unary(100_000)), exhausted);
  pending[1]?.reject(new Error("down"));
  await assert.rejects(second, /down/);
  const fourth = budgeted(unary(150_000));
  pending[2]?.resolve(reply);
  pending[3]?.resolve(reply);
  assert.equal(await third, reply);
  assert.equal(await fourth, reply);
});

test("small requests and streams pass whatever is in flight", async () => {
  const { handler, pending } = heldBackend();
  const budgeted = createRequestBudget(250_000)(handler);
  for (let i = 0; i < 2; i++) void budgeted(unary(100_000));
  void budgeted(unary(60_000));
  void budgeted({ ...head, kind: "stream", messages: streamOf() });
  assert.equal(pending.length, 4);
});

test("methods share one budget", async () => {
  const { handler } = heldBackend();
  const budget = createRequestBudget(250_000);
  void budget(handler)(unary(200_000));
  await assert.rejects(budget(handler)(unary(100_000)), exhausted);
});
