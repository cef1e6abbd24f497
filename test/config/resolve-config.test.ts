// Flags, file and defaults together: what has its default, what wins, and the form in which the gateway gets it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { config, folder, problems } from "./resolve-config-case.ts";

test("without a word everything has its default", () => {
  assert.deepEqual(config([]), {
    listen: [{ host: "127.0.0.1", port: 8080 }],
    admin: { kind: "main" },
    profile: "standard",
    strict: false,
    maxRequestBytes: 4 * 1024 ** 2,
    compression: { minBytes: 1024 },
    heartbeat: { sseMs: 15_000, webSocketMs: 30_000 },
    limits: {},
    upstreams: [],
    schema: { descriptorSets: [], protos: [], protoPaths: [], serviceConfigs: [] },
    methods: [],
    reflection: { intervalMs: 30_000, timeoutMs: 10_000 },
    timeout: {},
    drain: { graceMs: 30_000 },
    log: { level: "info" },
    auth: { required: false },
    trustedProxies: [],
  });
});

test("settings of methods come in the order in which they win, each key with its place", () => {
  const { methods, unescape: decoding } = config(
    ["a:1"],
    `methods:
  - selector: a.B.*
    rest: { protoNames: true }
  - selector: a.B.C
rest:
  unescape: all
  header: { x-a: a, x-b: b }
`,
  );
  const place = (text: string): string => `${join(folder, "protogate.yaml")}:${text}`;
  assert.equal(decoding, "all");
  assert.deepEqual(methods, [
    {
      selector: "*",
      place: place("6:3"),
      rest: {
        header: [
          { name: "x-a", field: "a" },
          { name: "x-b", field: "b" },
        ],
      },
      flow: {},
      places: new Map([
        ["rest.header", place("7:11")],
        ["rest.header.x-a", place("7:18")],
        ["rest.header.x-b", place("7:26")],
      ]),
    },
    {
      selector: "a.B.*",
      place: place("2:15"),
      rest: { protoNames: true },
      flow: {},
      places: new Map([["rest.protoNames", place("3:25")]]),
    },
    { selector: "a.B.C", place: place("4:15"), rest: {}, flow: {}, places: new Map() },
  ]);
});

test("flow control of methods comes as one flat list, each key and each limit with its place", () => {
  const { methods, timeout, maxRequestBytes } = config(
    ["a:1"],
    `maxRequestBytes: 1MiB
timeout: { max: 1m, default: 5s }
rateLimit: { requests: 100 }
methods:
  - selector: a.B.C
    maxRequestBytes: 64KiB
    timeout: { max: off }
    rateLimit:
      - { requests: 10, per: 2s, key: ip }
      - requests: 5
    auth: public
`,
  );
  const place = (text: string): string => `${join(folder, "protogate.yaml")}:${text}`;
  assert.deepEqual([timeout, maxRequestBytes], [{ maxMs: 60_000 }, 1024 ** 2], "these are the gateway's own");
  assert.deepEqual(
    methods.map(({ selector, place: at, flow, places }) => [selector, at, flow, [...places]]),
    [
      [
        "*",
        place("3:12"),
        {
          rateLimit: [{ requests: 100, perMs: undefined, algorithm: undefined }],
          "timeout.default": 5000,
        },
        [
          ["rateLimit", place("3:12")],
          ["rateLimit.1", place("3:12")],
          ["timeout.default", place("2:30")],
        ],
      ],
      [
        "a.B.C",
        place("5:15"),
        {
          rateLimit: [
            { requests: 10, perMs: 2000, key: "ip", algorithm: undefined },
            { requests: 5, perMs: undefined, algorithm: undefined },
          ],
          maxRequestBytes: 64 * 1024,
          "timeout.max": "off",
          auth: { public: true, scopes: [] },
        },
        [
          ["rateLimit", place("9:7")],
          ["rateLimit.1", place("9:9")],
          ["rateLimit.2", place("10:9")],
          ["maxRequestBytes", place("6:22")],
          ["timeout.max", place("7:21")],
          ["auth", place("11:11")],
        ],
      ],
    ],
  );
});

