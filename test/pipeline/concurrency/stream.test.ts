// How long a stream is in flight, and that it passes as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Header } from "../../../src/rpc/header.ts";
import { callOf, errorOf, readAll, streamReply, textOf } from "../../contract/transport.ts";
import { exhausted, limited, settled, unary } from "./fixture.ts";
import { heldStream } from "./held-backend.ts";

const endings: readonly [
  name: string,
  end: (
    stream: ReturnType<typeof heldStream>,
    reply: AsyncIterator<Uint8Array>,
    client: AbortController,
  ) => unknown,
][] = [
  ["its last message", (stream, reply) => endAfter(reply.next(), () => stream.end())],
  [
    "its failure",
    (stream, reply) =>
      endAfter(
        reply.next().catch(() => {}),
        () => stream.fail(new Error("broken")),
      ),
  ],
  ["a consumer that has enough", (_, reply) => reply.return?.()],
  ["a consumer that throws", (_, reply) => reply.throw?.(new Error("enough")).catch(() => {})],
  ["the client's going, though nobody pulls", (_, __, client) => client.abort("gone")],
  ["its trailer, though nobody pulls", (stream) => stream.settleTrailer()],
];
for (const [name, end] of endings) {
  test(`a stream is in flight until ${name}`, async () => {
    const { backend, invoke, view } = limited({ max: 1 });
    const client = new AbortController();
    const answer = streamReply(invoke(callOf("server_streaming", { message: "a", signal: client.signal })));
    const stream = heldStream();
    backend.answer("a", stream.reply);
    const reply = (await answer).messages[Symbol.asyncIterator]();
    stream.push("1");
    assert.equal(textOf((await reply.next()).value), "1");
    exhausted(await errorOf(invoke(unary("b"))));
    await end(stream, reply, client);
    await settled();
    assert.equal(view()?.inFlight, 0);
    const next = invoke(unary("c"));
    backend.answer("c");
    await next;
  });
}

test("a stream passes as it is: messages, failure, trailer, and the return of a consumer while it waits", async () => {
  const { backend, invoke } = limited();
  const stream = heldStream(new Header(["x-trailer", "t"]));
  const answer = streamReply(invoke(callOf("server_streaming", { message: "a" })));
  backend.answer("a", stream.reply);
  const reply = await answer;
  stream.push("1");
  stream.push("2");
  stream.end();
  assert.deepEqual(await readAll(reply.messages), { texts: ["1", "2"] });
  assert.equal((await reply.trailer).get("x-trailer"), "t");

  const second = heldStream();
  const other = streamReply(invoke(callOf("server_streaming", { message: "b" })));
  backend.answer("b", second.reply);
  const messages = (await other).messages[Symbol.asyncIterator]();
  const pending = messages.next();
  await messages.return?.();
  await second.returned;
  assert.equal((await pending).done, true);
  assert.equal((await messages.next()).done, true);
});

test("a stream whose client went before its header came has no place any more", async () => {
  const { backend, invoke, view } = limited({ max: 1 });
  const client = new AbortController();
  const answer = invoke(callOf("server_streaming", { message: "a", signal: client.signal }));
  client.abort("gone");
  backend.answer("a", heldStream().reply);
  await answer;
  assert.equal(view()?.inFlight, 0);
});

/** While it is awaited the source ends. */
function endAfter(pending: Promise<unknown>, end: () => void): Promise<unknown> {
  end();
  return pending;
}
