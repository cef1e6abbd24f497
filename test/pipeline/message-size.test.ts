import assert from "node:assert/strict";
import { test } from "node:test";
import { createMessageSizeLimit, type MessageSizeOptions } from "../../src/pipeline/message-size.ts";
import type { Handler } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { bytesOf, callOf, errorOf, readAll, streamReply, unaryReply, using } from "../contract/transport.ts";
import { startBackend } from "../contract/transport-backend.ts";
import { PushSource, ScriptedBackend, settled } from "./stream-limits/fixture.ts";

function limited(options: MessageSizeOptions, handler: Handler): Handler {
  const interceptor = createMessageSizeLimit(options);
  assert.ok(interceptor);
  return interceptor(handler);
}

const tooLarge = (side: string, size: number): [number, string] => [
  Code.RESOURCE_EXHAUSTED,
  `${side} message of ${size} bytes is larger than the limit of 4 bytes`,
];

test("without a limit there is no interceptor", () => {
  assert.equal(createMessageSizeLimit({}), undefined);
  assert.equal(createMessageSizeLimit({ maxRequestBytes: undefined, maxReplyBytes: undefined }), undefined);
});

test("a unary request of the limit's size passes as it is; one byte more is refused before anything is called", async () => {
  const backend = new ScriptedBackend();
  const handler = limited({ maxRequestBytes: 4 }, backend.handler);
  const call = callOf("unary", { message: "four" });
  const reply = handler(call);
  backend.answerUnary(bytesOf("a reply of any size"));
  await reply;
  assert.equal(backend.call, call);
  backend.call = undefined;
  const error = await errorOf(handler(callOf("unary", { message: "fifth" })));
  assert.deepEqual([error.code, error.rawMessage], tooLarge("request", 5));
  assert.equal(error.trailer.get("grpc-retry-pushback-ms"), "-1");
  assert.equal(backend.call, undefined);
});

test("the one request of a method that streams replies is limited too", async () => {
  const backend = new ScriptedBackend();
  const handler = limited({ maxRequestBytes: 4 }, backend.handler);
  assert.deepEqual(
    (await errorOf(handler(callOf("server_streaming", { message: "fifth" })))).rawMessage,
    tooLarge("request", 5)[1],
  );
});

test("a unary reply of the limit's size passes as it is; one byte more is refused, of a client stream too", async () => {
  for (const kind of ["unary", "client_streaming"] as const) {
    for (const text of ["four", "fifth"]) {
      const backend = new ScriptedBackend();
      const reply = limited({ maxReplyBytes: 4 }, backend.handler)(callOf(kind));
      backend.answerUnary(bytesOf(text));
      if (text === "four") assert.deepEqual((await unaryReply(reply)).message, bytesOf(text));
      else {
        const error = await errorOf(reply);
        assert.deepEqual([error.code, error.rawMessage], tooLarge("reply", 5));
      }
    }
  }
});

test("each message of a stream of replies is limited, and the backend is let go", async () => {
  const backend = new ScriptedBackend();
  const pending = limited({ maxReplyBytes: 4 }, backend.handler)(callOf("server_streaming"));
  backend.answer();
  backend.replies.push(bytesOf("one"), bytesOf("two"), bytesOf("three"), bytesOf("four"));
  const { messages } = await streamReply(pending);
  const { texts, error } = await readAll(messages);
  assert.deepEqual(texts, ["one", "two"]);
  assert.deepEqual([error?.code, error?.rawMessage], tooLarge("reply", 5));
  assert.equal(backend.replies.returns, 1);
  assert.equal(backend.call?.signal.reason, error);
});

test("a request that is too large ends the call with that, whatever the backend makes of it", async () => {
  const requests = new PushSource();
  const backend = new ScriptedBackend();
  const reply = errorOf(
    limited({ maxRequestBytes: 4 }, backend.handler)(callOf("client_streaming", { messages: requests })),
  );
  requests.push(bytesOf("one"), bytesOf("three"));
  const pulled = backend.requests();
  assert.deepEqual((await pulled.next()).value, bytesOf("one"));
  const refused = await errorOf(pulled.next());
  backend.fail(new RpcError(Code.INVALID_ARGUMENT, "half a request"));
  assert.equal(await reply, refused);
  assert.deepEqual([refused.code, refused.rawMessage], tooLarge("request", 5));
  assert.equal(requests.returns, 1);
});

test("with a real backend: refusals reach the client, and the backend's call is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using backend = await startBackend({
    Bidi(call) {
      call.on("data", (message: Buffer) => call.write(Buffer.concat([message, message])));
      call.on("cancelled", cancelled.resolve);
    },
  });
  await using transport = using(createGrpcJsTransport({ target: backend.target }));
  const handler = limited({ maxRequestBytes: 4, maxReplyBytes: 6 }, transport.invoke);
  const large = await streamReply(
    handler(callOf("bidi_streaming", { messages: streamOf(bytesOf("one"), bytesOf("four")) })),
  );
  const { texts, error } = await readAll(large.messages);
  assert.deepEqual(texts, ["oneone"]);
  assert.equal(error?.rawMessage, "reply message of 8 bytes is larger than the limit of 6 bytes");
  await cancelled.promise;

  const requests = new PushSource();
  requests.push(bytesOf("one"));
  const open = await streamReply(handler(callOf("bidi_streaming", { messages: requests })));
  const iterator = open.messages[Symbol.asyncIterator]();
  await iterator.next();
  requests.push(bytesOf("fifth"));
  assert.equal((await errorOf(iterator.next())).rawMessage, tooLarge("request", 5)[1]);
  await settled();
  assert.equal(requests.returns, 1);
});
