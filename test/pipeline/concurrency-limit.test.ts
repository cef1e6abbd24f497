import assert from "node:assert/strict";
import { beforeEach, type TestContext, test } from "node:test";
import { createBorrowedStates } from "../../src/pipeline/borrowed-states.ts";
import { createConcurrencyInterceptor } from "../../src/pipeline/concurrency-limit.ts";
import type { ConcurrencyEvent, ConcurrencyScope } from "../../src/pipeline/concurrency-limit-scope.ts";
import type { ConcurrencyLimit } from "../../src/pipeline/flow-policy.ts";
import type { Call, Handler, Reply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import type { RpcError } from "../../src/rpc/rpc-error.ts";
import { type CallParts, callOf, errorOf, readAll, streamReply, textOf } from "../contract/transport.ts";
import { HeldBackend, heldStream } from "./held-backend.ts";

let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
});

/** A limit around a backend that answers when it is told to. */
function limited(
  policy: Partial<ConcurrencyLimit> = {},
  onEvent: (event: ConcurrencyEvent) => void = () => {},
) {
  const registry = createBorrowedStates<ConcurrencyScope>();
  const backend = new HeldBackend();
  const events: ConcurrencyEvent[] = [];
  const handlerOf = (changed: Partial<ConcurrencyLimit> = {}): Handler =>
    createConcurrencyInterceptor({
      policy: {
        max: 2,
        queue: 0,
        queueTimeoutMs: 1000,
        key: { text: "header:x-key", parts: [] },
        adaptive: false,
        ...policy,
        ...changed,
      },
      scopeKey: "/test.Transport/Unary",
      keyOf: (call) => call.header.get("x-key") ?? "",
      registry,
      now: () => nowMs,
      report(event) {
        events.push(event);
        onEvent(event);
      },
    })(backend.invoke);
  const view = () => registry.get("/test.Transport/Unary")?.view();
  return { backend, invoke: handlerOf(), handlerOf, events, view, registry };
}

function unary(name: string, parts: CallParts & { key?: string; criticality?: string } = {}): Call {
  const header = new Header();
  if (parts.key !== undefined) header.append("x-key", parts.key);
  if (parts.criticality !== undefined) header.append("x-criticality", parts.criticality);
  return callOf("unary", { header, ...parts, message: name });
}

