import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseConfig, readConfigFile } from "../../src/config/config-file.ts";
import { configKeys, hintForKey } from "../../src/config/config-keys.ts";
import { flowKeys } from "../../src/gateway/flow-settings.ts";
import { restKeys } from "../../src/gateway/rest-settings.ts";
import { formatProblem } from "../../src/schema/problem.ts";

const file = "etc/protogate.yaml";

function problems(text: string): readonly string[] {
  const outcome = parseConfig(text, file);
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

function layer(text: string) {
  const outcome = parseConfig(text, file);
  assert.deepEqual(outcome.ok ? [] : outcome.problems, []);
  assert.ok(outcome.ok);
  return outcome.reading.layer;
}

/** Text, where the one problem is, what it says. */
const wrong: readonly (readonly [title: string, text: string, problem: string])[] = [
  [
    "a misspelled key at the top",
    "listen: 8080\nupstream: localhost:50051\n",
    "2:1: unknown key `upstream`, did you mean `upstreams`?",
  ],
  [
    "a misspelled key in a list's mapping",
    "upstreams:\n  - name: a\n    target: a:1\n    requird: true\n",
    "4:5: unknown key `requird` in `upstreams[0]`, did you mean `required`?",
  ],
  [
    "a misspelled key two mappings down",
    "upstreams:\n  - target: https://a:1\n    tls: { cafile: x.pem, serverName: y }\n",
    "3:12: unknown key `cafile` in `upstreams[0].tls`, did you mean `caFile`?",
  ],
  [
    "a key that belongs into a group",
    "serviceConfigs: api.yaml\n",
    "1:1: unknown key `serviceConfigs`; it belongs under `schema`",
  ],
  ["a key that is like none", "zzz: 1\n", "1:1: unknown key `zzz`"],
  [
    "a misspelled word",
    "profile: gogle\n",
    "1:10: `profile`: expected one of `standard`, `grpc-gateway`, `google`, got `gogle`, did you mean `google`?",
  ],
  [
    "text where a mapping is due",
    "log: debug\n",
    "1:6: `log`: expected a mapping of keys to values, got `debug`",
  ],
  [
    "a key without a value",
    "listen: 1\nlog:\n",
    "2:1: `log`: expected a mapping of keys to values, got nothing",
  ],
  ["a YAML 1.1 truth", "strict: yes\n", "1:9: `strict`: expected true or false, got `yes`"],
  [
    "a duration without a unit",
    "reflection:\n  interval: 30\n",
    "2:13: `reflection.interval`: expected a duration such as `500ms`, `30s` or `1m`, got `30`",
  ],
  [
    "a duration of another grammar",
    "drain: {grace: 30 seconds}\n",
    "1:16: `drain.grace`: expected a duration such as `500ms`, `30s` or `1m`, got `30 seconds`",
  ],
  [
    "an interval that would be a flood",
    "reflection: {interval: 1ms}\n",
    "1:24: `reflection.interval`: expected a duration of at least 100ms, got `1ms`",
  ],
  [
    "a size of another unit",
    "maxRequestBytes: 4 apples\n",
    "1:18: `maxRequestBytes`: expected a size such as `4MiB`, `512KiB` or a number of bytes, got `4 apples`",
  ],
  [
    "a bad address in a list",
    "listen:\n  - 127.0.0.1:8080\n  - nowhere\n",
    "3:5: `listen[1]`: expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`, got `nowhere`",
  ],
  [
    "a mapping where an address is due",
    "listen: {port: 8080}\n",
    "1:9: `listen`: expected HOST:PORT, or a list of them, got a mapping",
  ],
  ["an empty list", "listen: []\n", "1:9: `listen`: expected at least one entry, got a list"],
  [
    "an upstream without a target",
    "upstreams:\n  - name: library\n",
    "2:5: `target` is missing in `upstreams[0]`",
  ],
  [
    "an upstream that is a number",
    "upstreams:\n  - a:1\n  - 50051\n",
    "3:5: `upstreams[1]`: expected `host:port`, `name=host:port` or a mapping with `target`, got `50051`",
  ],
  [
    "a selector that is none",
    "upstreams: [{target: 'a:1', services: ['acme.*.v1']}]\n",
    "1:40: `upstreams[0].services[0]`: expected a service such as `acme.v1.Billing` or all of a package as `acme.v1.*`, got `acme.*.v1`",
  ],
  [
    "a reserved header",
    "upstreams:\n  - target: a:1\n    header:\n      grpc-timeout: 1s\n",
    "4:21: `upstreams[0].header.grpc-timeout`: expected the name of a header (letters, digits, `_`, `.`, `-`; not `grpc-…`), got `grpc-timeout`",
  ],
  [
    "a header with a line break",
    'upstreams:\n  - target: a:1\n    header: {x: "a\\nb"}\n',
    "3:17: `upstreams[0].header.x`: expected printable ASCII text",
  ],
  [
    "a header that is a number, which may be a secret",
    "upstreams:\n  - target: a:1\n    header: {x: 12345}\n",
    "3:17: `upstreams[0].header.x`: expected text, or a list of texts, got something else",
  ],
  [
    "a success status that promises what a reply does not keep",
    "rest:\n  successStatus: 206\n",
    "2:18: `rest.successStatus`: expected a status from 200 to 299, but neither 205 nor 206, got 206",
  ],
  [
    "a success status that is a word",
    "rest: {successStatus: created}\n",
    "1:23: `rest.successStatus`: expected a status from 200 to 299, got `created`",
  ],
  [
    "a misspelled setting of a method",
    "methods:\n  - selector: a.B.C\n    rest: {emitDefalts: true}\n",
    "3:12: unknown key `emitDefalts` in `methods[0].rest`, did you mean `emitDefaults`?",
  ],
  [
    "a setting of a method that stands beside `rest`",
    "methods: [{selector: a.B.C, protoNames: true}]\n",
    "1:29: unknown key `protoNames` in `methods[0]`; it belongs under `rest`",
  ],
  ["a rate limit without a number", "rateLimit: {per: 1s}\n", "1:12: `requests` is missing in `rateLimit`"],
  [
    "a rate limit of nothing",
    "methods:\n  - selector: a.B.C\n    rateLimit:\n      - requests: 5\n      - {requests: 0}\n",
    "5:20: `methods[0].rateLimit[1].requests`: expected a whole number of at least 1, got 0",
  ],
  [
    "a rate limit in no time",
    "rateLimit: [{requests: 1, per: 0s}]\n",
    "1:32: `rateLimit[0].per`: expected a duration from 1ms to 31 days, got 0ms",
  ],
  [
    "a rate limit over a bare number",
    "rateLimit: [{requests: 1, per: 5}]\n",
    "1:32: `rateLimit[0].per`: expected a duration such as `1s`, got `5`",
  ],
  [
    "an expression that nobody knows",
    'rateLimit: {requests: 1, key: "header:x-a, user"}\n',
    '1:31: `rateLimit.key`: "user" is none of global, ip, rpc, principal, header:, cookie:, claim:, field:',
  ],
  [
    "a burst of a sliding window",
    "rateLimit: [{requests: 1, burst: 2, algorithm: sliding-window}]\n",
    "1:13: `rateLimit[0]`: a sliding window has no burst",
  ],
  [
    "two limits of one name",
    "rateLimit: [{requests: 1, name: a}, {requests: 2, name: a}]\n",
    "1:37: `rateLimit[1]`: the name `a` is there twice",
  ],
  [
    "a queue without places",
    "concurrency: {max: 0, queue: 5}\n",
    "1:14: `concurrency`: queue without max, which has to be at least 1",
  ],
  [
    "a wait for a place that is none",
    "concurrency: {max: 1, queueTimeout: 0ms}\n",
    "1:37: `concurrency.queueTimeout`: expected a duration from 1ms to 24 days, got 0ms",
  ],
  [
    "more attempts than may be",
    "retry: {maxAttempts: 9}\n",
    "1:22: `retry.maxAttempts`: expected a whole number from 2 to 5, got 9",
  ],
  [
    "a misspelled code",
    "retry: {maxAttempts: 2, codes: [UNAVAILABEL]}\n",
    "1:33: `retry.codes[0]`: expected one of `CANCELLED`, `UNKNOWN`, `INVALID_ARGUMENT`, `DEADLINE_EXCEEDED`, `NOT_FOUND`, `ALREADY_EXISTS`, `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, `UNAUTHENTICATED`, got `UNAVAILABEL`, did you mean `UNAVAILABLE`?",
  ],
  [
    "a share of retries of nothing",
    "retry: {maxAttempts: 2, budgetRatio: 0}\n",
    "1:38: `retry.budgetRatio`: expected more than 0 and at most 1, got 0",
  ],
  [
    "a share of failures above all",
    "circuitBreaker: {failureRatio: 50}\n",
    "1:32: `circuitBreaker.failureRatio`: expected more than 0 and at most 1, got 50",
  ],
  [
    "a time that is no time",
    "methods: [{selector: a.B.C, timeout: {max: 0s}}]\n",
    "1:44: `methods[0].timeout.max`: expected a duration of at least 1ms, got `0s`; or `off`",
  ],
  [
    "a number of messages that is none",
    "stream: {requests: {maxMessages: 0}}\n",
    "1:34: `stream.requests.maxMessages`: expected a whole number of at least 1, got `0`; or `off`",
  ],
  [
    "a scope that no token can have",
    'methods: [{selector: a.B.C, auth: {scopes: ["a b"]}}]\n',
    '1:44: `methods[0].auth.scopes`: expected printable ASCII without spaces, quotes and backslashes, got "a b"',
  ],
  [
    "an access that is a word of its own",
    "methods: [{selector: a.B.C, auth: open}]\n",
    "1:35: `methods[0].auth`: expected one of `public`, `required`, got `open`",
  ],
  [
    "a key set in the clear",
    "auth: {jwt: {issuer: i, audience: a, jwks: http://issuer/keys}}\n",
    "1:44: `auth.jwt.jwks`: http: lets whoever is on the way choose the keys; use https:, or allow it explicitly",
  ],
  [
    "a demand that is no list",
    "methods: [{selector: a.B.C, auth: {scopes: admin}}]\n",
    "1:44: `methods[0].auth.scopes`: expected a list, got `admin`",
  ],
  [
    "a misspelled `off`",
    "methods: [{selector: a.B.C, retry: of}]\n",
    "1:36: `methods[0].retry`: expected one of `off`, got `of`, did you mean `off`?",
  ],
  [
    "a proxy that is a name",
    "trustedProxies: [proxy.internal]\n",
    '1:18: `trustedProxies[0]`: expected an address or a range such as `10.0.0.0/8`: "proxy.internal" is no IP address',
  ],
  [
    "a shared secret that is to be fetched",
    "auth: {jwt: {issuer: i, audience: a, jwks: https://issuer/keys, algorithms: [HS256]}}\n",
    "1:77: `auth.jwt.algorithms`: HS* needs a shared secret, which is no thing to fetch from a URL; name a file",
  ],
  [
    "a setting that is for all methods or for none",
    "methods: [{selector: a.B.C, rest: {unescape: all}}]\n",
    "1:36: unknown key `unescape` in `methods[0].rest`; it belongs under `rest`",
  ],
  [
    "a method's selector that is none",
    "methods: {selector: 'a.B*'}\n",
    "1:21: `methods.selector`: expected a method such as `acme.v1.Billing.Pay`, all below a name as `acme.v1.*`, or `*`, got `a.B*`",
  ],
  [
    "a name that no header has",
    'rest: {header: {"x y": user_id}}\n',
    '1:24: `rest.header.x y`: expected a name of letters, digits and !#$%&\'*+-.^_`|~, got "x y"',
  ],
  [
    "a binding to what is no field path",
    "rest:\n  cookie: {session: user..id}\n",
    "2:21: `rest.cookie.session`: expected the path of a field such as `user_id`, got `user..id`",
  ],
  [
    "a binding to nothing",
    "rest: {header: {x-a: }}\n",
    "1:17: `rest.header.x-a`: expected the path of a field such as `user_id`, or a list of them, got nothing",
  ],
  [
    "an origin with a path",
    "cors:\n  origins: [https://a.example.com/x]\n",
    "2:13: `cors.origins[0]`: expected an origin, which has no path and no slash at its end, got `https://a.example.com/x`",
  ],
  [
    "an origin without a scheme",
    "cors: {origins: a.example.com}\n",
    "1:17: `cors.origins`: expected an origin with its scheme, such as `https://app.example.com`, got `a.example.com`",
  ],
  [
    "all headers as a star",
    "cors: {origins: '*', headers: '*'}\n",
    "1:31: `cors.headers`: expected names of headers; without this key all are allowed",
  ],
  [
    "a heartbeat that would be a flood",
    "heartbeat: {sse: 10ms}\n",
    "1:18: `heartbeat.sse`: expected a duration of at least 1s, or `off`, got `10ms`",
  ],
  [
    "a heartbeat that is text",
    "heartbeat: {webSocket: never}\n",
    "1:24: `heartbeat.webSocket`: expected a duration such as `500ms`, `30s` or `1m`, got `never`; or `off`",
  ],
  [
    "a header limit that HTTP/2 cannot have",
    "limits: {maxHeaderBytes: 1MiB}\n",
    "1:26: `limits.maxHeaderBytes`: expected a size from 4KiB to 64KiB, got `1MiB`",
  ],
  [
    "no connections at all",
    "limits: {maxConnections: 0}\n",
    "1:26: `limits.maxConnections`: expected a number from 1 to 1000000, got `0`",
  ],
  [
    "half a request",
    "limits: {maxConcurrentRequests: 0.5}\n",
    "1:33: `limits.maxConcurrentRequests`: expected a number from 1 to 100000, got `0.5`",
  ],
  [
    "a misspelled word for client certificates",
    "tls: {clientAuth: optinal}\n",
    "1:19: `tls.clientAuth`: expected one of `require`, `optional`, got `optinal`, did you mean `optional`?",
  ],
  ["a duplicate key", "listen: 1\nadmin: off\nlisten: 2\n", "3:1: the key `listen` is there twice"],
  ["a tab", "reflection:\n\tinterval: 30s\n", "2:1: a tab where YAML wants spaces"],
  [
    "a second document",
    "listen: 1\n---\nlisten: 2\n",
    "2:1: a second document (after `---`); one file is one config",
  ],
  [
    "a list at the top",
    "- a:1\n",
    "1:1: expected keys and values at the top, such as `upstreams: localhost:50051`, got a list",
  ],
  [
    "one value",
    "localhost:50051\n",
    "1:1: expected keys and values at the top, such as `upstreams: localhost:50051`, got one value",
  ],
  ["an empty file", "", "1:1: the file is empty; `protogate help config` lists its keys"],
  ["comments alone", "# nothing yet\n", "1:1: the file is empty; `protogate help config` lists its keys"],
];
for (const [title, text, problem] of wrong) {
  test(`${title} is told with line and column`, () => {
    assert.deepEqual(problems(text), [`${file}:${problem}`]);
  });
}

test("a bracket that is not closed is told with its place and YAML's reason", () => {
  const [first] = problems("listen: [1, 2\nadmin: off\n");
  assert.match(first ?? "", /^etc\/protogate\.yaml:\d+:\d+: not YAML: /);
});

test("a bad upstream in short form is told where it stands", () => {
  const [first, ...rest] = problems("upstreams:\n  - a:1\n  - b:port\n");
  assert.match(first ?? "", /^etc\/protogate\.yaml:3:5: `upstreams\[1\]`: expected host:port/);
  assert.deepEqual(rest, []);
});

test("every problem of a file is told at once", () => {
  const text =
    "listn: 1\nprofile: x\nupstreams:\n  - target: a:1\n    reflection: maybe\n    nmae: b\ndrain: {grace: 3}\n";
  const places = problems(text).map((problem) => problem.split(": ")[0]?.slice(file.length + 1));
  assert.deepEqual(places.toSorted(), ["1:1", "2:10", "5:17", "6:5", "7:16"]);
});

test("problems through an anchor point at the anchored text", () => {
  const text = "upstreams:\n  - &a {target: a:1, reflection: no}\n  - *a\n";
  assert.ok(problems(text).every((problem) => problem.startsWith(`${file}:2:34: `)));
});

test("a file full of mistakes is told in bounded length", () => {
  const text = Array.from({ length: 5000 }, (_, i) => `key${i}: 1`).join("\n");
  assert.equal(problems(text).length, 50);
});

test("aliases that multiply are refused", () => {
  const levels = Array.from({ length: 12 }, (_, i) => `k${i + 1}: &x${i + 1} [${`*x${i},`.repeat(9)}]`);
  const [first] = problems(["k0: &x0 [lol]", ...levels].join("\n"));
  assert.match(first ?? "", /not usable as YAML/);
});

test("names of Object's insides are unknown keys like others", () => {
  assert.deepEqual(problems("constructor: 1\n"), [`${file}:1:1: unknown key \`constructor\``]);
  assert.deepEqual(problems("toString: 1\n"), [`${file}:1:1: unknown key \`toString\``]);
  assert.deepEqual(problems("__proto__: {listen: 1}\n"), [`${file}:1:1: unknown key \`__proto__\``]);
});

test("human texts become numbers, short forms become lists", () => {
  const read = layer(`
listen: 8080
admin: off
profile: google
strict: true
maxRequestBytes: 16MiB
upstreams: library=localhost:50051
reflection: { enabled: true, interval: 5s, timeout: 500ms }
timeout: { max: 1m }
drain: { grace: 0s }
log: { level: off }
`);
  assert.deepEqual(read.listen, [{ host: "127.0.0.1", port: 8080 }]);
  assert.equal(read.admin, "off");
  assert.equal(read.profile, "google");
  assert.equal(read.strict, true);
  assert.equal(read.maxRequestBytes, 16 * 1024 ** 2);
  assert.deepEqual(read.upstreams?.[0]?.name, "library");
  assert.deepEqual(read.upstreams?.[0]?.target, { host: "localhost", port: 50051, tls: false });
  assert.deepEqual(read.reflection, { enabled: true, interval: 5000, timeout: 500 });
  assert.deepEqual(read.timeout, { max: 60_000 });
  assert.deepEqual(read.drain, { grace: 0 });
  assert.deepEqual(read.log, { level: "off" });
});

test("an upstream may be text or a mapping, in one list", () => {
  const read = layer(`
upstreams:
  - localhost:50051
  - name: billing
    target: https://billing:443
    reflection: false
    required: false
    services: acme.billing.v1.*
    header: { Authorization: Bearer x, x-tag: [a, b] }
    tls: { serverName: billing.internal }
`);
  assert.deepEqual(
    read.upstreams?.map(({ target }) => target.tls),
    [false, true],
  );
  const billing = read.upstreams?.[1];
  assert.equal(billing?.reflection, false);
  assert.equal(billing?.required, false);
  assert.deepEqual(billing?.services, ["acme.billing.v1.*"]);
  assert.deepEqual(billing?.header, [
    ["authorization", "Bearer x"],
    ["x-tag", "a"],
    ["x-tag", "b"],
  ]);
  assert.equal(billing?.tls?.serverName, "billing.internal");
});

test("settings of methods are read by selector, a mapping of headers becomes bindings", () => {
  const read = layer(`
rest: { unescape: all, unknownFields: ignore }
methods:
  - selector: acme.v1.Billing.Pay
    rest:
      successStatus: 201
      location: ""
      streamFormat: sse
      header: { X-User-Id: user_id, x-tenant: [tenant, context.tenant] }
      cookie: {}
  - selector: "*"
`);
  assert.deepEqual(read.rest, { unescape: "all", unknownFields: "ignore" });
  assert.deepEqual(read.methods, [
    {
      selector: "acme.v1.Billing.Pay",
      rest: {
        successStatus: 201,
        location: "",
        streamFormat: "sse",
        header: [
          { name: "x-user-id", field: "user_id" },
          { name: "x-tenant", field: "tenant" },
          { name: "x-tenant", field: "context.tenant" },
        ],
        cookie: [],
      },
    },
    { selector: "*" },
  ]);
});

test("every key of a RestPolicy can be written in the file, for all methods and for one", () => {
  const keys = new Set(configKeys().map(({ path }) => path));
  for (const key of restKeys) {
    assert.ok(keys.has(`rest.${key}`), key);
    assert.deepEqual(hintForKey(["methods", 0, "rest"], `${key}x`), `, did you mean \`${key}\`?`);
  }
});

test("every key of flow control can be written in the file, for all methods and for one", () => {
  const keys = new Set(configKeys().map(({ path }) => path.replaceAll("[]", "")));
  // At the top these are the gateway's own.
  const own = ["maxRequestBytes", "timeout.max", "auth"];
  for (const key of flowKeys) {
    const [group = ""] = key.split(".");
    assert.ok(keys.has(`methods.${group}`), key);
    if (!own.includes(key)) assert.ok(keys.has(key), key);
  }
});

test("flow control of methods is read as options have it, `off` takes back", () => {
  const read = layer(`
methods:
  - selector: a.B.C
    rateLimit:
      - {requests: 10, per: 744h, burst: 20, key: "header:x-user-id", cost: byte, scope: shared, onStoreFailure: deny, dryRun: true, name: users}
      - {requests: 1, algorithm: sliding-window}
    concurrency: {max: 50, queue: 100, queueTimeout: 500ms, key: ip, adaptive: true}
    maxReplyBytes: 1KiB
    timeout: {default: 2s, perTry: off}
    stream: {requests: {bytesPerSecond: 1MiB, excess: refuse}, replies: {maxMessages: off}, maxDuration: 1h}
    retry: {maxAttempts: 3, initialBackoff: 10ms, codes: [UNAVAILABLE, ABORTED]}
    circuitBreaker: {}
    auth: {scopes: [a]}
  - {selector: a.*, rateLimit: off, concurrency: off, retry: off, circuitBreaker: off, auth: required}
  - {selector: "*", rateLimit: [], auth: public}
`);
  assert.deepEqual(read.methods, [
    {
      selector: "a.B.C",
      rateLimit: [
        {
          requests: 10,
          perMs: 2_678_400_000,
          burst: 20,
          key: "header:x-user-id",
          cost: "byte",
          scope: "shared",
          onStoreFailure: "deny",
          dryRun: true,
          algorithm: undefined,
          name: "users",
        },
        { requests: 1, perMs: undefined, algorithm: "sliding_window" },
      ],
      concurrency: { max: 50, queue: 100, queueTimeoutMs: 500, key: "ip", adaptive: true },
      maxReplyBytes: 1024,
      timeout: { default: 2000, perTry: "off" },
      stream: {
        requests: { bytesPerSecond: 1024 ** 2, excess: "refuse" },
        replies: { maxMessages: "off" },
        maxDuration: 3_600_000,
      },
      retry: { maxAttempts: 3, initialBackoffMs: 10, codes: [14, 10] },
      circuitBreaker: {},
      auth: { public: false, scopes: ["a"] },
    },
    {
      selector: "a.*",
      rateLimit: [],
      concurrency: "off",
      retry: "off",
      circuitBreaker: "off",
      auth: { public: false, scopes: [] },
    },
    { selector: "*", rateLimit: [], auth: { public: true, scopes: [] } },
  ]);
});

test("paths are relative to the file's folder", () => {
  const read = layer(`
tls: { certFile: tls/cert.pem, keyFile: /keys/key.pem }
schema: { descriptorSets: api.binpb, protos: [a.proto], serviceConfigs: [../api.yaml] }
upstreams: { target: "https://a:1", tls: { caFile: ca.pem }, schema: { descriptorSets: [b.binpb] } }
`);
  assert.equal(read.tls?.certFile, "etc/tls/cert.pem");
  assert.equal(read.tls?.keyFile, "/keys/key.pem");
  assert.deepEqual(read.schema?.descriptorSets, ["etc/api.binpb"]);
  assert.deepEqual(read.schema?.protos, ["etc/a.proto"]);
  assert.deepEqual(read.schema?.serviceConfigs, ["api.yaml"]);
  assert.deepEqual(read.upstreams?.[0]?.schema?.descriptorSets, ["etc/b.binpb"]);
  assert.equal(read.upstreams?.[0]?.tls?.caFile, "etc/ca.pem");
});

test("a .proto that is not there stays an import path where proto paths are given", () => {
  const read = layer("schema: { protos: acme/v1/a.proto, protoPaths: protos }\n");
  assert.deepEqual(read.schema?.protos, ["acme/v1/a.proto"]);
  assert.deepEqual(read.schema?.protoPaths, ["etc/protos"]);
});

test("a byte order mark is not part of the first key", () => {
  assert.deepEqual(problems("\uFEFFlisten: 8080\n"), []);
});

test("no text makes reading throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })), (text) => {
      assert.equal(typeof parseConfig(text, file).ok, "boolean");
    }),
  );
});

test("files that cannot be read are told with the nearest name", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "protogate-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "protogate.yaml"), "listen: 8080\n");
  mkdirSync(join(folder, "conf"));
  const told = (path: string) => {
    const outcome = readConfigFile(join(folder, path));
    return outcome.ok
      ? []
      : outcome.problems.map((problem) => formatProblem(problem).replaceAll(folder, "DIR"));
  };
  assert.deepEqual(told("protogate.yaml"), []);
  assert.deepEqual(told("protogate.yml"), [
    "DIR/protogate.yml: no such file, did you mean `DIR/protogate.yaml`?",
  ]);
  assert.deepEqual(told("conf"), ["DIR/conf: is a folder, expected a file"]);
  assert.deepEqual(told("etc/x.yaml"), ["DIR/etc/x.yaml: no such file (there is no folder `DIR/etc`)"]);
});

test("a file that is no config is not read into memory", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "protogate-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "big.yaml");
  writeFileSync(path, Buffer.alloc(1024 ** 2 + 1, 35));
  const outcome = readConfigFile(path);
  assert.ok(!outcome.ok);
  assert.match(outcome.problems[0]?.message ?? "", /^is no config: 1048577 bytes/);
});
