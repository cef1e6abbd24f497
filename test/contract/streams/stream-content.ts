// The contract of streams: what one side says is what the other hears, in its order, with what stands beside it.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { ErrorInfoSchema, RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import { echo, numbered, receiveItems, type StreamGateway, sendItems } from "./stream-backend.ts";
import { type Outcome, readAll, type StreamClient } from "./stream-client.ts";
import { decodeItem, encodeItem, item } from "./stream-schema.ts";

const manyCount = 10_000;

/** The text of a status with two details, as a backend sends it. */
function richStatus(): StatusObject {
  const metadata = new Metadata();
  metadata.set("x-cost", "7");
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: "WORN", domain: "test" })),
    anyPack(RetryInfoSchema, create(RetryInfoSchema, {})),
  ];
  const value = create(StatusSchema, {
    code: status.FAILED_PRECONDITION,
    message: "très worn: 100%",
    details,
  });
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, value)));
  return { code: status.FAILED_PRECONDITION, details: "très worn: 100%", metadata };
}

function checkRich(outcome: Outcome): void {
  assert.equal(outcome.code, status.FAILED_PRECONDITION);
  assert.equal(outcome.message, "très worn: 100%");
  assert.deepEqual(outcome.details, ["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]);
  assert.equal(outcome.trailer.get("x-cost"), "7");
}

export async function describeContent(
  context: TestContext,
  client: StreamClient,
  gateway: StreamGateway,
): Promise<void> {
  const { url } = gateway;
  const describe = (title: string, run: () => Promise<void>): Promise<void> =>
    context.test(title, { timeout: 30_000 }, run);
  const takes = (direction: "up" | "both"): boolean => client.directions.includes(direction);

  await describe("10,000 small messages arrive in their order", async () => {
    gateway.play({
      down: (call) => void sendItems(call, numbered(manyCount)),
      async up(call, reply) {
        const numbers = await receiveItems(call);
        assert.deepEqual(
          numbers,
          Array.from({ length: manyCount }, (_, index) => index + 1),
        );
        reply(null, encodeItem(item(numbers.length)));
      },
    });
    const down = await client.open(url, "down");
    const numbers = (await readAll(down)).map(({ number }) => number);
    assert.deepEqual(
      numbers,
      Array.from({ length: manyCount }, (_, index) => index + 1),
    );
    assert.equal(down.outcome().code, 0);
    if (!takes("up")) return;
    const up = await client.open(url, "up");
    for (const message of numbered(manyCount)) void up.send(message);
    up.halfClose();
    assert.deepEqual(await readAll(up), [item(manyCount)]);
    assert.equal(up.outcome().code, 0);
  });

  await describe("a stream may have no messages, either way", async () => {
    gateway.play({
      down: (call) => void call.end(),
      async up(call, reply) {
        reply(null, encodeItem(item((await receiveItems(call)).length)));
      },
      both: (call) => void call.on("data", () => {}).on("end", () => call.end()),
    });
    const down = await client.open(url, "down");
    assert.deepEqual([await readAll(down), down.outcome().code], [[], 0]);
    if (takes("up")) {
      const up = await client.open(url, "up");
      up.halfClose();
      assert.deepEqual([await readAll(up), up.outcome().code], [[item(0)], 0]);
    }
    if (takes("both")) {
      const both = await client.open(url, "both");
      both.halfClose();
      assert.deepEqual([await readAll(both), both.outcome().code], [[], 0]);
    }
  });

  if (takes("both")) {
    await describe("the client's half-close reaches the backend, which answers after it", async () => {
      gateway.play({
        both: (call) => {
          let sum = 0;
          call.on("data", (bytes: Buffer) => {
            sum += decodeItem(bytes).number;
          });
          call.on("end", () => {
            call.write(encodeItem(item(sum)));
            call.end();
          });
        },
      });
      const call = await client.open(url, "both");
      for (const message of numbered(3)) void call.send(message);
      call.halfClose();
      assert.deepEqual(await readAll(call), [item(6)]);
      assert.equal(call.outcome().code, 0);
    });
  }

  if (takes("both") && client.fullDuplex) {
    await describe("messages go back and forth, each after the one before it", async () => {
      gateway.play({ both: echo });
      const call = await client.open(url, "both");
      for (const message of numbered(20)) {
        void call.send(message);
        assert.deepEqual(await call.next(), message);
      }
      call.halfClose();
      assert.deepEqual([await call.next(), call.outcome().code], [undefined, 0]);
    });
  }

  await describe("metadata goes in, header and trailer come out, text and bytes", async () => {
    gateway.play({
      down(call) {
        const header = new Metadata();
        header.set("x-echo", call.metadata.get("x-token").join("|"));
        header.set("x-seen-bin", call.metadata.get("x-token-bin")[0] as Buffer);
        call.sendMetadata(header);
        call.write(encodeItem(item(1)));
        const trailer = new Metadata();
        trailer.set("x-cost", "7");
        trailer.set("x-sum-bin", Buffer.from([0, 255]));
        call.end(trailer);
      },
    });
    const header = { "x-token": "a b", "x-token-bin": "AP8" };
    const call = await client.open(url, "down", { header });
    const received = await call.header();
    assert.equal(received.get("x-echo"), "a b");
    assert.equal(received.get("x-seen-bin")?.replace(/=+$/, ""), "AP8");
    assert.deepEqual(await readAll(call), [item(1)]);
    const { code, trailer } = call.outcome();
    assert.equal(code, 0);
    assert.equal(trailer.get("x-cost"), "7");
    assert.equal(trailer.get("x-sum-bin")?.replace(/=+$/, ""), "AP8");
  });

  await describe("an error keeps code, text, details and trailer, before the first message and after one", async () => {
    for (const messages of [0, 1]) {
      gateway.play({
        down(call) {
          for (const message of numbered(messages)) call.write(encodeItem(message));
          call.emit("error", richStatus());
        },
      });
      const call = await client.open(url, "down");
      assert.equal((await readAll(call)).length, messages);
      checkRich(call.outcome());
    }
    if (!takes("up")) return;
    gateway.play({
      up(call, reply) {
        call.resume();
        reply(richStatus());
      },
    });
    const up = await client.open(url, "up");
    void up.send(item(1));
    assert.deepEqual(await readAll(up), []);
    checkRich(up.outcome());
  });
}