/** Time that passes for timers and clock alike. */
function fakeTime(context: TestContext): (ms: number) => void {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  return (ms) => {
    nowMs += ms;
    context.mock.timers.tick(ms);
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const exhausted = (error: RpcError): void => {
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.deepEqual(
    error.details.map(({ typeUrl }) => typeUrl),
    ["type.googleapis.com/google.rpc.RetryInfo"],
  );
};

test("so many calls are in flight at once, and one more when one has its answer, good or bad", async () => {
  const { backend, invoke } = limited();
  const first = invoke(unary("a"));
  const second = invoke(unary("b"));
  const refused = await errorOf(invoke(unary("c")));
  exhausted(refused);
  assert.equal(refused.rawMessage, "all 2 places are taken");
  backend.answer("a");
  await first;
  const third = invoke(unary("d"));
  exhausted(await errorOf(invoke(unary("e"))));
  backend.fail("b", Code.INTERNAL);
  await errorOf(second);
  const fourth = invoke(unary("f"));
  backend.answer("d");
  backend.answer("f");
  await Promise.all([third, fourth]);
  assert.deepEqual(backend.seen, ["a", "b", "d", "f"]);
});

test("each key has its own places", async () => {
  const { backend, invoke, view } = limited({ max: 1 });
  void invoke(unary("a", { key: "x" }));
  void invoke(unary("b", { key: "__proto__" }));
  exhausted(await errorOf(invoke(unary("c", { key: "x" }))));
  assert.equal(view()?.keyCount, 2);
  backend.answerAll();
  await settled();
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
});

test("those who wait come in their order, the more critical first", async (context) => {
  fakeTime(context);
  const { backend, invoke, view } = limited({ max: 1, queue: 10 });
  const calls = [invoke(unary("a"))];
  for (const [name, criticality] of [
    ["b", "sheddable"],
    ["c", undefined],
    ["d", "critical-plus"],
    ["e", "sheddable"],
    ["f", "critical"],
    ["g", "critical-plus"],
  ] as const) {
    calls.push(invoke(unary(name, criticality === undefined ? {} : { criticality })));
  }
  assert.deepEqual(view(), { keyCount: 1, inFlight: 1, waiting: 6, limit: 1 });
  for (const name of ["a", "d", "g", "c", "f", "b", "e"]) {
    assert.equal(backend.seen.at(-1), name);
    backend.answer(name);
    await settled();
  }
  await Promise.all(calls);
});

test("a full queue refuses, unless somebody less critical waits: he goes, the last to come first", async (context) => {
  fakeTime(context);
  const { backend, invoke, events } = limited({ max: 1, queue: 2 });
  void invoke(unary("a"));
  const b = invoke(unary("b", { criticality: "sheddable" }));
  const c = invoke(unary("c", { criticality: "sheddable" }));
  exhausted(await errorOf(invoke(unary("d", { criticality: "sheddable" }))));
  const e = invoke(unary("e"));
  exhausted(await errorOf(c));
  const f = invoke(unary("f", { criticality: "critical-plus" }));
  exhausted(await errorOf(b));
  exhausted(await errorOf(invoke(unary("g"))));
  for (const name of ["a", "f", "e"]) {
    backend.answer(name);
    await settled();
  }
  await Promise.all([e, f]);
  assert.deepEqual(backend.seen, ["a", "f", "e"]);
  assert.deepEqual(
    events.map(({ outcome, criticality }) => `${outcome} ${criticality}`),
    [
      "queue_full sheddable",
      "displaced sheddable",
      "displaced sheddable",
      "queue_full critical",
      "waited critical-plus",
      "waited critical",
    ],
  );
});

test("a health check waits where nobody else may", async (context) => {
  fakeTime(context);
  const { backend, invoke } = limited({ max: 1 });
  void invoke(unary("a"));
  exhausted(await errorOf(invoke(unary("b", { criticality: "critical-plus" }))));
  const check = unary("check");
  const answer = invoke({ ...check, method: { ...check.method, service: "grpc.health.v1.Health" } });
  backend.answer("a");
  await settled();
  backend.answer("check");
  await answer;
});

test("the last places are not for calls that can be shed, which may wait for others", async (context) => {
  fakeTime(context);
  const { backend, invoke } = limited({ max: 10, queue: 1 });
  for (let i = 0; i < 8; i++) void invoke(unary(`s${i}`, { criticality: "sheddable" }));
  void invoke(unary("late", { criticality: "sheddable" }));
  void invoke(unary("a"));
  void invoke(unary("b"));
  assert.deepEqual(backend.seen.slice(8), ["a", "b"]);
  backend.answer("s0");
  await settled();
  assert.equal(backend.seen.includes("late"), false);
  for (const name of ["s1", "s2"]) backend.answer(name);
  await settled();
  assert.equal(backend.seen.at(-1), "late");
  backend.answerAll();
});

test("who has waited as long as one may is refused", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke, events, view } = limited({ max: 1, queue: 1, queueTimeoutMs: 300 });
  void invoke(unary("a"));
  const waiting = errorOf(invoke(unary("b")));
  pass(299);
  await settled();
  assert.equal(view()?.waiting, 1);
  pass(1);
  const error = await waiting;
  exhausted(error);
  assert.equal(error.rawMessage, "all 1 places are taken: no place within 300 ms");
  assert.deepEqual(events, [
    { scope: "/test.Transport/Unary", outcome: "queue_timeout", criticality: "critical", waitedMs: 300 },
  ]);
  backend.answer("a");
});

test("a deadline that is sooner ends the wait", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke } = limited({ max: 1, queue: 1 });
  void invoke(unary("a"));
  const waiting = errorOf(invoke(unary("b", { deadline: { atMs: 50 } })));
  pass(50);
  assert.equal((await waiting).code, Code.DEADLINE_EXCEEDED);
  assert.equal((await errorOf(invoke(unary("c", { deadline: { atMs: 50 } })))).code, Code.DEADLINE_EXCEEDED);
  backend.answer("a");
  await settled();
  assert.deepEqual(backend.seen, ["a"]);
});

