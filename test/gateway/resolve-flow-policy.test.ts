// Who has a say in a method's flow control, and who wins.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noFlowPolicy } from "../../src/gateway/resolve-flow-policy.ts";
import { Code } from "../../src/rpc/code.ts";
import { getWith, methodOption, serviceOption, talkWith } from "./flow-option.ts";
import { entryOf, notesFiles, resolveFlow } from "./policy-fixture.ts";

test("without a word nothing is limited", () => {
  const notes = resolveFlow(notesFiles("rpc Get(Note) returns (Note);"));
  assert.equal(notes.of("Get"), noFlowPolicy);
  assert.deepEqual([notes.said("Get"), notes.told], [[], []]);
});

test("an option that speaks of REST alone limits nothing", () => {
  const notes = resolveFlow(notesFiles(getWith("rest { success_status: 201 }")));
  assert.equal(notes.of("Get"), noFlowPolicy);
});

test("every field of the options file is read", () => {
  const direction = (n: number): string =>
    `{ messages_per_second: ${n} bytes_per_second: ${n + 1} excess: REFUSE max_messages: ${n + 2} max_total_bytes: ${n + 3} }`;
  const notes = resolveFlow(
    notesFiles(
      talkWith(`
      rate_limit { requests: 10 per { seconds: 2 } burst: 20 key: "header:X-User-Id, ip" cost: BYTE scope: SHARED
        on_store_failure: DENY dry_run: true algorithm: TOKEN_BUCKET name: "users" }
      rate_limit { requests: 5 algorithm: SLIDING_WINDOW cost: MESSAGE on_store_failure: ALLOW key: "field:context.tenant" }
      concurrency { max: 50 queue: 100 queue_timeout { nanos: 500000000 } key: "ip" adaptive: true }
      max_request_bytes: 65536 max_reply_bytes: 1000
      timeout { default { seconds: 2 } max { seconds: 10 } per_try { nanos: 1000000 } }
      stream { requests ${direction(1)} replies ${direction(11)} max_duration { seconds: 3600 } idle_timeout { seconds: 60 } }
      circuit_breaker { failure_ratio: 0.25 min_calls: 7 window { seconds: 1 } open { seconds: 2 } }
      auth { scopes: ["notes.read", "notes.write", "notes.read"] }`),
    ),
  );
  assert.deepEqual(notes.told, []);
  const directionOf = (n: number) => ({
    messagesPerSecond: n,
    bytesPerSecond: n + 1,
    excess: "refuse",
    maxMessages: n + 2,
    maxTotalBytes: n + 3,
  });
  assert.deepEqual(notes.of("Talk"), {
    rateLimits: [
      {
        name: "users",
        algorithm: "token_bucket",
        requests: 10,
        perMs: 2000,
        burst: 20,
        key: { text: "header:x-user-id,ip", parts: [{ kind: "header", name: "x-user-id" }, { kind: "ip" }] },
        cost: "byte",
        scope: "shared",
        onStoreFailure: "deny",
        dryRun: true,
      },
      {
        name: "2",
        algorithm: "sliding_window",
        requests: 5,
        perMs: 1000,
        burst: 5,
        key: { text: "field:context.tenant", parts: [{ kind: "field", path: "context.tenant" }] },
        cost: "message",
        scope: "local",
        onStoreFailure: "allow",
        dryRun: false,
      },
    ],
    concurrency: {
      max: 50,
      queue: 100,
      queueTimeoutMs: 500,
      key: { text: "ip", parts: [{ kind: "ip" }] },
      adaptive: true,
    },
    timeout: { defaultMs: 2000, maxMs: 10_000, perTryMs: 1 },
    maxRequestBytes: 65_536,
    maxReplyBytes: 1000,
    stream: {
      requests: directionOf(1),
      replies: directionOf(11),
      maxDurationMs: 3_600_000,
      idleTimeoutMs: 60_000,
    },
    retry: undefined,
    hedge: undefined,
    circuitBreaker: { failureRatio: 0.25, minCalls: 7, windowMs: 1000, openMs: 2000 },
    auth: { kind: "required", scopes: ["notes.read", "notes.write"] },
  });
  assert.deepEqual(
    notes.said("Talk").map((text) => text.replace(/ by option in notes\.proto:21$/, "")),
    [
      "rateLimit users: 10 bytes per 2s, burst 20, by header:x-user-id,ip, shared, none pass without a store, dry run",
      "rateLimit 2: 5 messages per 1s, sliding window, by field:context.tenant",
      "concurrency adaptive, at most 50, queue 100 for 500ms, by ip",
      "maxRequestBytes 64KiB",
      "maxReplyBytes 1000",
      "timeout.default 2s",
      "timeout.max 10s",
      "timeout.perTry 1ms",
      "stream.requests.messagesPerSecond 1",
      "stream.requests.bytesPerSecond 2",
      "stream.requests.excess refuse",
      "stream.requests.maxMessages 3",
      "stream.requests.maxTotalBytes 4",
      "stream.replies.messagesPerSecond 11",
      "stream.replies.bytesPerSecond 12",
      "stream.replies.excess refuse",
      "stream.replies.maxMessages 13",
      "stream.replies.maxTotalBytes 14",
      "stream.maxDuration 1h",
      "stream.idleTimeout 1m",
      "circuitBreaker 25% failures of at least 7 calls in 1s, open for 2s",
      "auth required, scopes notes.read notes.write",
    ],
  );
});

