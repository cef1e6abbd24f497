// The contract of streams: the slower side sets the pace, both ways, through every hop. What is under way is counted when
// the count stands still: were anything unbounded, all of it would be.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { echo, numbered, receiveItems, type StreamGateway, sendItems, settled } from "./stream-backend.ts";
import { readAll, type StreamClient } from "./stream-client.ts";
import { encodeItem, item } from "./stream-schema.ts";

const messageCount = 500;
/** 32 MB in all, of a text that no compression makes much smaller. */
const padding = randomBytes(48 * 1024).toString("base64");
/** Windows, socket buffers and one message read ahead at each hop: some megabytes. */
const boundCount = 200;

export async function describeFlow(
  context: TestContext,
  client: StreamClient,
  gateway: StreamGateway,
): Promise<void> {
  const { url } = gateway;
  const describe = (title: string, run: () => Promise<void>): Promise<void> =>
    context.test(title, { timeout: 30_000 }, run);

  await describe("a client that does not read stops the backend, and gets everything when it does", async () => {
    let taken = 0;
    gateway.play({
      down: (call) => void sendItems(call, numbered(messageCount, padding), () => taken++),
    });
    const call = await client.open(url, "down");
    await call.header();
    const held = await settled(() => taken);
    assert.ok(held > 0 && held < boundCount, `the backend has sent ${held} messages that nobody reads`);
    for (let number = 1; number <= messageCount; number++) {
      const message = await call.next();
      assert.equal(message?.number, number);
      assert.equal(message.padding.length, padding.length);
    }
    assert.equal(await call.next(), undefined);
    assert.equal(call.outcome().code, 0);
    assert.equal(taken, messageCount);
  });

  if (client.directions.includes("up")) {
    await describe("a backend that does not read stops the client, and gets everything when it does", async () => {
      const go = Promise.withResolvers<void>();
      gateway.play({
        async up(call, reply) {
          await go.promise;
          const numbers = await receiveItems(call);
          const inOrder = numbers.every((number, index) => number === index + 1);
          reply(null, encodeItem(item(inOrder ? numbers.length : -1)));
        },
      });
      const call = await client.open(url, "up");
      let sent = 0;
      const sending = (async () => {
        for (const message of numbered(messageCount, padding)) {
          await call.send(message);
          sent++;
        }
        call.halfClose();
      })();
      const held = await settled(() => sent);
      assert.ok(held < boundCount, `the client has sent ${held} messages that nobody reads`);
      go.resolve();
      assert.deepEqual(await readAll(call), [item(messageCount)]);
      await sending;
    });
  }

  if (client.directions.includes("both") && client.fullDuplex) {
    await describe("a client of an echo that does not read stops its own sends", async () => {
      gateway.play({
        both: echo,
      });
      const call = await client.open(url, "both");
      let sent = 0;
      const sending = (async () => {
        for (const message of numbered(messageCount, padding)) {
          await call.send(message);
          sent++;
        }
        call.halfClose();
      })();
      const held = await settled(() => sent);
      assert.ok(held < 2 * boundCount, `the client has sent ${held} messages`);
      const numbers = (await readAll(call)).map(({ number }) => number);
      assert.deepEqual(
        numbers,
        Array.from(numbers, (_, index) => index + 1),
      );
      assert.equal(numbers.length, messageCount);
      await sending;
    });
  }
}
