// Every flag alone, and what is told of arguments that are wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { gatewayFlags } from "../../src/config/flag-spec.ts";
import { config, problems } from "./resolve-config-case.ts";

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