test("who calls and where is counted is decided with defaults, paths relative to the file", () => {
  const { auth, store, trustedProxies } = config(
    ["a:1", "--redis", "redis://other:6379"],
    `store: { redis: "redis://:secret@here:6379", timeout: 20ms }
trustedProxies: [10.0.0.0/8, "::1"]
auth:
  jwt: { issuer: https://issuer, audience: [a, b], jwks: key.pem, clockTolerance: 5s }
  apiKeys: cert.pem
  default: required
`,
  );
  assert.deepEqual(
    store,
    { redis: ["redis://other:6379"], timeoutMs: 20 },
    "the flag replaces its own key only",
  );
  assert.deepEqual(
    trustedProxies.map(({ bits }) => bits),
    [104, 128],
  );
  assert.deepEqual(auth, {
    required: true,
    apiKeysFile: join(folder, "cert.pem"),
    jwt: {
      issuer: ["https://issuer"],
      audience: ["a", "b"],
      jwks: join(folder, "key.pem"),
      clockToleranceMs: 5000,
    },
  });
  const fetched = config(["a:1"], "auth: {jwt: {issuer: i, audience: a, jwks: https://issuer/keys}}\n");
  assert.equal(fetched.auth.jwt?.jwks, "https://issuer/keys");
});

test("a password of the store is in no message", () => {
  for (const url of [
    "redis://:hunter2@",
    "http://u:hunter2@h",
    "redis://:hunter2@h/x",
    "redis://:hunter2%@h",
    "hunter2",
  ]) {
    const told = [...problems(["a:1", "--redis", url]), ...problems(["a:1"], `store: { redis: "${url}" }\n`)];
    assert.equal(told.length, 2, url);
    assert.doesNotMatch(told.join("\n"), /hunter2/);
  }
});

test("an upstream is named by its address and read by reflection", () => {
  assert.deepEqual(config(["localhost:50051"]).upstreams, [
    {
      name: "localhost:50051",
      target: { host: "localhost", port: 50051, tls: false },
      targets: [{ host: "localhost", port: 50051, tls: false }],
      endpoints: { balancing: "round_robin", connections: 1, resolution: {}, outliers: {} },
      reflection: true,
      header: [],
      required: true,
      schema: { descriptorSets: [], protos: [], protoPaths: [] },
      tls: {},
    },
  ]);
});

const file = `
listen: [127.0.0.1:7000, 127.0.0.1:7001]
admin: 127.0.0.1:7002
profile: google
strict: true
maxRequestBytes: 1MiB
upstreams: [{ name: library, target: "library:1", required: false }, "billing=https://billing:443"]
schema: { descriptorSets: api.binpb, serviceConfigs: api.yaml }
reflection: { interval: 1s }
timeout: { max: 5s }
drain: { grace: 1s }
log: { level: error }
`;

test("what no flag says comes from the file", () => {
  const read = config([], file);
  assert.deepEqual(
    read.listen.map(({ port }) => port),
    [7000, 7001],
  );
  assert.deepEqual(read.admin, { kind: "listener", host: "127.0.0.1", port: 7002 });
  assert.equal(read.profile, "google");
  assert.equal(read.strict, true);
  assert.equal(read.maxRequestBytes, 1024 ** 2);
  assert.deepEqual(
    read.upstreams.map(({ name, required }) => [name, required]),
    [
      ["library", false],
      ["billing", true],
    ],
  );
  assert.deepEqual(read.reflection, { intervalMs: 1000, timeoutMs: 10_000 });
  assert.deepEqual(read.timeout, { maxMs: 5000 });
  assert.deepEqual(read.drain, { graceMs: 1000 });
  assert.equal(read.log.level, "error");
});

test("flags and arguments win over the file, key by key and as a whole", () => {
  const read = config(
    [
      "other:1",
      "--listen",
      "8000",
      "--profile",
      "standard",
      "--max-request-bytes",
      "5",
      "--service-config",
      "DIR/a.proto",
    ],
    file,
  );
  assert.deepEqual(read.listen, [{ host: "127.0.0.1", port: 8000 }]);
  assert.equal(read.profile, "standard");
  assert.equal(read.maxRequestBytes, 5);
  assert.deepEqual(
    read.upstreams.map(({ name }) => name),
    ["other:1"],
  );
  assert.deepEqual(read.schema.serviceConfigs, [join(folder, "a.proto")]);
  assert.deepEqual(read.schema.descriptorSets, [join(folder, "api.binpb")]);
  assert.equal(read.strict, true);
});

test("a wrong flag beside a right file is placed at the flag", () => {
  const [first, ...rest] = problems(["--service-config", "DIR/none.json"], file);
  assert.equal(first, "--service-config: DIR/none.json: no such file");
  assert.deepEqual(rest, []);
});

test("the config cannot be changed", () => {
  const read = config(["a:1"]);
  assert.ok(
    Object.isFrozen(read) && Object.isFrozen(read.listen[0]) && Object.isFrozen(read.upstreams[0]?.target),
  );
});
