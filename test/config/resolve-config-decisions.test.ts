// What is decided, and refused, only where all of the config is known.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { config, problems } from "./resolve-config-case.ts";

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
