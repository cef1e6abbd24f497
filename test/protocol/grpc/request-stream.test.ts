// A stream of requests that breaks before a real backend: the client is told what was wrong with it, whatever the
// backend makes of its missing end, and the backend's call is cancelled.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGrpcProtocol } from "../../../src/protocol/grpc/grpc-protocol.ts";
import { until } from "../../server/open-listener.ts";
import { envelope } from "../envelopes.ts";
import { note, pathOf } from "../note-service.ts";
import { openGateway } from "./grpc-fixture.ts";
import { askGrpc } from "./raw-client.ts";

const hello = envelope(note({ id: "7" }));
const broken: readonly [title: string, type: string, body: Buffer, code: string, message: RegExp][] = [
  ["flags that gRPC does not have", "+proto", envelope("", 4), "3", /flags 0x4/],
  ["an end in the middle of a message", "+proto", hello.subarray(0, 6), "3", /ends in the middle/],
  ["a message beyond the limit", "+proto", Buffer.from([0, 255, 0, 0, 0]), "8", /larger than the limit/],
  ["a compressed message without a compression", "+proto", envelope("x", 1), "13", /no compression/],
  ["JSON that is no such message", "+json", envelope('{"size":"x"}'), "3", /size/],
];
for (const [title, suffix, body, code, message] of broken) {
  for (const [path, whole] of [
    [pathOf("ClientStreaming"), false],
    [pathOf("Bidi"), true],
  ] as const) {
    test(`${title} ends ${path} with code ${code}`, async (context) => {
      let [seenCount, cancelled] = [0, false];
      const port = await openGateway(context, createGrpcProtocol, {
        ClientStreaming(call) {
          call.on("data", () => seenCount++);
          call.on("cancelled", () => {
            cancelled = true;
          });
        },
        Bidi(call) {
          call.on("data", (bytes: Buffer) => {
            seenCount++;
            call.write(bytes);
          });
          call.on("cancelled", () => {
            cancelled = true;
          });
        },
      });
      const first = suffix === "+json" ? envelope('{"id":"7"}') : hello;
      const answer = await askGrpc(port, {
        path,
        type: `application/grpc${suffix}`,
        body: Buffer.concat([first, body]),
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.grpcStatus, code);
      assert.match(answer.grpcMessage, message);
      assert.ok(answer.messages.length <= (whole ? 1 : 0));
      // A call that was broken before it was sent is none that a backend could see.
      await until(() => cancelled || seenCount === 0);
    });
  }
}
