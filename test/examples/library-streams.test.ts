import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { Arrival_Reason, Library } from "../../examples/library/gen/library_pb.ts";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import { Code } from "../../src/gen/google/rpc/code_pb.ts";
import { createLibraryClient, failureOf, next, startLibraryFor } from "./library-client.ts";

const { watchArrivals, importBooks, chat, inspect, createBook, listBooks } = Library.method;
const fast = { nanos: 10_000_000 };

let server: LibraryServer;
let client: ReturnType<typeof createLibraryClient>;
before(async () => {
  server = await startLibraryServer();
  client = createLibraryClient(server.port);
});
after(async () => {
  client.close();
  await server.close();
});

test("arrivals of the catalogue are counted and end at the limit", async () => {
  const arrivals = await client.serverStream(watchArrivals, { limit: 3, interval: fast }).toArray();
  assert.deepEqual(
    arrivals.map(({ sequence, reason, book }) => [sequence, reason, book?.name]),
    [1n, 2n, 3n].map((count) => [count, Arrival_Reason.CATALOGUE, `shelves/1/books/${count}`]),
  );
});

test("a watcher's header is there before the first arrival", async () => {
  const call = client.serverStream(watchArrivals, { createdOnly: true });
  await once(call, "metadata");
  call.on("error", () => {}).cancel();
});

test("a book that is created while somebody watches arrives", async () => {
  const call = client.serverStream(watchArrivals, { createdOnly: true, limit: 1 });
  await once(call, "metadata");
  await client.unary(createBook, { parent: "shelves/3", book: { title: "Just in" } });
  const [arrival] = await call.toArray();
  assert.deepEqual([arrival.book.title, arrival.reason], ["Just in", Arrival_Reason.CREATED]);
});

test("a slow watcher loses the oldest and is told how many", async (t) => {
  const watcher = await startLibraryFor(t);
  const call = watcher.serverStream(watchArrivals, { createdOnly: true });
  await once(call, "metadata");
  // A grpc-js client reads without end until its first message is read; only then does it wait for its reader.
  await watcher.unary(createBook, { parent: "shelves/3", book: { title: "First" } });
  const replies = call[Symbol.asyncIterator]();
  await next(replies);
  // More than the flow-control window, the stream's buffers and the hundred that wait can hold together.
  const book = { title: "Many", tags: ["x".repeat(20_000)] };
  for (let batch = 0; batch < 4; batch++) {
    const requests = Array.from({ length: 100 }, () => ({ parent: "shelves/3", book }));
    await watcher.clientStream(importBooks, requests);
  }
  let seen = 0;
  let lost = 0;
  while (seen + lost < 400) {
    const { missed } = await next(replies);
    seen += 1;
    lost += missed;
  }
  assert.equal(seen + lost, 400);
  assert.ok(lost > 0);
});

test("a hundred watch, the next one is told to come back, and a place is free when one leaves", async () => {
  const calls = [];
  for (let count = 0; count < 100; count++) {
    const call = client.serverStream(watchArrivals, { createdOnly: true });
    call.on("error", () => {});
    await once(call, "metadata");
    calls.push(call);
  }
  const refused = client.serverStream(watchArrivals, { limit: 1 }).toArray();
  const { details } = await failureOf(refused, status.RESOURCE_EXHAUSTED);
  assert.ok(details.has("google.rpc.RetryInfo"));
  for (const call of calls) call.cancel();
  for (;;) {
    // The server sees the cancellations when it sees them.
    const again = client.serverStream(watchArrivals, { limit: 1 }).toArray();
    if (
      await again.then(
        () => true,
        () => false,
      )
    )
      break;
  }
});

test("a stream that is told to fail does so after the messages it was told to send", async () => {
  const call = client.serverStream(watchArrivals, { limit: 9, interval: fast, failAfter: 2 });
  const seen: bigint[] = [];
  const read = async () => {
    for await (const { sequence } of call) seen.push(sequence);
  };
  const { details } = await failureOf(read(), status.DATA_LOSS);
  assert.deepEqual(seen, [1n, 2n]);
  assert.ok(details.has("google.rpc.ErrorInfo"));
});

test("an interval out of bounds and a negative limit are refused", async () => {
  for (const wrong of [
    { interval: { seconds: -1n } },
    { interval: { nanos: 1 } },
    { limit: -1 },
    { failAfter: -1 },
  ]) {
    await failureOf(client.serverStream(watchArrivals, wrong).toArray(), status.INVALID_ARGUMENT);
  }
});