test("every field of a retry and of a hedge is read", () => {
  const notes = resolveFlow(
    notesFiles(`${getWith(`retry { max_attempts: 3 initial_backoff { seconds: 1 } max_backoff { seconds: 2 }
        backoff_multiplier: 1.5 codes: [UNAVAILABLE, ABORTED] budget_ratio: 0.5 }`)}
      rpc Find(Note) returns (stream Note) { ${methodOption(
        "hedge { max_attempts: 4 delay { nanos: 20000000 } non_fatal_codes: [INTERNAL, ABORTED] budget_ratio: 0.1 }",
      )} }`),
  );
  assert.deepEqual(notes.told, []);
  const { retry, hedge } = notes.of("Get");
  assert.deepEqual(
    [retry, hedge],
    [
      {
        maxAttempts: 3,
        initialBackoffMs: 1000,
        maxBackoffMs: 2000,
        backoffMultiplier: 1.5,
        codes: new Set([Code.UNAVAILABLE, Code.ABORTED]),
        budgetRatio: 0.5,
      },
      undefined,
    ],
  );
  assert.deepEqual(notes.of("Find").hedge, {
    maxAttempts: 4,
    delayMs: 20,
    nonFatalCodes: new Set([Code.INTERNAL, Code.ABORTED]),
    budgetRatio: 0.1,
  });
  assert.deepEqual(
    [...notes.said("Get"), ...notes.said("Find")],
    [
      "retry 3 attempts on UNAVAILABLE ABORTED, backoff 1s to 2s by 1.5, budget 50% by option in notes.proto:21",
      "hedge 4 attempts, one each 20ms, at once on INTERNAL ABORTED, budget 10% by option in notes.proto:23",
    ],
  );
});

test("what is not written has the defaults of the options file", () => {
  const notes = resolveFlow(
    notesFiles(
      getWith(
        "rate_limit { requests: 10 } concurrency { max: 1 } retry { max_attempts: 2 } circuit_breaker {} auth {}",
      ),
    ),
  );
  assert.deepEqual(notes.told, []);
  const { rateLimits, concurrency, retry, circuitBreaker, auth } = notes.of("Get");
  const key = { text: "global", parts: [{ kind: "global" }] };
  assert.deepEqual(rateLimits, [
    {
      name: "1",
      algorithm: "token_bucket",
      requests: 10,
      perMs: 1000,
      burst: 10,
      key,
      cost: "call",
      scope: "local",
      onStoreFailure: "local",
      dryRun: false,
    },
  ]);
  assert.deepEqual(concurrency, { max: 1, queue: 0, queueTimeoutMs: 1000, key, adaptive: false });
  assert.deepEqual(retry, {
    maxAttempts: 2,
    initialBackoffMs: 50,
    maxBackoffMs: 1000,
    backoffMultiplier: 2,
    codes: new Set([Code.UNAVAILABLE]),
    budgetRatio: 0.2,
  });
  assert.deepEqual(circuitBreaker, { failureRatio: 0.5, minCalls: 20, windowMs: 10_000, openMs: 5000 });
  assert.deepEqual(auth, { kind: "required", scopes: [] });
});

