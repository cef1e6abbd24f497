// Who has a say in a method's flow control, who wins, and what becomes of what cannot work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noFlowPolicy } from "../../src/gateway/resolve-flow-policy.ts";
import { Code } from "../../src/rpc/code.ts";
import { entryOf, notesFiles, resolveFlow } from "./policy-fixture.ts";

const option = (policy: string): string => `option (protogate.v1.method) = { ${policy} };`;
const service = (policy: string): string => `option (protogate.v1.service) = { ${policy} };`;
const get = (policy: string): string => `rpc Get(Note) returns (Note) { ${option(policy)} }`;
const talk = (policy: string): string => `rpc Talk(stream Note) returns (stream Note) { ${option(policy)} }`;

test("without a word nothing is limited", () => {
  const notes = resolveFlow(notesFiles("rpc Get(Note) returns (Note);"));
  assert.equal(notes.of("Get"), noFlowPolicy);
  assert.deepEqual([notes.said("Get"), notes.told], [[], []]);
});

test("an option that speaks of REST alone limits nothing", () => {
  const notes = resolveFlow(notesFiles(get("rest { success_status: 201 }")));
  assert.equal(notes.of("Get"), noFlowPolicy);
});

test("every field of the options file is read", () => {
  const direction = (n: number): string =>
    `{ messages_per_second: ${n} bytes_per_second: ${n + 1} excess: REFUSE max_messages: ${n + 2} max_total_bytes: ${n + 3} }`;
  const notes = resolveFlow(
    notesFiles(
      talk(`
      rate_limit { requests: 10 per { seconds: 2 } burst: 20 key: "header:X-User-Id, ip" cost: BYTE scope: SHARED
        on_store_failure: DENY dry_run: true algorithm: TOKEN_BUCKET name: "users" }
      rate_limit { requests: 5 algorithm: SLIDING_WINDOW cost: MESSAGE on_store_failure: ALLOW key: "field:context.tenant" }
      concurrency { max: 50 queue: 100 queue_timeout { nanos: 500000000 } key: "ip" adaptive: true }
      max_request_bytes: 65536 max_reply_bytes: 1000
      timeout { default { seconds: 2 } max { seconds: 10 } per_try { nanos: 1000000 } }
      stream { requests ${direction(1)} replies ${direction(11)} max_duration { seconds: 3600 } idle_timeout { seconds: 60 } }
      retry { max_attempts: 3 initial_backoff { seconds: 1 } max_backoff { seconds: 2 } backoff_multiplier: 1.5
        codes: [UNAVAILABLE, ABORTED] budget_ratio: 0.5 }
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
    retry: {
      maxAttempts: 3,
      initialBackoffMs: 1000,
      maxBackoffMs: 2000,
      backoffMultiplier: 1.5,
      codes: new Set([Code.UNAVAILABLE, Code.ABORTED]),
      budgetRatio: 0.5,
    },
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
      "retry 3 attempts on UNAVAILABLE ABORTED, backoff 1s to 2s by 1.5, budget 50%",
      "circuitBreaker 25% failures of at least 7 calls in 1s, open for 2s",
      "auth required, scopes notes.read notes.write",
    ],
  );
});

test("what is not written has the defaults of the options file", () => {
  const notes = resolveFlow(
    notesFiles(
      get(
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
    notesFiles(`${service(`timeout { default { seconds: 1 } max { seconds: 9 } per_try { seconds: 1 } }
      concurrency { max: 7 queue: 3 } rate_limit { requests: 1 } rate_limit { requests: 2 }`)}
    rpc Get(Note) returns (Note) { ${option(`timeout { default { seconds: 2 } max { seconds: 8 } }
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
      talk(`rate_limit { requests: 1 } concurrency { max: 1 } max_request_bytes: 1 timeout { max { seconds: 1 } }
      stream { requests { max_messages: 1 } idle_timeout { seconds: 1 } } retry { max_attempts: 2 } circuit_breaker {}
      auth {}`),
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
          retry: "off",
          circuitBreaker: "off",
          auth: { public: true, scopes: [] },
        },
      }),
    ],
  );
  assert.deepEqual(notes.told, []);
  assert.deepEqual(notes.of("Talk"), { ...noFlowPolicy, auth: { kind: "public" } });
  assert.equal(notes.said("Talk")[0], "rateLimit none by p.yaml:2:5");
  assert.equal(notes.said("Talk")[1], "concurrency off by p.yaml:3:5");
});

const days = 31 * 86_400;
/** An option of `Get`, what is told of it, why. In all of them the service's option counts instead. */
const wrong: readonly (readonly [policy: string, message: string, reason: string])[] = [
  [
    "rate_limit {}",
    "rate_limit 1 of t.Notes.Get is refused: requests: expected a whole number of at least 1, got 0",
    "a limit of nothing is a forgotten number, not a closed door",
  ],
  [
    "rate_limit { requests: 18446744073709551615 }",
    "rate_limit 1 of t.Notes.Get is refused: requests: expected a whole number of at least 1, got more than 2^53",
    "more than numbers tell apart",
  ],
  [
    "rate_limit { requests: 1 per {} }",
    "rate_limit 1 of t.Notes.Get is refused: per: expected a duration from 1ms to 31 days, got 0ms",
    "no time at all",
  ],
  [
    "rate_limit { requests: 1 per { seconds: -1 } }",
    "rate_limit 1 of t.Notes.Get is refused: per: expected a duration from 1ms to 31 days, got -1s",
    "time does not run backwards",
  ],
  [
    "rate_limit { requests: 1 per { seconds: 1 nanos: -1 } }",
    "rate_limit 1 of t.Notes.Get is refused: per: expected a duration from 1ms to 31 days, got what is none",
    "signs that protobuf does not allow",
  ],
  [
    `rate_limit { requests: 1 per { seconds: ${days + 1} } }`,
    "rate_limit 1 of t.Notes.Get is refused: per: expected a duration from 1ms to 31 days, got 2678401s",
    "longer than is kept",
  ],
  [
    "rate_limit { requests: 1 burst: 2 algorithm: SLIDING_WINDOW }",
    "rate_limit 1 of t.Notes.Get is refused: a sliding window has no burst",
    "a field that would do nothing",
  ],
  [
    'rate_limit { requests: 1 key: "user" }',
    'rate_limit 1 of t.Notes.Get is refused: key: "user" is none of global, ip, rpc, principal, header:, cookie:, claim:, field:',
    "an unknown expression",
  ],
  [
    'rate_limit { requests: 1 key: "field:nope" }',
    'rate_limit 1 of t.Notes.Get is refused: key: no field "nope" in t.Note',
    "a field that the request does not have",
  ],
  [
    'rate_limit { requests: 1 key: "ip,field:context" }',
    'rate_limit 1 of t.Notes.Get is refused: key: "context" is t.Context, expected one scalar',
    "a message is no value",
  ],
  [
    'rate_limit { requests: 1 key: "field:tags" }',
    'rate_limit 1 of t.Notes.Get is refused: key: "tags" is repeated string, expected one scalar',
    "a list is not one value",
  ],
  [
    'rate_limit { requests: 1 name: "a b" }',
    'rate_limit 1 of t.Notes.Get is refused: name: expected at most 64 letters, digits, `_` and `-`, got "a b"',
    "a name that no header can carry",
  ],
  [
    'rate_limit { requests: 1 name: "a\\r\\nx: y" }',
    'rate_limit 1 of t.Notes.Get is refused: name: expected at most 64 letters, digits, `_` and `-`, got "a\\\\u{d}\\\\u{a}x: y"',
    "a name that would forge a header",
  ],
  [
    "concurrency {}",
    "concurrency of t.Notes.Get is refused: max: expected a whole number from 1 to 4294967295, got 0",
    "a limit without a number",
  ],
  [
    "concurrency { queue: 5 }",
    "concurrency of t.Notes.Get is refused: queue without max, which has to be at least 1",
    "a queue for nothing",
  ],
  [
    "concurrency { max: 1 queue_timeout { seconds: -3 } }",
    "concurrency of t.Notes.Get is refused: queue_timeout: expected a duration from 1ms to 24 days, got -3s",
    "a wait that ends before it begins",
  ],
  [
    "max_request_bytes: 0",
    "max_request_bytes of t.Notes.Get is refused: expected a whole number from 1 to 2147483647, got 0",
    "no message fits",
  ],
  [
    "max_request_bytes: 4194305",
    "max_request_bytes of t.Notes.Get is refused: 4194305 is more than the gateway's own limit of 4MiB",
    "a promise that the gateway does not keep",
  ],
  [
    "max_reply_bytes: 2147483648",
    "max_reply_bytes of t.Notes.Get is refused: expected a whole number from 1 to 2147483647, got 2147483648",
    "more than a message can have",
  ],
  [
    "timeout { max {} }",
    "timeout.max of t.Notes.Get is refused: expected a duration from 1ms to 24 days, got 0ms",
    "no call would be in time",
  ],
  [
    "timeout { default { nanos: 1000 } }",
    "timeout.default of t.Notes.Get is refused: expected a duration from 1ms to 24 days, got 0ms",
    "less than a millisecond",
  ],
  [
    "timeout { per_try { seconds: 10000000 } }",
    "timeout.per_try of t.Notes.Get is refused: expected a duration from 1ms to 24 days, got 10000000s",
    "a timer of Node cannot wait for it",
  ],
  [
    "timeout { max { seconds: 9223372036854775807 } }",
    "timeout.max of t.Notes.Get is refused: expected a duration from 1ms to 24 days, got what is none",
    "more than a duration may have",
  ],
  [
    "stream { requests { max_messages: 1 } }",
    "stream.requests.max_messages of t.Notes.Get is refused: the request is no stream",
    "an option that would do nothing",
  ],
  [
    "stream { replies { excess: REFUSE } }",
    "stream.replies.excess of t.Notes.Get is refused: the reply is no stream",
    "likewise",
  ],
  [
    "stream { idle_timeout { seconds: 1 } }",
    "stream.idle_timeout of t.Notes.Get is refused: neither the request nor the reply is a stream",
    "likewise",
  ],
  [
    "retry { max_attempts: 6 }",
    "retry of t.Notes.Get is refused: max_attempts: expected a whole number from 2 to 5, got 6",
    "a retry storm",
  ],
  [
    "retry { max_attempts: 2 codes: OK }",
    "retry of t.Notes.Get is refused: codes: OK is no failure",
    "what succeeded is not tried again",
  ],
  [
    "retry { max_attempts: 2 budget_ratio: 1.5 }",
    "retry of t.Notes.Get is refused: budget_ratio: expected more than 0 and at most 1, got 1.5",
    "a share above all",
  ],
  [
    "retry { max_attempts: 2 budget_ratio: nan }",
    "retry of t.Notes.Get is refused: budget_ratio: expected more than 0 and at most 1, got NaN",
    "no number",
  ],
  [
    "retry { max_attempts: 2 backoff_multiplier: 0.5 }",
    "retry of t.Notes.Get is refused: backoff_multiplier: expected a number from 1 to 1000, got 0.5",
    "waits that shrink",
  ],
  [
    "retry { max_attempts: 2 initial_backoff { seconds: 2 } max_backoff { seconds: 1 } }",
    "retry of t.Notes.Get is refused: max_backoff: 1s is less than the initial_backoff of 2s",
    "a most below the first",
  ],
  [
    "circuit_breaker { failure_ratio: -1 }",
    "circuit_breaker of t.Notes.Get is refused: failure_ratio: expected more than 0 and at most 1, got -1",
    "a share below nothing",
  ],
  [
    "circuit_breaker { window { seconds: -1 } }",
    "circuit_breaker of t.Notes.Get is refused: window: expected a duration from 1ms to 24 days, got -1s",
    "a window into the future",
  ],
];
for (const [policy, message, reason] of wrong) {
  test(`\`${policy}\` is refused with its place, and the next level counts: ${reason}`, () => {
    const lower =
      service(`rate_limit { requests: 77 } concurrency { max: 77 } max_request_bytes: 77 max_reply_bytes: 77
      timeout { default { seconds: 77 } max { seconds: 77 } per_try { seconds: 77 } }
      retry { max_attempts: 5 } circuit_breaker { min_calls: 77 }`);
    const methods = "rpc List(Note) returns (Note);";
    const notes = resolveFlow(notesFiles(`${lower.replace(/\n\s*/g, " ")}\n${get(policy)}\n${methods}`));
    assert.deepEqual(notes.told, [`option in notes.proto:22: ${message}`]);
    assert.deepEqual(notes.of("Get"), notes.of("List"));
  });
}

test("one wrong limit costs the others nothing, not even their names", () => {
  const notes = resolveFlow(
    notesFiles(
      get(
        `rate_limit {} rate_limit { requests: 2 } rate_limit { requests: 3 name: "2" } rate_limit { requests: 4 }`,
      ),
    ),
  );
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: rate_limit 1 of t.Notes.Get is refused: requests: expected a whole number of at least 1, got 0",
    "option in notes.proto:21: rate_limit 3 of t.Notes.Get is refused: the name 2 is there twice",
  ]);
  assert.deepEqual(
    notes.of("Get").rateLimits.map(({ name, requests }) => [name, requests]),
    [
      ["2", 2],
      ["4", 4],
    ],
  );
});

test("a flood of limits is refused as a whole", () => {
  const notes = resolveFlow(notesFiles(get("rate_limit { requests: 1 } ".repeat(17))));
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: rate_limit of t.Notes.Get is refused: 17 limits, at most 16 are read",
  ]);
  assert.equal(notes.of("Get"), noFlowPolicy);
});

test("what a service says for all methods is left out where it does not fit, and told where it fits none", () => {
  const notes = resolveFlow(
    notesFiles(`${service(`rate_limit { requests: 1 key: "field:size" } rate_limit { requests: 2 key: "field:nope" }
      concurrency { max: 1 key: "field:name" } stream { requests { max_messages: 5 } replies { max_messages: 6 } }`)}
    rpc Get(Note) returns (Note);
    rpc Empty(Bare) returns (Bare);
    rpc Send(stream Note) returns (Note);
    rpc Watch(Bare) returns (stream Note);`),
  );
  assert.deepEqual(notes.told, [
    'service option in notes.proto:21: rate_limit 2 fits no method of t.Notes, t.Notes.Get among them: key: no field "nope" in t.Note',
  ]);
  assert.deepEqual(
    notes.of("Get").rateLimits.map(({ name }) => name),
    ["1"],
  );
  assert.deepEqual(notes.of("Get").stream, noFlowPolicy.stream);
  assert.equal(notes.of("Empty"), noFlowPolicy);
  assert.equal(notes.of("Send").concurrency, undefined, "calls are counted before a stream's first message");
  assert.equal(notes.of("Send").stream.requests.maxMessages, 5);
  assert.equal(notes.of("Send").stream.replies.maxMessages, undefined);
  assert.equal(notes.of("Watch").stream.replies.maxMessages, 6);
});

test("a demand for access that cannot be understood keeps the door shut, whoever else would open it", () => {
  for (const [policy, reason] of [
    ['auth { public: true scopes: "a" }', "public and scopes contradict each other"],
    [
      'auth { scopes: "a b" }',
      'scopes: expected printable ASCII without spaces, quotes and backslashes, got "a b"',
    ],
    [
      'auth { scopes: "" }',
      'scopes: expected printable ASCII without spaces, quotes and backslashes, got ""',
    ],
  ] as const) {
    const notes = resolveFlow(notesFiles(`${service("auth { public: true }")} ${get(policy)}`));
    assert.deepEqual(notes.told, [
      `option in notes.proto:21: auth of t.Notes.Get is refused: ${reason}; the stricter reading counts`,
    ]);
    assert.equal(notes.of("Get").auth?.kind, "required");
  }
});

test("a value of the config that cannot work for a method is told with its line", () => {
  const notes = resolveFlow(notesFiles("rpc Get(Note) returns (Note);"), [
    entryOf("t.Notes.Get", {
      flow: { rateLimit: [{ requests: 1, key: "field:labels" }], maxRequestBytes: 2 ** 23 },
    }),
    entryOf("t.*", { flow: { "stream.idleTimeout": 1000 } }, 7),
  ]);
  assert.deepEqual(notes.told, [
    'p.yaml:2:5: rateLimit 1 of t.Notes.Get is refused: key: "labels" is map<string, string>, expected one scalar',
    "p.yaml:3:5: maxRequestBytes of t.Notes.Get is refused: 8MiB is more than the gateway's own limit of 4MiB",
    "p.yaml:8:5: stream.idleTimeout fits no method of t.*, t.Notes.Get among them: neither the request nor the reply is a stream",
  ]);
});
