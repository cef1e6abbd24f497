import assert from "node:assert/strict";
import { test } from "node:test";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { compressions } from "../../src/wire/compression.ts";
import { type ReplyEnvelopeOptions, ReplyEnvelopes } from "../../src/wire/reply-envelopes.ts";
import { collect, Source } from "../protocol/rest/pieces.ts";

interface Ending {
  readonly options: ReplyEnvelopeOptions;
  readonly ends: (RpcError | undefined)[];
}

function endingOf(options: Partial<ReplyEnvelopeOptions> = {}): Ending {
  const ends: (RpcError | undefined)[] = [];
  return {
    ends,
    options: {
      encode: (message) => message,
      compression: undefined,
      minCompressedBytes: 10,
      end: async (error) => {
        ends.push(error);
        return Buffer.from("end");
      },
      ...options,
    },
  };
}

const hexOf = (pieces: readonly Uint8Array[]): string[] =>
  pieces.map((piece) => Buffer.from(piece).toString("latin1"));

test("each message is one piece, and the protocol has the last word", async () => {
  const { options, ends } = endingOf();
  const pieces = await collect(new ReplyEnvelopes(new Source([Buffer.from("a"), Buffer.from("")]), options));
  assert.deepEqual(hexOf(pieces), ["\0\0\0\0\x01a", "\0\0\0\0\0", "end"]);
  assert.deepEqual(ends, [undefined]);
});

test("what the messages fail with is the end, said once", async () => {
  const failure = new RpcError(15, "lost");
  const { options, ends } = endingOf();
  const pieces = await collect(new ReplyEnvelopes(new Source([Buffer.from("a")], failure), options));
  assert.equal(pieces.length, 2);
  assert.deepEqual(ends, [failure]);
});

test("a message that cannot be encoded ends the reply and lets go of the rest", async () => {
  const { options, ends } = endingOf({
    encode: () => {
      throw new Error("odd");
    },
  });
  const source = new Source([Buffer.from("a"), Buffer.from("b")]);
  assert.deepEqual(hexOf(await collect(new ReplyEnvelopes(source, options))), ["end"]);
  assert.equal(ends[0]?.code, 13);
  assert.equal(source.returned, true);
  assert.equal(source.pulled, 1);
});

test("large messages are compressed where a compression was negotiated", async () => {
  const { options } = endingOf({ compression: compressions.get("gzip") });
  const source = new Source([Buffer.alloc(9), Buffer.alloc(10)]);
  const [small, large] = await collect(new ReplyEnvelopes(source, options));
  assert.deepEqual([small?.[0], large?.[0]], [0, 1]);
});

test("a client that has enough lets go of the messages while one is awaited, and nothing is said", async () => {
  const waiting = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>();
  const source: AsyncIterableIterator<Uint8Array, undefined> = {
    next: () => waiting.promise,
    async return() {
      waiting.reject(new RpcError(1, "cancelled"));
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => source,
  };
  const { options, ends } = endingOf();
  const body = new ReplyEnvelopes(source, options);
  const next = body.next();
  await body.return();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual(await body.next(), { done: true, value: undefined });
  assert.deepEqual(ends, []);
});

test("a body that was never begun lets go of its messages too", async () => {
  const source = new Source([Buffer.from("a")]);
  await new ReplyEnvelopes(source, endingOf().options).return();
  assert.equal(source.returned, true);
});
