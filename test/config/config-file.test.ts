// What a config file says, read: human texts as numbers, short forms as lists, paths from the file's folder.
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
import { file, layer, problems } from "./config-file-case.ts";

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
  - {selector: "*", rateLimit: [], auth: public, hedge: {maxAttempts: 3, delay: 20ms, nonFatalCodes: [INTERNAL]}}
  - {selector: a.D, hedge: off}
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
    {
      selector: "*",
      rateLimit: [],
      auth: { public: true, scopes: [] },
      hedge: { maxAttempts: 3, delayMs: 20, nonFatalCodes: [13] },
    },
    { selector: "a.D", hedge: "off" },
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
