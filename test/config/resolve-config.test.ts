// Flags, file and defaults together: what wins, what is decided, what only shows when all of it is known.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { commonFlags, gatewayFlags } from "../../src/config/flag-spec.ts";
import { parseArguments } from "../../src/config/parse-arguments.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { formatProblem } from "../../src/schema/problem.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "protogate-"));
  mkdirSync(join(folder, "protos/acme/v1"), { recursive: true });
  for (const name of [
    "api.binpb",
    "api.yaml",
    "cert.pem",
    "key.pem",
    "ca.pem",
    "a.proto",
    "protos/acme/v1/b.proto",
  ]) {
    writeFileSync(join(folder, name), "");
  }
});
after(() => rmSync(folder, { recursive: true }));

/** Paths on the command line are below DIR, the file is DIR/protogate.yaml. */
function resolve(args: readonly string[], yaml?: string) {
  const words = args.map((word) => word.replaceAll("DIR", folder));
  if (yaml !== undefined) {
    writeFileSync(join(folder, "protogate.yaml"), yaml);
    words.push("--config", join(folder, "protogate.yaml"));
  }
  const parsed = parseArguments(words, [...gatewayFlags, ...commonFlags]);
  return resolveConfig(parsed, { upstreams: parsed.positionals });
}

function config(args: readonly string[], yaml?: string): Config {
  const outcome = resolve(args, yaml);
  assert.deepEqual(outcome.ok ? [] : outcome.problems, []);
  assert.ok(outcome.ok);
  return outcome.config;
}

function problems(args: readonly string[], yaml?: string): readonly string[] {
  const outcome = resolve(args, yaml);
  return outcome.ok
    ? []
    : outcome.problems.map((problem) => formatProblem(problem).replaceAll(folder, "DIR"));
}

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

/** Each flag alone, with what it changes. Every flag of the table has a row; the test below sees to that. */
const flags: readonly (readonly [
  args: readonly string[],
  pick: (config: Config) => unknown,
  value: unknown,
])[] = [
  [
    ["--listen", "9000", "--listen=[::1]:0"],
    (c) => c.listen,
    [
      { host: "127.0.0.1", port: 9000 },
      { host: "::1", port: 0 },
    ],
  ],
  [["--admin", "127.0.0.1:9000"], (c) => c.admin, { kind: "listener", host: "127.0.0.1", port: 9000 }],
  [["--admin=off"], (c) => c.admin, { kind: "off" }],
  [
    ["a:1", "--descriptor-set", "DIR/api.binpb", "--descriptor-set", "DIR/a.proto"],
    (c) => c.schema.descriptorSets.length,
    2,
  ],
  [["a:1", "--proto", "DIR/a.proto"], (c) => c.schema.protos.length, 1],
  [["--proto-path", "DIR/protos"], (c) => c.schema.protoPaths.length, 1],
  [["a:1", "--descriptor-set", "DIR/api.binpb", "--reflection"], (c) => c.upstreams[0]?.reflection, true],
  [["--service-config", "DIR/api.yaml"], (c) => c.schema.serviceConfigs.length, 1],
  [["--profile", "grpc-gateway"], (c) => c.profile, "grpc-gateway"],
  [["--strict"], (c) => c.strict, true],
  [["--max-request-bytes", "1000"], (c) => c.maxRequestBytes, 1000],
  [["--max-request-bytes", "1MiB"], (c) => c.maxRequestBytes, 1024 ** 2],
  [["--tls-cert", "DIR/cert.pem", "--tls-key", "DIR/key.pem"], (c) => c.tls?.clientCaFile, undefined],
  [
    ["--tls-cert", "DIR/cert.pem", "--tls-key", "DIR/key.pem", "--tls-client-ca", "DIR/ca.pem"],
    (c) => Object.keys(c.tls ?? {}),
    ["certFile", "keyFile", "clientCaFile", "clientAuth"],
  ],
  [
    ["--redis", "redis://a:6379/2", "--redis", "rediss://b"],
    (c) => c.store,
    { redis: ["redis://a:6379/2", "rediss://b"], timeoutMs: 50 },
  ],
  [["--log-level", "debug"], (c) => c.log.level, "debug"],
];
for (const [args, pick, value] of flags) {
  test(`${args.join(" ")} is read`, () => {
    assert.deepEqual(pick(config(args)), value);
  });
}

test("every flag of the table is in the table above", () => {
  const tested = new Set(flags.flatMap(([args]) => args.map((word) => word.split("=")[0])));
  const missing = gatewayFlags.map((flag) => `--${flag.name}`).filter((name) => !tested.has(name));
  assert.deepEqual(missing, ["--config"]);
});

