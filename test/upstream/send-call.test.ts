// Calls that no backend has seen go to another endpoint; calls that one may have seen do not.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { NotConnected } from "../../src/upstream/connect-failure.ts";
import { createSender } from "../../src/upstream/send-call.ts";
import { createWaitingCalls } from "../../src/upstream/waiting-calls.ts";
import { bytesOf, callOf, errorOf, readAll, textOf } from "../contract/transport.ts";

const unsent = () => new RpcError(Code.UNAVAILABLE, "cannot reach", { cause: new NotConnected("refused") });

/** Endpoints in a fixed order, one for each attempt. */
function senderTo(...handlers: Handler[]) {
  let attempts = 0;
  const sender = createSender({
    pick: () => ({ kind: "send", endpoint: { invoke: handlers[attempts++ % handlers.length] as Handler } }),
    onWait() {},
    waiting: createWaitingCalls(),
  });
  return { sender, attempts: () => attempts };
}
const gone: Handler = () => Promise.reject(unsent());
/** Pulls two requests, as a transport does before it knows, and then finds its connection gone. */
const goneLate: Handler = async (call) => {
  if (call.kind === "stream") {
    const iterator = call.messages[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    await iterator.return?.();
  }
  throw unsent();
};
const echo: Handler = async (call) => {
  const texts = call.kind === "stream" ? (await readAll(call.messages)).texts : [textOf(call.message)];
  return { kind: "unary", header: new Header(), message: bytesOf(texts.join()), trailer: new Header() };
};

test("a call that found its connection gone is sent to the next endpoint", async () => {
  const { sender, attempts } = senderTo(gone, goneLate, echo);
  const reply = await sender(callOf("unary", { message: "a" }));
  assert.equal(reply.kind === "unary" && textOf(reply.message), "a");
  assert.equal(attempts(), 3);
});

test("so is a stream of requests, from its first message on", async () => {
  const { sender } = senderTo(goneLate, gone, goneLate, echo);
  const messages = streamOf(bytesOf("a"), bytesOf("b"), bytesOf("c"));
  const reply = await sender(callOf("client_streaming", { messages }));
  assert.equal(reply.kind === "unary" && textOf(reply.message), "a,b,c");
});

test("a call that a backend may have seen is not sent again", async () => {
  const lost: Handler = () =>
    Promise.reject(new RpcError(Code.UNAVAILABLE, "the backend closed the connection"));
  const { sender, attempts } = senderTo(lost, echo);
  await errorOf(sender(callOf("unary")));
  assert.equal(attempts(), 1);
});

test("attempts are bounded where every connection is gone", async () => {
  const { sender, attempts } = senderTo(gone);
  assert.equal((await errorOf(sender(callOf("unary")))).code, Code.UNAVAILABLE);
  assert.equal(attempts(), 11);
});

test("a call whose client is gone is not sent on", async () => {
  const client = new AbortController();
  const { sender, attempts } = senderTo(async () => {
    client.abort();
    throw unsent();
  }, echo);
  await errorOf(sender(callOf("unary", { signal: client.signal })));
  assert.equal(attempts(), 1);
});