test("once it is known how long a call takes, who cannot make it is refused at once", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke, events } = limited({ max: 1, queue: 10, queueTimeoutMs: 400 });
  const run = async (name: string): Promise<void> => {
    const answer = invoke(unary(name));
    pass(100);
    backend.answer(name);
    await answer;
  };
  await run("a");
  void invoke(unary("b"));
  // Half of a call before it, and its own 100 ms.
  exhausted(await errorOf(invoke(unary("c", { deadline: { atMs: nowMs + 140 } }))));
  void invoke(unary("d", { deadline: { atMs: nowMs + 160 } })).catch(() => {});
  for (let i = 0; i < 3; i++) void invoke(unary(`e${i}`)).catch(() => {});
  const refused = await errorOf(invoke(unary("f")));
  exhausted(refused);
  assert.equal(refused.rawMessage, "all 1 places are taken, and the queue is too long to wait for");
  assert.equal(refused.trailer.get("grpc-retry-pushback-ms"), "500");
  assert.deepEqual(
    events.map(({ outcome, waitedMs }) => [outcome, waitedMs]),
    [
      ["deadline", 0],
      ["queue_timeout", 0],
    ],
  );
  backend.answerAll();
});

test("who has his turn when too little of his deadline is left is refused, and the next has it", async (context) => {
  const pass = fakeTime(context);
  const { backend, invoke } = limited({ max: 1, queue: 10, queueTimeoutMs: 60_000 });
  const first = invoke(unary("a"));
  pass(100);
  backend.answer("a");
  await first;
  void invoke(unary("b"));
  const c = errorOf(invoke(unary("c", { deadline: { atMs: nowMs + 200 } })));
  const d = invoke(unary("d"));
  pass(150);
  backend.answer("b");
  exhausted(await c);
  await settled();
  backend.answer("d");
  await d;
  assert.deepEqual(backend.seen, ["a", "b", "d"]);
});

test("a client that goes leaves the queue, with its own reason", async (context) => {
  fakeTime(context);
  const { backend, invoke, view } = limited({ max: 1, queue: 1 });
  void invoke(unary("a"));
  const client = new AbortController();
  const waiting = invoke(unary("b", { signal: client.signal })).catch((reason: unknown) => reason);
  const gone = new Error("gone");
  client.abort(gone);
  assert.equal(await waiting, gone);
  assert.equal(view()?.waiting, 0);
  assert.equal(await invoke(unary("c", { signal: client.signal })).catch((reason: unknown) => reason), gone);
  backend.answer("a");
});

test("a client that goes between its turn and its call is not called for", async (context) => {
  fakeTime(context);
  const client = new AbortController();
  // As its turn comes: it is told of it a moment later.
  const { backend, invoke, view } = limited({ max: 1, queue: 1 }, () => client.abort("gone"));
  const first = invoke(unary("a"));
  const waiting = invoke(unary("b", { signal: client.signal })).catch((reason: unknown) => reason);
  backend.answer("a");
  await first;
  assert.equal(await waiting, "gone");
  assert.deepEqual(backend.seen, ["a"]);
  assert.equal(view()?.inFlight, 0);
});

for (const reason of ["no place", "the queue's time is up"]) {
  test(`the request stream of a refused call is returned: ${reason}`, async (context) => {
    const pass = fakeTime(context);
    const { backend, invoke } = limited({ max: 1, queue: reason === "no place" ? 0 : 1 });
    void invoke(unary("a"));
    const requests = heldStream();
    const refused = errorOf(invoke(callOf("bidi_streaming", { messages: requests.messages })));
    await settled();
    pass(1000);
    exhausted(await refused);
    await requests.returned;
    backend.answer("a");
  });
}

test("what waits is not the only thing that fails: a request stream that will not be returned does no harm", async () => {
  const { backend, invoke } = limited({ max: 1 });
  void invoke(unary("a"));
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise(() => {}),
    return: () => Promise.reject(new Error("never")),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  exhausted(await errorOf(invoke(callOf("client_streaming", { messages }))));
  backend.answer("a");
});

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

test("a handler that throws instead of answering gives its place back", async () => {
  const registry = createBorrowedStates<ConcurrencyScope>();
  const policy = { max: 1, queue: 0, queueTimeoutMs: 1, key: { text: "", parts: [] }, adaptive: false };
  const broken: Handler = () => {
    throw new Error("broken");
  };
  const invoke = createConcurrencyInterceptor({ policy, scopeKey: "s", keyOf: () => "", registry })(broken);
  await assert.rejects(async () => invoke(unary("a")), /broken/);
  assert.equal(registry.get("s")?.view().inFlight, 0);
});