const usage: readonly (readonly [args: readonly string[], problem: string])[] = [
  [["--lisen", "8080"], "--lisen: unknown flag, did you mean `--listen`?"],
  [["--wat"], "--wat: unknown flag"],
  [["-x"], "-x: unknown flag"],
  [["--listen"], "--listen: needs a value, HOST:PORT"],
  [["--listen="], "--listen: needs a value, HOST:PORT"],
  [["--listen", "--strict"], "--listen: needs a value, HOST:PORT, but `--strict` follows"],
  [["--strict=yes"], "--strict: takes no value, got `yes`"],
  [["--profile", "google", "--profile", "standard"], "--profile: is given twice, but takes one value only"],
  [
    ["--profile", "grpcgateway"],
    "--profile: expected one of `standard`, `grpc-gateway`, `google`, got `grpcgateway`, did you mean `grpc-gateway`?",
  ],
  [
    ["--listen", "0.0.0.0"],
    "--listen: expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`, got `0.0.0.0`",
  ],
  [
    ["--admin", "no"],
    "--admin: expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`, got `no`; or `off`",
  ],
  [
    ["--max-request-bytes", "lots"],
    "--max-request-bytes: expected a size such as `4MiB`, `512KiB` or a number of bytes, got `lots`",
  ],
  [
    ["--log-level", "warning"],
    "--log-level: expected one of `debug`, `info`, `warn`, `error`, `off`, got `warning`, did you mean `warn`?",
  ],
  [
    ["a:1", "--descriptor-set", "DIR/api.binpd"],
    "--descriptor-set: DIR/api.binpd: no such file, did you mean `DIR/api.binpb`?",
  ],
  [["a:1", "--descriptor-set", "DIR/protos"], "--descriptor-set: DIR/protos: is a folder, expected a file"],
  [["--proto-path", "DIR/api.binpb"], "--proto-path: DIR/api.binpb: is a file, expected a folder"],
  [["a:1", "--proto", "DIR/c.proto"], "--proto: DIR/c.proto: no such file, did you mean `DIR/a.proto`?"],
  [
    ["--service-config", "DIR/none/x.yaml"],
    "--service-config: DIR/none/x.yaml: no such file (there is no folder `DIR/none`)",
  ],
  [
    ["--tls-cert", "DIR/cert.pem"],
    "--tls-cert: a certificate without its private key (`--tls-key`, `tls.keyFile`)",
  ],
  [
    ["--tls-key", "DIR/key.pem"],
    "--tls-cert: a private key or a client CA without a certificate (`--tls-cert`, `tls.certFile`)",
  ],
  [["--tls-cert", "DIR/cert.pem", "--tls-key", "DIR/no.pem"], "--tls-key: DIR/no.pem: no such file"],
  [["--listen", "8080", "--listen", "127.0.0.1:8080"], "--listen: 127.0.0.1:8080 is there twice"],
  [
    ["--listen", "8080", "--admin", "8080"],
    "--admin: 127.0.0.1:8080 is taken by the main listener; expected another address",
  ],
  [
    ["a:1", "b=c:1", "b=d:1"],
    "argument `b=d:1`: two upstreams are named `b`; expected a name of its own (`name=host:port`)",
  ],
  [
    ["a:1", "a:1"],
    "argument `a:1`: two upstreams are named `a:1`; expected a name of its own (`name=host:port`)",
  ],
  [
    ["--descriptor-set", "DIR/api.binpb"],
    "--descriptor-set: a schema without an upstream that serves it; expected an argument such as `localhost:50051`",
  ],
  [
    ["--proto", "DIR/a.proto"],
    "--proto: a schema without an upstream that serves it; expected an argument such as `localhost:50051`",
  ],
  [["--config", "DIR/none.yaml"], "DIR/none.yaml: no such file"],
];
for (const [args, problem] of usage) {
  test(`${args.join(" ")} is refused in one sentence`, () => {
    const [first, ...rest] = problems(args);
    assert.equal(first?.slice(0, problem.length), problem);
    assert.deepEqual(rest, []);
  });
}

test("a bad upstream is told with the argument", () => {
  const [first] = problems(["localhost"]);
  assert.match(first ?? "", /^argument `localhost`: expected host:port/);
});

test("control characters of an argument do not reach the terminal", () => {
  assert.ok(!problems(["\u001b[31mred\nline"]).join("").includes("\u001b"));
});

test("all mistakes of the command line and the file are told at once", () => {
  const told = problems(["nowhere", "--listen", "x", "--wat"], "strct: true\nprofile: x\n");
  assert.equal(told.length, 5);
});

