// What a health check says for each state that upstreams and gateway can be in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ServiceHealthInput, serviceHealth } from "../../src/gateway/service-health.ts";
import type { HealthStatus } from "../../src/service/health-service.ts";
import type { ChannelState, Upstream } from "../../src/upstream/upstream.ts";

function upstream(name: string, state: ChannelState, lastError?: string): [string, Upstream] {
  const status = { state, sinceMs: 0, ...(lastError !== undefined && { lastError }) };
  const transport = {
    invoke: () => Promise.reject(new Error("nobody calls")),
    status: () => status,
    onStatus: () => () => {},
    connect() {},
    close: async () => {},
  };
  return [name, { name, target: { host: "localhost", port: 1, tls: false }, transport }];
}

const fine: ServiceHealthInput = {
  upstreamsOf: new Map([
    ["demo.Library", ["a"]],
    ["demo.Both", ["a", "b"]],
  ]),
  upstreams: new Map([upstream("a", "ready"), upstream("b", "ready")]),
  ready: () => true,
  draining: false,
};
const withA = (state: ChannelState, lastError?: string): Partial<ServiceHealthInput> => ({
  upstreams: new Map([upstream("a", state, lastError), upstream("b", "ready")]),
});

const { upstreamsOf: _, ...schemaless } = fine;
const rows: readonly [why: string, service: string, input: Partial<ServiceHealthInput>, HealthStatus][] = [
  ["a connected upstream", "demo.Library", {}, "serving"],
  ["an idle channel connects with the first call", "demo.Library", withA("idle"), "serving"],
  ["a call waits for the first connection", "demo.Library", withA("connecting"), "serving"],
  ["a retry after a failure may fail again", "demo.Library", withA("connecting", "refused"), "not_serving"],
  ["idle after a failure", "demo.Library", withA("idle", "refused"), "not_serving"],
  ["a failing upstream", "demo.Library", withA("transient_failure", "refused"), "not_serving"],
  ["a failing upstream that says no more yet", "demo.Library", withA("transient_failure"), "not_serving"],
  ["a closed channel", "demo.Library", withA("shutdown"), "not_serving"],
  ["one of two upstreams is enough", "demo.Both", withA("transient_failure"), "serving"],
  ["an upstream that nobody knows", "demo.Library", { upstreams: new Map() }, "not_serving"],
  ["a service of no schema", "demo.Nothing", {}, "unknown_service"],
  ["a name that every object has", "__proto__", {}, "unknown_service"],
  ["an unknown service while draining", "demo.Nothing", { draining: true }, "unknown_service"],
  ["draining", "demo.Library", { draining: true }, "not_serving"],
  ["the gateway is ready", "", {}, "serving"],
  ["the gateway is not ready", "", { ready: () => false }, "not_serving"],
  ["the gateway drains", "", { draining: true }, "not_serving"],
  ["reflection needs no upstream", "grpc.reflection.v1.ServerReflection", { ready: () => false }, "serving"],
  ["the health service while draining", "grpc.health.v1.Health", { draining: true }, "not_serving"],
];
for (const [why, service, input, status] of rows) {
  test(`${service === "" ? "the gateway" : service} is ${status}: ${why}`, () => {
    assert.equal(serviceHealth(service, { ...fine, ...input }), status);
  });
}

test("before the first schema every backend's service is unknown", () => {
  assert.equal(serviceHealth("demo.Library", schemaless), "unknown_service");
  assert.equal(serviceHealth("", { ...schemaless, ready: () => false }), "not_serving");
});
