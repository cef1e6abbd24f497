// What becomes of flow control that cannot work: it is told with its place, and the next level counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noFlowPolicy } from "../../src/gateway/resolve-flow-policy.ts";
import { getWith, serviceOption } from "./flow-option.ts";
import { entryOf, notesFiles, resolveFlow } from "./policy-fixture.ts";

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
    "hedge { max_attempts: 1 delay { seconds: 1 } }",
    "hedge of t.Notes.Get is refused: max_attempts: expected a whole number from 2 to 5, got 1",
    "a hedge of one call is none",
  ],
  [
    "hedge { max_attempts: 2 }",
    "hedge of t.Notes.Get is refused: delay: expected a duration, got none",
    "all calls at once",
  ],
  [
    "hedge { max_attempts: 2 delay {} }",
    "hedge of t.Notes.Get is refused: delay: expected a duration from 1ms to 24 days, got 0ms",
    "likewise",
  ],
  [
    "hedge { max_attempts: 2 delay { seconds: 1 } non_fatal_codes: OK }",
    "hedge of t.Notes.Get is refused: non_fatal_codes: OK is no failure",
    "the first success decides",
  ],
  [
    "hedge { max_attempts: 2 delay { seconds: 1 } budget_ratio: -1 }",
    "hedge of t.Notes.Get is refused: budget_ratio: expected more than 0 and at most 1, got -1",
    "a share below none",
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
      serviceOption(`rate_limit { requests: 77 } concurrency { max: 77 } max_request_bytes: 77 max_reply_bytes: 77
      timeout { default { seconds: 77 } max { seconds: 77 } per_try { seconds: 77 } }
      retry { max_attempts: 5 } circuit_breaker { min_calls: 77 }`);
    const methods = "rpc List(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; }";
    const notes = resolveFlow(notesFiles(`${lower.replace(/\n\s*/g, " ")}\n${getWith(policy)}\n${methods}`));
    assert.deepEqual(notes.told, [`option in notes.proto:22: ${message}`]);
    assert.deepEqual(notes.of("Get"), notes.of("List"));
  });
}

test("one wrong limit costs the others nothing, not even their names", () => {
  const notes = resolveFlow(
    notesFiles(
      getWith(
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
  const notes = resolveFlow(notesFiles(getWith("rate_limit { requests: 1 } ".repeat(17))));
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: rate_limit of t.Notes.Get is refused: 17 limits, at most 16 are read",
  ]);
  assert.equal(notes.of("Get"), noFlowPolicy);
});

test("what a service says for all methods is left out where it does not fit, and told where it fits none", () => {
  const notes = resolveFlow(
    notesFiles(`${serviceOption(`rate_limit { requests: 1 key: "field:size" } rate_limit { requests: 2 key: "field:nope" }
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
    const notes = resolveFlow(notesFiles(`${serviceOption("auth { public: true }")} ${getWith(policy)}`));
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
