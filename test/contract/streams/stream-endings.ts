// The contract of streams: whoever ends a call early, all others hear of it, and nothing is left open behind it.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Code } from "../../../src/rpc/code.ts";
import { until } from "../../server/open-listener.ts";
import { numbered, receiveItems, type StreamGateway, sendItems } from "./stream-backend.ts";
import { readAll, type StreamClient } from "./stream-client.ts";
import { encodeItem, item } from "./stream-schema.ts";

export async function describeEndings(
  context: TestContext,
  client: StreamClient,
  gateway: StreamGateway,
): Promise<void> {
  const { url } = gateway;
  const describe = (title: string, run: () => Promise<void>): Promise<void> =>
    context.test(title, { timeout: 30_000 }, run);

  for (const direction of client.directions) {
    await describe(`a client that goes away ends the backend's call (${direction})`, async () => {
      const before = gateway.cancelledCount;
      gateway.play({
        down: (call) => void call.write(encodeItem(item(1))),
        up: (call) => void call.on("data", () => {}),
        both: (call) => void call.on("data", (bytes: Buffer) => call.write(bytes)),
      });
      const call = await client.open(url, direction);
      if (direction !== "down") void call.send(item(1));
      if (direction === "down" || (direction === "both" && client.fullDuplex)) {
        assert.deepEqual(await call.next(), item(1));
      } else {
        await until(() => gateway.openCount > 0);
      }
      call.cancel();
      await until(() => gateway.cancelledCount === before + 1);
      assert.equal(gateway.openCount, 0);
    });
  }

  await describe("a client that goes away in the middle of a flood ends it", async () => {
    const before = gateway.cancelledCount;
    gateway.play({
      down: (call) => void sendItems(call, numbered(Number.POSITIVE_INFINITY, "x".repeat(10_000))),
    });
    const call = await client.open(url, "down");
    for (let count = 0; count < 100; count++) await call.next();
    call.cancel();
    await until(() => gateway.cancelledCount === before + 1);
    assert.equal(gateway.openCount, 0);
  });

  await describe("a deadline in mid-stream ends both sides with DEADLINE_EXCEEDED", async () => {
    gateway.play({ down: (call) => void call.write(encodeItem(item(1))) });
    const call = await client.open(url, "down", { timeoutMs: 400 });
    assert.deepEqual(await readAll(call), [item(1)]);
    assert.equal(call.outcome().code, Code.DEADLINE_EXCEEDED);
    await until(() => gateway.openCount === 0);
  });

  await describe("a backend that answers before it has read everything ends the client's stream", async () => {
    if (!client.directions.includes("up")) return;
    gateway.play({
      up: (call, reply) => {
        call.once("data", () => reply(null, encodeItem(item(42))));
      },
    });
    const call = await client.open(url, "up");
    void call.send(item(1));
    assert.deepEqual(await readAll(call), [item(42)]);
    assert.equal(call.outcome().code, 0);
    call.cancel();
    await until(() => gateway.openCount === 0);
  });

  await describe("a backend that dies in mid-stream is UNAVAILABLE after what had come", async () => {
    gateway.play({
      down: (call) => void call.write(encodeItem(item(1))),
      up: (call) => void call.on("data", () => {}),
      both: (call) => void call.on("data", (bytes: Buffer) => call.write(bytes)),
    });
    const call = await client.open(url, "down");
    assert.deepEqual(await call.next(), item(1));
    gateway.cut();
    assert.deepEqual(await readAll(call), []);
    assert.equal(call.outcome().code, Code.UNAVAILABLE);
    for (const direction of ["up", "both"] as const) {
      if (!client.directions.includes(direction)) continue;
      await until(() => gateway.openCount === 0);
      const sending = await client.open(url, direction);
      void sending.send(item(1));
      if (direction === "both" && client.fullDuplex) assert.deepEqual(await sending.next(), item(1));
      else await until(() => gateway.openCount > 0);
      gateway.cut();
      const left = await readAll(sending);
      assert.ok(left.length <= 1);
      assert.equal(sending.outcome().code, Code.UNAVAILABLE);
      sending.cancel();
    }
    await until(() => gateway.openCount === 0);
  });

  await describe("after all of this nothing is open, and calls go on", async () => {
    assert.equal(gateway.openCount, 0);
    gateway.play({
      down: (call) => void sendItems(call, numbered(3)),
      up: async (call, reply) => reply(null, encodeItem(item((await receiveItems(call)).length))),
    });
    const call = await client.open(url, "down");
    assert.equal((await readAll(call)).length, 3);
  });
}
