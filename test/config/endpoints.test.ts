import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gatewayFlags } from "../../src/config/flag-spec.ts";
import { parseArguments } from "../../src/config/parse-arguments.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";

function resolve(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), "protogate-"));
  const file = join(folder, "protogate.yaml");
  try {
    writeFileSync(file, yaml);
    return resolveConfig(parseArguments(["--config", file], gatewayFlags), { upstreams: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
function upstreamOf(yaml: string) {
  const outcome = resolve(yaml);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.config.upstreams[0];
}
function problemsOf(yaml: string): string[] {
  const outcome = resolve(yaml);
  assert.ok(!outcome.ok);
  return outcome.problems.map(
    ({ place, message }) => `${place.replace(/^.*protogate\.yaml:/, "")}: ${message}`,
  );
}

test("an upstream has one target or several; it is named by the first", () => {
  const upstream = upstreamOf("upstreams: [{ target: [a:1, 'b:2'] }]");
  assert.equal(upstream?.name, "a:1");
  assert.deepEqual(upstream?.target, { host: "a", port: 1, tls: false });
  assert.deepEqual(
    upstream?.targets.map(({ host, port }) => [host, port]),
    [
      ["a", 1],
      ["b", 2],
    ],
  );
});

test("the keys of endpoints come out as the options of an endpoint set", () => {
  const yaml = `
upstreams:
  - target: a:1
    balancing: least_request
    connections: 4
    dns: { interval: 1m }
    healthCheck: { service: acme.v1.Library, interval: 5s, timeout: 500ms }
    outliers:
      { consecutiveFailures: 3, failurePercent: 80, minCalls: 10, interval: 1s, ejection: 2s, maxEjection: 1m, maxEjectedPercent: 20 }
`;
  assert.deepEqual(upstreamOf(yaml)?.endpoints, {
    balancing: "least_request",
    connections: 4,
    resolution: { intervalMs: 60_000 },
    health: { service: "acme.v1.Library", intervalMs: 5_000, timeoutMs: 500 },
    outliers: {
      consecutiveFailures: 3,
      failurePercent: 80,
      minCalls: 10,
      intervalMs: 1_000,
      ejectionMs: 2_000,
      maxEjectionMs: 60_000,
      maxEjectedPercent: 20,
    },
  });
});

test("endpoints are asked how they are only where that is said, and taken out unless it is switched off", () => {
  assert.equal(upstreamOf("upstreams: [{ target: a:1 }]")?.endpoints.health, undefined);
  assert.deepEqual(upstreamOf("upstreams: [{ target: a:1, healthCheck: {} }]")?.endpoints.health, {});
  const off = upstreamOf(
    "upstreams: [{ target: a:1, healthCheck: { enabled: false }, outliers: { enabled: false } }]",
  );
  assert.deepEqual([off?.endpoints.health, off?.endpoints.outliers], [undefined, false]);
});

for (const [why, yaml, told] of [
  ["an empty list of targets", "target: []", "expected at least one entry"],
  [
    "a target that is none",
    "target: [a:1, b]",
    "expected host:port, http://host:port or https://host[:port]: no port given",
  ],
  ["TLS for some", "target: ['a:1', 'https://b:2']", "targets with TLS and without"],
  ["no connection", "target: a:1, connections: 0", "expected a whole number from 1 to 16"],
  ["half a connection", "target: a:1, connections: 1.5", "expected a whole number from 1 to 16"],
  [
    "a share of nothing",
    "target: a:1, outliers: { failurePercent: 0 }",
    "expected a whole number from 1 to 100",
  ],
  ["an unknown policy", "target: a:1, balancing: roundrobin", "did you mean `round_robin`?"],
  ["an unknown key", "target: a:1, healthChek: {}", "did you mean `healthCheck`?"],
] as const) {
  test(`${why} is refused with its place`, () => {
    const [problem = "", ...others] = problemsOf(`upstreams: [{ ${yaml} }]`);
    assert.ok(problem.includes(told), problem);
    assert.match(problem, /^1:\d+: /);
    assert.deepEqual(others, []);
  });
}
