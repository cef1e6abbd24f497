// A slow reader stops the sender at the other end, in both directions, with real HTTP/2 on both sides of the gateway.
// How much is under way is counted when it no longer changes: were anything unbounded, all of it would be.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { test } from "node:test";
import { createGrpcProtocol } from "../../../src/protocol/grpc/grpc-protocol.ts";
import { envelope } from "../envelopes.ts";
import { pathOf } from "../note-service.ts";
import { openGateway } from "./grpc-fixture.ts";

const messageBytes = 64 * 1024;
const messageCount = 1000;
/** Windows, socket buffers and one message read ahead at each hop: some megabytes, of 64 that are to be sent. */
const boundCount = 250;

/** Waits until the count has not changed for a while. */
async function settled(count: () => number): Promise<number> {
  let [last, calm] = [-1, 0];
  while (calm < 15) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    calm = count() === last ? calm + 1 : 0;
    last = count();
  }
  return last;
}

const requestOf = (path: string) => ({
  ":method": "POST",
  ":path": path,
  "content-type": "application/grpc",
  te: "trailers",
});

test("a client that does not read stops the backend, and gets everything when it does", async (context) => {
  let sent = 0;
  const message = Buffer.alloc(messageBytes);
  const port = await openGateway(context, createGrpcProtocol, {
    async ServerStreaming(call) {
      for (; sent < messageCount; sent++) if (!call.write(message)) await once(call, "drain");
      call.end();
    },
  });
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request(requestOf(pathOf("ServerStreaming")));
  stream.end(envelope(""));
  await once(stream, "response");
  const held = await settled(() => sent);
  assert.ok(held < boundCount, `the backend has sent ${held} messages that nobody reads`);
  let received = 0;
  for await (const piece of stream) received += piece.length;
  assert.equal(received, messageCount * (messageBytes + 5));
  session.close();
});

test("a backend that does not read stops the client, and gets everything when it does", async (context) => {
  const go = Promise.withResolvers<void>();
  let received = 0;
  const port = await openGateway(context, createGrpcProtocol, {
    async ClientStreaming(call, callback) {
      await go.promise;
      call.on("data", (message: Buffer) => {
        received += message.length;
      });
      call.on("end", () => callback(null, Buffer.alloc(0)));
    },
  });
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request(requestOf(pathOf("ClientStreaming")));
  let sent = 0;
  const message = envelope(Buffer.alloc(messageBytes));
  const sending = (async () => {
    for (; sent < messageCount; sent++) if (!stream.write(message)) await once(stream, "drain");
    stream.end();
  })();
  const held = await settled(() => sent);
  assert.ok(held < boundCount, `the client has sent ${held} messages that nobody reads`);
  go.resolve();
  stream.resume();
  await Promise.all([sending, once(stream, "end")]);
  assert.equal(received, messageCount * messageBytes);
  session.close();
});