test("a swap of snapshots keeps who is in flight and who waits, and may change the limit", async (context) => {
  fakeTime(context);
  const { backend, invoke, handlerOf, view } = limited({ max: 1, queue: 3 });
  const old = [invoke(unary("a")), invoke(unary("b")), invoke(unary("c")), invoke(unary("d"))];
  const raised = handlerOf({ max: 3 });
  const e = raised(unary("e"));
  assert.deepEqual(view(), { keyCount: 1, inFlight: 3, waiting: 2, limit: 3 });
  await settled();
  assert.deepEqual(backend.seen, ["a", "b", "c"]);
  const lowered = handlerOf({ max: 1, queue: 0 });
  exhausted(await errorOf(lowered(unary("f"))));
  for (const name of ["a", "b"]) backend.answer(name);
  await settled();
  assert.deepEqual(backend.seen, ["a", "b", "c"]);
  for (const name of ["c", "d", "e"]) {
    backend.answer(name);
    await settled();
  }
  await Promise.all([...old, e]);
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
});

test("an adaptive limit falls where calls run into deadlines, and is kept while nobody calls", async () => {
  const { backend, invoke, view } = limited({ max: 100, adaptive: true });
  for (let round = 0; round < 30; round++) {
    const pending: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) pending.push(invoke(unary(`${round}.${i}`)).catch(() => {}));
    nowMs += 200;
    backend.answerAll(round < 3 ? undefined : Code.DEADLINE_EXCEEDED);
    await Promise.all(pending);
  }
  const limit = view()?.limit;
  assert.ok(limit !== undefined && limit <= 3, String(limit));
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0, limit, baselineMs: 200 });
});

test("under an adaptive limit streams have the maximum, and do not count as slow calls", async () => {
  const { backend, invoke, view } = limited({ max: 30, adaptive: true });
  for (let i = 0; i < 30; i++) void invoke(callOf("server_streaming", { message: `s${i}` })).catch(() => {});
  exhausted(await errorOf(invoke(callOf("server_streaming", { message: "s30" }))));
  assert.equal(backend.seen.length, 30);
  nowMs += 60_000;
  backend.answerAll(Code.UNAVAILABLE);
  await settled();
  assert.equal(view()?.inFlight, 0);
  void invoke(unary("a"));
  assert.equal(view()?.limit, 20);
  backend.answerAll();
});

test("ten thousand waits that are given up leave nothing: no listener, no timer, no place, no key", async () => {
  const { backend, invoke, view, registry } = limited({ max: 1, queue: 20_000 });
  void invoke(unary("held", { key: "k" }));
  const client = new AbortController();
  const { signal } = client;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const timersBefore = timers();
  const waits = Array.from({ length: 10_000 }, (_, i) =>
    errorReason(invoke(unary(`${i}`, { key: "k", signal }))),
  );
  assert.equal(listeners.size, 10_000);
  assert.equal(view()?.waiting, 10_000);
  client.abort("gone");
  assert.deepEqual([...new Set(await Promise.all(waits))], ["gone"]);
  assert.equal(listeners.size, 0);
  assert.ok(timers() <= timersBefore);
  assert.deepEqual(view(), { keyCount: 1, inFlight: 1, waiting: 0, limit: 1 });
  backend.answer("held");
  await settled();
  for (let i = 0; i < 10_000; i++) {
    const answer = invoke(unary("x", { key: `key ${i}` }));
    backend.answer("x");
    await answer;
  }
  assert.deepEqual(view(), { keyCount: 0, inFlight: 0, waiting: 0 });
  assert.equal([...registry.entries()].length, 1);
});

test("of keys with an adaptive limit the ones that are idle longest are forgotten", async () => {
  const { backend, invoke, view } = limited({ max: 1, adaptive: true });
  for (let i = 0; i < 1000; i++) {
    // Two windows of two calls: enough to have learned something.
    for (let n = 0; n < 6; n++) {
      const answer = invoke(unary("x", { key: `key ${i}` }));
      nowMs += 100 + i;
      backend.answer("x");
      await answer;
    }
  }
  assert.equal(view()?.keyCount, 0);
  // Of limits that are alike the view tells the one that has been idle longest: 256 are kept.
  assert.equal(view()?.baselineMs, 100 + 1000 - 256);
});

async function errorReason(promise: Promise<Reply>): Promise<unknown> {
  return promise.then(
    () => assert.fail("expected a failure"),
    (reason: unknown) => reason,
  );
}

/** While it is awaited the source ends. */
function endAfter(pending: Promise<unknown>, end: () => void): Promise<unknown> {
  end();
  return pending;
}
