// Letting go of streams that nobody reads: the producer is told, and what it makes of that is nobody's business.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { UnaryReply } from "../../src/rpc/call.ts";
import { Header } from "../../src/rpc/header.ts";
import { discardMessages, returnQuietly } from "../../src/rpc/stream.ts";

const never = new Promise<never>(() => {});

function replyOf(producer: AsyncIterator<Uint8Array>): Parameters<typeof discardMessages>[0] {
  const messages = { [Symbol.asyncIterator]: () => producer };
  return { kind: "stream", header: new Header(), messages, trailer: never };
}

test("a producer hears that its messages are not going to be read, once, and is not asked for any", () => {
  const heard: string[] = [];
  const producer = {
    next: () => {
      heard.push("next");
      return never;
    },
    return: () => {
      heard.push("return");
      return never;
    },
  };
  discardMessages(replyOf(producer));
  assert.deepEqual(heard, ["return"]);
});

test("what a producer throws when it is let go, at once or later, is not heard of", async () => {
  const next = () => never;
  const unheard: unknown[] = [];
  const onUnheard = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", onUnheard);
  try {
    returnQuietly({
      next,
      return: () => {
        throw new Error("at once");
      },
    });
    returnQuietly({ next, return: () => Promise.reject(new Error("later")) });
    await turn();
  } finally {
    process.off("unhandledRejection", onUnheard);
  }
  assert.deepEqual(unheard, []);
});

test("who has nothing to let go is left alone", () => {
  returnQuietly({ next: () => never });
  const reply: UnaryReply = {
    kind: "unary",
    header: new Header(),
    message: Uint8Array.of(),
    trailer: new Header(),
  };
  discardMessages(reply);
});
