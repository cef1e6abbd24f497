import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { withHeartbeat } from "../../../src/protocol/rest/heartbeat.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { bodyIterator, requestOf, Source } from "./pieces.ts";
import { createEdge, note, streamReply } from "./rest-fixture.ts";

/** A stream whose items come when the test says so. */
function held(): {
  stream: AsyncIterableIterator<string, undefined>;
  give(item: string | undefined): void;
  returned: boolean;
} {
  type Step = IteratorResult<string, undefined>;
  let resolve: ((step: Step) => void) | undefined;
  const hold = {
    returned: false,
    give(item: string | undefined): void {
      resolve?.(item === undefined ? { done: true, value: undefined } : { done: false, value: item });
    },
    stream: {
      next: () =>
        new Promise<Step>((settle) => {
          resolve = settle;
        }),
      async return(): Promise<Step> {
        hold.returned = true;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
  return hold;
}

test("a silent stream beats at every interval, and no item is lost or late", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { stream, give } = held();
  const beating = withHeartbeat(stream, ":\n\n", 15_000);
  for (let i = 0; i < 3; i++) {
    const beat = beating.next();
    context.mock.timers.tick(15_000);
    assert.equal((await beat).value, ":\n\n");
  }
  const item = beating.next();
  give("a");
  assert.equal((await item).value, "a");
  const end = beating.next();
  give(undefined);
  assert.equal((await end).done, true);
});

test("a stream that is not silent does not beat", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const beating = withHeartbeat(new Source(["a", "b"]), ":\n\n", 15_000);
  const seen: unknown[] = [];
  for await (const piece of beating) {
    context.mock.timers.tick(20_000);
    seen.push(piece);
  }
  assert.deepEqual(seen, ["a", "b"]);
});

test("what the stream fails with is thrown", async () => {
  const failure = new Error("lost");
  const beating = withHeartbeat(new Source<string>([], failure), ":\n\n", 15_000);
  await assert.rejects(beating.next(), failure);
  assert.equal((await beating.next()).done, true);
});

test("a consumer that stops while an item is awaited is felt at once, and the wait ends", async () => {
  const hold = held();
  const beating = withHeartbeat(hold.stream, ":\n\n", 15_000);
  const waiting = beating.next();
  await beating.return?.();
  assert.equal(hold.returned, true);
  assert.equal((await waiting).done, true);
});

test("only events have a heartbeat: a comment, which no client takes for an event", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { stream, give } = held();
    const messages = (async function* () {
      for await (const _ of stream) yield note({ id: "1" });
    })();
    const handler: Handler = async () => streamReply(messages);
    const header = [["accept", "text/event-stream"]] as const;
    const edge = createEdge(handler, { heartbeatMs: 1_000 });
    const body = bodyIterator(await edge.handle(requestOf("GET", "/notes/7:watch", { header })));
    const beat = body.next();
    mock.timers.tick(1_000);
    assert.equal((await beat).value, ":\n\n");
    const item = body.next();
    give("x");
    assert.equal((await item).value, 'id: 1\ndata: {"id":"1"}\n\n');
    const end = body.next();
    give(undefined);
    await end;
  } finally {
    mock.timers.reset();
  }
});

for (const heartbeatMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 31 - 1]) {
  test(`an interval of ${heartbeatMs} ms is none: a silent stream of events waits for its next event`, async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let give = (_message: Uint8Array): void => {};
    const messages = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield await new Promise<Uint8Array>((resolve) => {
        give = resolve;
      });
    })();
    const edge = createEdge(async () => streamReply(messages), { heartbeatMs });
    const header = [["accept", "text/event-stream"]] as const;
    const body = bodyIterator(await edge.handle(requestOf("GET", "/notes/7:watch", { header })));
    const first = body.next();
    context.mock.timers.tick(1_000_000);
    give(note({ id: "1" }));
    assert.match(String((await first).value), /^id: 1\n/);
    await body.return?.();
  });
}
