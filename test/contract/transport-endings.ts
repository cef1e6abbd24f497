// The contract of `Transport`: how calls end, early, late, badly or not at all, and that nothing piles up on the way.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import { Code } from "../../src/rpc/code.ts";
import { createDeadline } from "../../src/rpc/deadline.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import {
  bytesOf,
  type CreateTransport,
  callOf,
  errorOf,
  readAll,
  streamReply,
  textOf,
  using,
} from "./transport.ts";
import { startBackend } from "./transport-backend.ts";

const pieceBytes = 16 * 1024;
const pieceCount = 1000;
/** Far more than the windows and buffers of one stream, far less than all pieces. */
const heldCount = 256;

/** Requests that never end by themselves; `returned` tells that nobody wants more. */
function openRequests(...first: string[]): { messages: AsyncIterable<Uint8Array>; returned: Promise<void> } {
  const returned = Promise.withResolvers<void>();
  const end = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const queue = first.map(bytesOf);
  const messages: AsyncIterableIterator<Uint8Array> = {
    async next() {
      const value = queue.shift();
      return value ? { done: false, value } : end.promise;
    },
    async return() {
      returned.resolve();
      end.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { messages, returned: returned.promise };
}

export function describeTransportEndings(name: string, create: CreateTransport): void {
  describe(`${name} ends calls`, { timeout: 30_000 }, () => {
    test("a signal cancels the backend's call and its reason is what the call fails with", async () => {
      const started = Promise.withResolvers<void>();
      const cancelled = Promise.withResolvers<void>();
      await using backend = await startBackend({
        Unary(call) {
          call.on("cancelled", cancelled.resolve);
          started.resolve();
        },
      });
      await using transport = using(create({ target: backend.target }));
      const controller = new AbortController();
      const failed = errorOf(transport.invoke(callOf("unary", { signal: controller.signal })));
      await started.promise;
      const reason = new RpcError(Code.CANCELLED, "the client is gone");
      controller.abort(reason);
      assert.equal(await failed, reason);
      await cancelled.promise;
    });

    test("a signal that was aborted before makes no call", async () => {
      let count = 0;
      await using backend = await startBackend({
        Unary(call, callback) {
          count++;
          callback(null, call.request);
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reason = new RpcError(Code.DEADLINE_EXCEEDED, "too late");
      assert.equal(
        await errorOf(transport.invoke(callOf("unary", { signal: AbortSignal.abort(reason) }))),
        reason,
      );
      const { messages, returned } = openRequests();
      await errorOf(
        transport.invoke(callOf("client_streaming", { messages, signal: AbortSignal.abort(reason) })),
      );
      await returned;
      await transport.invoke(callOf("unary"));
      assert.equal(count, 1);
    });

    test("a signal ends a stream in the middle", async () => {
      const cancelled = Promise.withResolvers<void>();
      await using backend = await startBackend({
        Bidi(call) {
          call.on("cancelled", cancelled.resolve);
          call.on("data", (message) => call.write(message));
        },
      });
      await using transport = using(create({ target: backend.target }));
      const controller = new AbortController();
      const { messages, returned } = openRequests("a");
      const reply = await streamReply(
        transport.invoke(callOf("bidi_streaming", { messages, signal: controller.signal })),
      );
      const received: string[] = [];
      const reason = new RpcError(Code.CANCELLED, "the client is gone");
      const error = await errorOf(
        (async () => {
          for await (const message of reply.messages) {
            received.push(textOf(message));
            controller.abort(reason);
          }
        })(),
      );
      assert.equal(error, reason);
      assert.deepEqual(received, ["a"]);
      await Promise.all([cancelled.promise, returned, reply.trailer]);
    });

    test("a deadline ends a call that the backend does not end", async () => {
      const cancelled = Promise.withResolvers<void>();
      await using backend = await startBackend({ Unary: (call) => call.on("cancelled", cancelled.resolve) });
      await using transport = using(create({ target: backend.target }));
      const error = await errorOf(transport.invoke(callOf("unary", { deadline: createDeadline(50) })));
      assert.deepEqual([error.code, error.rawMessage], [Code.DEADLINE_EXCEEDED, "deadline exceeded"]);
      await cancelled.promise;
    });

    test("a deadline that has passed fails at once", async () => {
      await using backend = await startBackend({ Unary: (call, callback) => callback(null, call.request) });
      await using transport = using(create({ target: backend.target }));
      const error = await errorOf(transport.invoke(callOf("unary", { deadline: createDeadline(-1) })));
      assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    });

    test("a consumer that has enough cancels the backend's call and ends the requests", async () => {
      const cancelled = Promise.withResolvers<void>();
      await using backend = await startBackend({
        Bidi(call) {
          call.on("cancelled", cancelled.resolve);
          for (let i = 0; i < 10; i++) call.write(Buffer.from(String(i)));
        },
      });
      await using transport = using(create({ target: backend.target }));
      const { messages, returned } = openRequests("a");
      const reply = await streamReply(transport.invoke(callOf("bidi_streaming", { messages })));
      for await (const _ of reply.messages) break;
      await Promise.all([cancelled.promise, returned, reply.trailer]);
      assert.deepEqual(await readAll(reply.messages), { texts: [] });
    });

    test("return() while a message is awaited ends the wait", async () => {
      await using backend = await startBackend({ Bidi: (call) => call.sendMetadata(new Metadata()) });
      await using transport = using(create({ target: backend.target }));
      const { messages } = openRequests("a");
      const reply = await streamReply(transport.invoke(callOf("bidi_streaming", { messages })));
      const iterator = reply.messages[Symbol.asyncIterator]();
      const waiting = iterator.next();
      await iterator.return?.();
      assert.equal((await waiting).done, true);
    });

    for (const code of [Code.OK, Code.ABORTED]) {
      test(`the requests are told when the backend ends first, with code ${code}`, async () => {
        await using backend = await startBackend({
          Bidi: (call) => (code === Code.OK ? call.end() : call.emit("error", { code, details: "enough" })),
        });
        await using transport = using(create({ target: backend.target }));
        const { messages, returned } = openRequests("a");
        const reply = transport.invoke(callOf("bidi_streaming", { messages }));
        if (code === Code.OK) await readAll((await streamReply(reply)).messages);
        else assert.equal((await errorOf(reply)).code, code);
        await returned;
      });
    }

    test("requests that fail end the call with their error, and the backend's too", async () => {
      const cancelled = Promise.withResolvers<void>();
      const started = Promise.withResolvers<void>();
      await using backend = await startBackend({
        ClientStreaming(call) {
          call.on("cancelled", cancelled.resolve);
          started.resolve();
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reason = new RpcError(Code.INVALID_ARGUMENT, "not an envelope");
      async function* broken(): AsyncIterable<Uint8Array> {
        yield bytesOf("a");
        await started.promise;
        throw reason;
      }
      assert.equal(
        await errorOf(transport.invoke(callOf("client_streaming", { messages: broken() }))),
        reason,
      );
      await cancelled.promise;
    });

    test("messages that came before an error are delivered before it, however slowly they are pulled", async () => {
      const texts = Array.from({ length: 40 }, (_, n) => `m${n}`);
      await using backend = await startBackend({
        ServerStreaming(call) {
          for (const text of texts) call.write(Buffer.from(text));
          const metadata = new Metadata();
          metadata.set("x-trailer", "t");
          call.emit("error", { code: Code.NOT_FOUND, details: "no more: 100 % ü", metadata });
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reply = await streamReply(transport.invoke(callOf("server_streaming")));
      const received: string[] = [];
      const error = await errorOf(
        (async () => {
          for await (const message of reply.messages) {
            received.push(textOf(message));
            await turn();
            await turn();
          }
        })(),
      );
      assert.deepEqual(received, texts);
      assert.deepEqual([error.code, error.rawMessage], [Code.NOT_FOUND, "no more: 100 % ü"]);
      assert.equal(error.trailer.get("x-trailer"), "t");
      assert.equal((await reply.trailer).get("x-trailer"), "t");
    });

    test("a backend stops sending when nobody reads, and goes on when somebody does", async () => {
      let sentCount = 0;
      await using backend = await startBackend({
        async ServerStreaming(call) {
          while (sentCount < pieceCount) {
            sentCount++;
            if (!call.write(Buffer.alloc(pieceBytes, sentCount % 256))) await once(call, "drain");
          }
          call.end();
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reply = await streamReply(transport.invoke(callOf("server_streaming")));
      await sleep(200);
      assert.ok(sentCount > 0 && sentCount < heldCount, `${sentCount} of ${pieceCount} were sent`);
      let receivedCount = 0;
      for await (const message of reply.messages) {
        receivedCount++;
        assert.equal(message[0], receivedCount % 256);
      }
      assert.equal(receivedCount, pieceCount);
    });

    test("requests are not pulled while the backend does not read, and are when it does", async () => {
      const read = Promise.withResolvers<void>();
      await using backend = await startBackend({
        async ClientStreaming(call, callback) {
          await read.promise;
          let count = 0;
          for await (const _ of call) count++;
          callback(null, Buffer.from(String(count)));
        },
      });
      await using transport = using(create({ target: backend.target }));
      let pulledCount = 0;
      async function* many(): AsyncIterable<Uint8Array> {
        while (pulledCount < pieceCount) {
          pulledCount++;
          yield new Uint8Array(pieceBytes);
        }
      }
      const reply = transport.invoke(callOf("client_streaming", { messages: many() }));
      await sleep(200);
      assert.ok(pulledCount > 0 && pulledCount < heldCount, `${pulledCount} of ${pieceCount} were pulled`);
      read.resolve();
      const settled = await reply;
      assert.equal(settled.kind === "unary" && textOf(settled.message), String(pieceCount));
    });

    for (const count of [0, 2]) {
      test(`${count} reply messages where one is due are UNIMPLEMENTED`, async () => {
        await using backend = await startBackend({
          ServerStreaming(call) {
            for (let i = 0; i < count; i++) call.write(Buffer.from("m"));
            call.end();
          },
        });
        await using transport = using(create({ target: backend.target }));
        const error = await errorOf(transport.invoke(callOf("server_streaming", { as: "unary" })));
        assert.equal(error.code, Code.UNIMPLEMENTED);
      });
    }

    test("a reply that is too large is RESOURCE_EXHAUSTED, alone and in a stream", async () => {
      await using backend = await startBackend({
        Unary: (_, callback) => callback(null, Buffer.alloc(1001)),
        ServerStreaming(call) {
          call.write(Buffer.alloc(1000));
          call.write(Buffer.alloc(1001));
          call.end();
        },
      });
      await using transport = using(create({ target: backend.target, maxReplyBytes: 1000 }));
      assert.equal((await errorOf(transport.invoke(callOf("unary")))).code, Code.RESOURCE_EXHAUSTED);
      const reply = await streamReply(transport.invoke(callOf("server_streaming")));
      const { error } = await readAll(reply.messages);
      assert.equal(error?.code, Code.RESOURCE_EXHAUSTED);
    });
  });
}