test("config beats method option beats service option, field by field", () => {
  const notes = resolveFlow(
    notesFiles(`${serviceOption(`timeout { default { seconds: 1 } max { seconds: 9 } per_try { seconds: 1 } }
      concurrency { max: 7 queue: 3 } rate_limit { requests: 1 } rate_limit { requests: 2 }`)}
    rpc Get(Note) returns (Note) { ${methodOption(`timeout { default { seconds: 2 } max { seconds: 8 } }
      concurrency { max: 8 } rate_limit { requests: 3 }`)} }
    rpc List(Note) returns (Note);`),
    [
      entryOf("*", { flow: { "timeout.max": 7000 } }),
      entryOf("t.Notes.Get", { flow: { "timeout.max": 6000, maxReplyBytes: 10 } }, 9),
    ],
  );
  assert.deepEqual(notes.told, []);
  assert.deepEqual(notes.said("Get"), [
    "rateLimit 3 per 1s by option in notes.proto:23",
    "concurrency 8 by option in notes.proto:23",
    "maxReplyBytes 10 by p.yaml:11:5",
    "timeout.default 2s by option in notes.proto:23",
    "timeout.max 6s by p.yaml:10:5",
    "timeout.perTry 1s by service option in notes.proto:21",
  ]);
  assert.equal(notes.of("Get").concurrency?.queue, 0, "a limit of calls in flight counts as a whole");
  assert.deepEqual(
    notes.of("List").rateLimits.map(({ requests, name }) => [requests, name]),
    [
      [1, "1"],
      [2, "2"],
    ],
  );
  assert.equal(notes.of("List").timeout.maxMs, 7000);
});

test("the config can take back whatever an option says", () => {
  const notes = resolveFlow(
    notesFiles(
      talkWith(`rate_limit { requests: 1 } concurrency { max: 1 } max_request_bytes: 1 timeout { max { seconds: 1 } }
      stream { requests { max_messages: 1 } idle_timeout { seconds: 1 } } circuit_breaker {} auth {}`) +
        getWith("retry { max_attempts: 2 } circuit_breaker {}") +
        `rpc Find(Note) returns (Note) { ${methodOption("hedge { max_attempts: 2 delay { seconds: 1 } }")} }`,
    ),
    [
      entryOf("t.Notes.Talk", {
        flow: {
          rateLimit: [],
          concurrency: "off",
          maxRequestBytes: "off",
          "timeout.max": "off",
          "stream.requests.maxMessages": "off",
          "stream.idleTimeout": "off",
          circuitBreaker: "off",
          auth: { public: true, scopes: [] },
        },
      }),
      entryOf("t.Notes.Get", { flow: { retry: "off", circuitBreaker: "off" } }),
      entryOf("t.Notes.Find", { flow: { hedge: "off" } }),
    ],
  );
  assert.deepEqual(notes.told, []);
  assert.deepEqual(notes.of("Talk"), { ...noFlowPolicy, auth: { kind: "public" } });
  assert.equal(notes.said("Talk")[0], "rateLimit none by p.yaml:2:5");
  assert.equal(notes.said("Talk")[1], "concurrency off by p.yaml:3:5");
  for (const name of ["Get", "Find"]) assert.deepEqual(notes.of(name), noFlowPolicy);
  assert.deepEqual(notes.said("Find"), ["hedge off by p.yaml:2:5"]);
});