test("an import takes the good books, tells of the bad ones and remembers the shelf", async () => {
  const reply = await client.clientStream(importBooks, [
    { parent: "shelves/2", book: { title: "One" } },
    { book: { title: "" } },
    { book: { title: "Two" } },
    { parent: "shelves/99", book: { title: "Three" } },
    {},
  ]);
  assert.deepEqual(reply.books, ["shelves/2/books/7", "shelves/2/books/8"]);
  assert.deepEqual([reply.importedCount, reply.failedCount], [2, 3]);
  assert.deepEqual(
    reply.failures.map(({ index, status }) => [index, status?.code]),
    [
      [1, Code.INVALID_ARGUMENT],
      [3, Code.NOT_FOUND],
      [4, Code.INVALID_ARGUMENT],
    ],
  );
  assert.equal(reply.failures[0]?.status?.details[0]?.typeUrl, "type.googleapis.com/google.rpc.BadRequest");
});

test("an import of nothing is an account of nothing", async () => {
  const reply = await client.clientStream(importBooks, []);
  assert.deepEqual([reply.importedCount, reply.failedCount], [0, 0]);
});

test("a library is full at a thousand books, and the account of an import stays short", async (t) => {
  const fullClient = await startLibraryFor(t);
  const requests = Array.from({ length: 1100 }, () => ({ parent: "shelves/1", book: { title: "Again" } }));
  const reply = await fullClient.clientStream(importBooks, requests);
  assert.deepEqual([reply.importedCount, reply.failedCount], [955, 145]);
  assert.deepEqual([reply.books.length, reply.failures.length], [100, 100]);
  assert.equal(reply.failures[0]?.status?.code, Code.RESOURCE_EXHAUSTED);
});

test("the librarian answers each word before the next one is said, and ends with good bye", async () => {
  const { send, replies } = client.bidi(chat);
  send({ content: { case: "text", value: "hello" } });
  assert.match((await next(replies)).text, /Good day/);
  send({ content: { case: "text", value: "Do you have a book by Verne?" } });
  const { suggestions, sequence } = await next(replies);
  assert.equal(sequence, 2n);
  assert.deepEqual([...new Set(suggestions.map(({ author }) => author))], ["Jules Verne"]);
  send({ content: { case: "book", value: "shelves/1/books/4" } });
  assert.match((await next(replies)).text, /Great Expectations is back on 2026-11-23/);
  send({ content: { case: "book", value: "shelves/1/books/404" } });
  assert.match((await next(replies)).text, /cannot find it/);
  send({ content: { case: "text", value: "bye" } });
  assert.match((await next(replies)).text, /Good bye/);
  assert.equal((await replies.next()).done, true, "the server ends although the client has not");
});

test("a chat ends without an answer when the client ends it", async () => {
  const { end, replies } = client.bidi(chat);
  end();
  assert.equal((await replies.next()).done, true);
});

test("saying nothing at all in a chat is an error", async () => {
  const { send, replies } = client.bidi(chat);
  send({});
  await failureOf(replies.next(), status.INVALID_ARGUMENT);
});

test("inspection shows the metadata, binary ones too, and the deadline", async () => {
  const metadata = new Metadata();
  metadata.add("x-twice", "a");
  metadata.add("x-twice", "b");
  metadata.set("x-raw-bin", Buffer.from([0, 255]));
  const reply = await client.unary(
    inspect,
    { path: "a/b" },
    { metadata, deadline: new Date(Date.now() + 60_000) },
  );
  const seen = reply.metadata.filter(({ key }) => key.startsWith("x-"));
  assert.deepEqual(
    seen.map(({ key, value }) => [key, value]),
    [
      ["x-raw-bin", "AP8="],
      ["x-twice", "a, b"],
    ],
  );
  assert.ok(reply.timeLeft !== undefined && reply.timeLeft.seconds <= 60n);
  assert.equal((await client.unary(inspect, {})).timeLeft, undefined);
});

test("inspection fails with the code of the caller's choice and a detail of every kind", async () => {
  for (let code = Code.CANCELLED; code <= Code.UNAUTHENTICATED; code++) {
    const { details } = await failureOf(client.unary(inspect, { failWith: code }), code as number as status);
    assert.equal(details.size, 10);
    assert.ok(!details.has("unknown"));
  }
  await failureOf(client.unary(inspect, { failWith: 99 as Code }), status.INVALID_ARGUMENT);
});

test("a call that waits ends with its deadline", async () => {
  const call = client.unary(inspect, { delay: { seconds: 60n } }, { deadline: new Date(Date.now() + 20) });
  await failureOf(call, status.DEADLINE_EXCEEDED);
});

test("the books of an import are there afterwards", async () => {
  await client.clientStream(importBooks, [
    { parent: "shelves/4", book: { title: "Imported", subject: "test" } },
  ]);
  const { books } = await client.unary(listBooks, { filter: { subject: "test" } });
  assert.deepEqual(
    books.map(({ title }) => title),
    ["Imported"],
  );
});