test("words after -- are upstreams, whatever they begin with", () => {
  assert.match(problems(["--", "--listen"])[0] ?? "", /^argument `--listen`: expected host:port/);
});

test("a .proto may be an import path under a proto path", () => {
  const read = config(["a:1", "--proto", "acme/v1/b.proto", "--proto-path", "DIR/protos"]);
  assert.deepEqual(read.schema.protos, ["acme/v1/b.proto"]);
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

const admins: readonly (readonly [args: readonly string[], admin: Config["admin"], reason: string])[] = [
  [[], { kind: "main" }, "the default listener is on loopback"],
  [["--listen", "localhost:1", "--listen", "[::1]:2"], { kind: "main" }, "every listener is on loopback"],
  [
    ["--listen", "0.0.0.0:80"],
    { kind: "listener", host: "127.0.0.1", port: 9901 },
    "others can reach the listener",
  ],
  [
    ["--listen", "8080", "--listen", "10.0.0.1:80"],
    { kind: "listener", host: "127.0.0.1", port: 9901 },
    "others can reach one of the listeners",
  ],
  [["--listen", "0.0.0.0:80", "--admin", "off"], { kind: "off" }, "it was said"],
  [["--admin", "off"], { kind: "off" }, "it was said, on loopback too"],
  [["--admin", "0.0.0.0:9"], { kind: "listener", host: "0.0.0.0", port: 9 }, "it was said"],
];
for (const [args, admin, reason] of admins) {
  test(`admin pages of \`${args.join(" ")}\` are on ${admin.kind}: ${reason}`, () => {
    assert.deepEqual(config(args).admin, admin);
  });
}

const reflections: readonly (readonly [yaml: string, reflection: readonly boolean[], reason: string])[] = [
  ["upstreams: [a:1, b:1]", [true, true], "there is no other source"],
  ["upstreams: [a:1, b:1]\nschema: {descriptorSets: api.binpb}", [false, false], "a set is there for all"],
  ["upstreams: [a:1, b:1]\nschema: {protos: a.proto}", [false, false], "a .proto is there for all"],
  ["upstreams: [a:1]\nschema: {serviceConfigs: api.yaml}", [true], "a service config describes no messages"],
  [
    "upstreams: [a:1, {target: 'b:1', schema: {descriptorSets: api.binpb}}]",
    [true, false],
    "a set is there for one",
  ],
  [
    "upstreams: [a:1, {target: 'b:1', reflection: true}]\nschema: {protos: a.proto}",
    [false, true],
    "one asks for it: the sources are an overlay",
  ],
  [
    "upstreams: [a:1, {target: 'b:1', reflection: false}]\nschema: {protos: a.proto}\nreflection: {enabled: true}",
    [true, false],
    "all but one have it",
  ],
];
for (const [yaml, reflection, reason] of reflections) {
  test(`reflection of ${yaml.replaceAll("\n", "; ")}: ${reason}`, () => {
    assert.deepEqual(
      config([], yaml).upstreams.map((upstream) => upstream.reflection),
      reflection,
    );
  });
}

/** Keys that only the file has, each with what it decides. */
const decided: readonly (readonly [yaml: string, pick: (config: Config) => unknown, value: unknown])[] = [
  [
    "cors: { origins: 'https://App.example.com:443' }",
    (c) => c.cors,
    { origins: ["https://app.example.com"], maxAgeMs: 7_200_000, credentials: false },
  ],
  [
    "cors: { origins: [http://localhost:*], methods: get, headers: [X-A], exposed: X-B, maxAge: 0s, credentials: true }",
    (c) => c.cors,
    {
      origins: ["http://localhost:*"],
      methods: ["GET"],
      headers: ["x-a"],
      exposed: ["x-b"],
      maxAgeMs: 0,
      credentials: true,
    },
  ],
  ["cors: { origins: '*' }", (c) => c.cors?.origins, ["*"]],
  ["compression: { minBytes: 4KiB }", (c) => c.compression, { minBytes: 4096 }],
  [
    "compression: { enabled: false, minBytes: 1 }",
    (c) => c.compression,
    { minBytes: Number.POSITIVE_INFINITY },
  ],
  ["compression: { enabled: true }", (c) => c.compression, { minBytes: 1024 }],
  ["heartbeat: { sse: 5s, webSocket: off }", (c) => c.heartbeat, { sseMs: 5000, webSocketMs: 2 ** 31 - 1 }],
  ["heartbeat: { sse: 0s }", (c) => c.heartbeat, { sseMs: 2 ** 31 - 1, webSocketMs: 30_000 }],
  [
    "limits: { maxHeaderBytes: 64KiB, maxConnections: 10, maxConcurrentRequests: 200, maxBufferedBytes: 1GiB, stall: 1m, keepAlive: 5s, http2Idle: 1h }",
    (c) => c.limits,
    {
      maxHeaderBytes: 65_536,
      maxConnections: 10,
      maxConcurrentRequests: 200,
      maxBufferedBytes: 1024 ** 3,
      stallMs: 60_000,
      keepAliveMs: 5000,
      http2IdleMs: 3_600_000,
    },
  ],
  [
    "tls: { certFile: cert.pem, keyFile: key.pem, clientCaFile: ca.pem, clientAuth: optional }",
    (c) => c.tls?.clientAuth,
    "optional",
  ],
  [
    "tls: { certFile: cert.pem, keyFile: key.pem, clientCaFile: ca.pem }",
    (c) => c.tls?.clientAuth,
    "require",
  ],
];
for (const [yaml, pick, value] of decided) {
  test(`${yaml} is decided`, () => assert.deepEqual(pick(config(["a:1"], yaml)), value));
}

const crossed: readonly (readonly [yaml: string, problem: string])[] = [
  [
    "upstreams: a:1\nstore: { timeout: 10ms }\n",
    "DIR/protogate.yaml:2:8: `redis` is missing; expected `redis: redis://host:6379` or `--redis`",
  ],
  [
    "upstreams: a:1\nauth: { default: required }\n",
    "DIR/protogate.yaml:2:18: a principal is required, but nobody can be known: neither `jwt` nor `apiKeys` is given",
  ],
  ["upstreams: a:1\nauth: { apiKeys: keys.txt }\n", "DIR/protogate.yaml:2:18: DIR/keys.txt: no such file"],
  [
    "upstreams: a:1\nauth: { jwt: { issuer: i, audience: a, jwks: keys.json } }\n",
    "DIR/protogate.yaml:2:46: DIR/keys.json: no such file",
  ],
  [
    "upstreams: a:1\nmaxRequestBytes: 1KiB\nmethods: { selector: a.B.C, maxRequestBytes: 2KiB }\n",
    "DIR/protogate.yaml:3:46: 2KiB is more than the gateway's own limit of 1KiB (`maxRequestBytes` at the top)",
  ],
  [
    "listen: 8080\n",
    "DIR/protogate.yaml: no upstreams, here or as an argument; expected `upstreams: [host:port]`",
  ],
  [
    "upstreams:\n  - target: a:1\n    reflection: false\n",
    "DIR/protogate.yaml:3:17: no schema for `a:1`: reflection is off, and there is no descriptor set and no .proto file",
  ],
  [
    "upstreams:\n  - target: a:1\n    tls: { caFile: ca.pem }\n",
    "DIR/protogate.yaml:3:10: the target is cleartext; expected `https://host:port` where `tls` is given",
  ],
  [
    "upstreams:\n  - target: https://a:1\n    tls: { certFile: cert.pem }\n",
    "DIR/protogate.yaml:3:10: `certFile` and `keyFile` go together; one of them is missing",
  ],
  [
    "upstreams:\n  - name: a\n    target: a:1\n  - name: a\n    target: b:1\n",
    "DIR/protogate.yaml:4:11: two upstreams are named `a`; expected a name of its own (`name=host:port`)",
  ],
  [
    "upstreams: a:1\nschema:\n  descriptorSets:\n    - api.binpb\n    - api.bin\n",
    "DIR/protogate.yaml:5:7: DIR/api.bin: no such file, did you mean `DIR/api.binpb`?",
  ],
  [
    "upstreams: a:1\ntls: { certFile: cert.pem }\n",
    "DIR/protogate.yaml:2:6: a certificate without its private key (`--tls-key`, `tls.keyFile`)",
  ],
  [
    "upstreams: a:1\ntls: { certFile: cert.pem, keyFile: key.pem, clientAuth: optional }\n",
    "DIR/protogate.yaml:2:58: clients are asked for a certificate only where `clientCaFile` is given",
  ],
  [
    "upstreams: a:1\ncors:\n  origins:\n    - https://a\n    - '*'\n  credentials: true\n",
    "DIR/protogate.yaml:5:7: every origin (`*`) with `credentials` would let any page act in its visitor's name; expected the origins by name",
  ],
  [
    "upstreams: a:1\ncors: { credentials: true }\n",
    "DIR/protogate.yaml:2:7: `origins` is missing; expected `origins: [https://app.example.com]`",
  ],
];
for (const [yaml, problem] of crossed) {
  test(`${JSON.stringify(yaml)} is refused with its place`, () => {
    assert.deepEqual(problems([], yaml), [problem]);
  });
}

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
