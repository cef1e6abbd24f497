import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientFrames } from "../../../src/protocol/websocket/client-frames.ts";
import { Code } from "../../../src/rpc/code.ts";
import type { RpcError } from "../../../src/rpc/rpc-error.ts";
import { WebSocketFrames } from "../../../src/server/websocket-frames.ts";

const done = { done: true, value: undefined };

function openFrames() {
  const flow = {
    reading: false,
    pause() {
      this.reading = false;
    },
    resume() {
      this.reading = true;
    },
  };
  const frames = new WebSocketFrames(flow);
  const failures: RpcError[] = [];
  const messages = new ClientFrames(frames, 1000).readMessages(
    (bytes) => bytes,
    (error) => failures.push(error),
  );
  return { flow, frames, failures, messages };
}

for (const end of ["return", "throw"] as const) {
  test(`${end}() ends the messages also while one is awaited, and what still comes is dropped`, async () => {
    const { flow, frames, failures, messages } = openFrames();
    const next = messages.next();
    if (end === "return") assert.deepEqual(await messages.return?.(), done);
    else await assert.rejects(async () => messages.throw?.(new Error("enough")), /enough/);
    assert.deepEqual(await next, done);
    frames.push(new Uint8Array(1));
    frames.push("no frame of ours");
    assert.deepEqual(await messages.next(), done);
    assert.equal(flow.reading, true, "the peer's close is to be seen");
    frames.end();
    assert.deepEqual(failures, []);
  });
}

test("messages that nobody began to read are let go too", async () => {
  const { flow, frames, messages } = openFrames();
  frames.push(new Uint8Array(1));
  assert.equal(flow.reading, false);
  await messages.return?.();
  assert.equal(flow.reading, true);
});

test("a client that leaves before its half-close has failed, once", async () => {
  const { frames, failures, messages } = openFrames();
  frames.push(new Uint8Array([7]));
  assert.deepEqual(await messages.next(), { done: false, value: new Uint8Array([7]) });
  const next = messages.next();
  frames.end();
  await assert.rejects(next, { code: Code.CANCELLED });
  assert.deepEqual(await messages.next(), done);
  await messages.return?.();
  assert.deepEqual(
    failures.map(({ code }) => code),
    [Code.CANCELLED],
  );
});

test("the half-close ends the messages, and what comes after it is a failure", async () => {
  const { frames, failures, messages } = openFrames();
  frames.push('{"halfClose":true}');
  assert.deepEqual(await messages.next(), done);
  frames.push(new Uint8Array(1));
  await new Promise(setImmediate);
  assert.deepEqual(
    failures.map(({ code }) => code),
    [Code.INVALID_ARGUMENT],
  );
});
