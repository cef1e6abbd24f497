// Each sentence of /readyz. What a channel says is an input here; that real channels say so is proved in test/app.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeReadiness } from "../../src/gateway/judge-readiness.ts";
import type { Readiness } from "../../src/gateway/readiness.ts";
import type { Snapshot } from "../../src/gateway/snapshot.ts";
import { initialState, nextState, type SourceState } from "../../src/gateway/source-state.ts";
import type { ChannelState, Upstream } from "../../src/upstream/upstream.ts";
import { failure, reading, ScriptedSource } from "./gateway-fixture.ts";

function upstream(state: ChannelState, lastError?: string): Upstream {
  const status = { state, sinceMs: 0, ...(lastError !== undefined && { lastError }) };
  const transport = {
    invoke: () => Promise.reject(new Error("nobody calls")),
    status: () => status,
    onStatus: () => () => {},
    connect() {},
    close: async () => {},
  };
  return { name: "library", target: { host: "localhost", port: 50051, tls: false }, transport };
}

const unread = initialState(new ScriptedSource("reflection of library", ["library"]));
const overlay = initialState(new ScriptedSource("overlay", []));
const refused = failure({ place: "upstream library", message: "refused" });
const good = nextState(unread, reading([]));
/** Only that there is one is asked. */
const snapshot = {} as Snapshot;

type Input = Parameters<typeof judgeReadiness>[0];
const fine: Input = {
  snapshot,
  states: [good],
  upstreams: [upstream("ready")],
  required: new Set(["library"]),
  draining: false,
  refused: [],
  stale: [],
};

const place = "upstream library (localhost:50051)";
const shadow = { place: "a.proto:3", message: "is shadowed" };
const rows: readonly [
  why: string,
  input: Partial<Input>,
  missing: readonly string[],
  warnings: readonly string[],
][] = [
  ["all is well", {}, [], []],
  ["an idle channel can connect as far as anyone knows", { upstreams: [upstream("idle")] }, [], []],
  ["draining", { draining: true }, ["the gateway is draining"], []],
  ["no snapshot", { snapshot: undefined }, ["no schema has been read yet"], []],
  [
    "the first schema was refused",
    { snapshot: undefined, refused: [shadow] },
    ["a.proto:3: is shadowed"],
    [],
  ],
  ["a later schema was refused, the old one serves", { refused: [shadow] }, [], ["a.proto:3: is shadowed"]],
  [
    "a service config is broken, its old rules serve",
    { stale: [{ place: "api.yaml:4:7", message: "no such field" }] },
    [],
    ["service config is stale: api.yaml:4:7: no such field"],
  ],
  [
    "a broken service config does not hide that there is no schema",
    { snapshot: undefined, stale: [{ place: "api.yaml", message: "gone" }] },
    ["no schema has been read yet"],
    ["service config is stale: api.yaml: gone"],
  ],
  ["a channel that connects", { upstreams: [upstream("connecting")] }, [`${place}: still connecting`], []],
  [
    "a channel that connects again",
    { upstreams: [upstream("connecting", "connection refused")] },
    [`${place}: connection refused`],
    [],
  ],
  [
    "a backend that is not there",
    { upstreams: [upstream("transient_failure", "connection refused")] },
    [`${place}: connection refused`],
    [],
  ],
  [
    "a backend that is not there, nobody knows why",
    { upstreams: [upstream("transient_failure")] },
    [`${place}: transient_failure`],
    [],
  ],
  [
    "a backend that may be missing",
    { upstreams: [upstream("transient_failure", "connection refused")], required: new Set() },
    [],
    [`${place}: connection refused`],
  ],
  ["a source that was not read yet", { states: [unread] }, ["reflection of library: not read yet"], []],
  [
    "a source that could not be read",
    { states: [nextState(unread, refused)] },
    ["reflection of library: upstream library: refused"],
    [],
  ],
  [
    "a source of a backend that may be missing",
    { states: [nextState(unread, refused)], required: new Set() },
    [],
    ["reflection of library: upstream library: refused"],
  ],
  [
    "an overlay concerns everybody",
    { states: [good, overlay], required: new Set() },
    ["overlay: not read yet"],
    [],
  ],
  [
    "a source that fails after it was read",
    { states: [nextState(good, refused)] },
    [],
    ["reflection of library is stale: upstream library: refused"],
  ],
];
for (const [why, input, missing, warnings] of rows) {
  test(`${missing.length === 0 ? "ready" : "not ready"}: ${why}`, () => {
    const want: Readiness = { ready: missing.length === 0, missing, warnings };
    assert.deepEqual(judgeReadiness({ ...fine, ...input }), want);
  });
}

test("what is missing and what is worth knowing stand side by side, in order", () => {
  const states: SourceState[] = [unread, nextState(good, refused)];
  const readiness = judgeReadiness({ ...fine, states, draining: true, refused: [shadow] });
  assert.deepEqual(readiness.missing, ["the gateway is draining", "reflection of library: not read yet"]);
  assert.equal(readiness.warnings.length, 2);
});
