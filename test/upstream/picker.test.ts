import assert from "node:assert/strict";
import { test } from "node:test";
import type { UnaryReply } from "../../src/rpc/call.ts";
import { Header } from "../../src/rpc/header.ts";
import { createBalancedHandler, createPicker } from "../../src/upstream/picker.ts";
import type { ChannelState, Upstream } from "../../src/upstream/upstream.ts";
import { callOf } from "../contract/transport.ts";

/** Upstreams named a, b, c …, whose states the test sets. */
function upstreamsIn(states: ChannelState[]): { upstreams: Upstream[]; connected: string[] } {
  const connected: string[] = [];
  const upstreams = states.map((_, index): Upstream => {
    const name = String.fromCharCode(97 + index);
    return {
      name,
      target: { host: name, port: 1, tls: false },
      transport: {
        invoke: async (): Promise<UnaryReply> => ({
          kind: "unary",
          header: Header.of([["x-from", name]]),
          message: new Uint8Array(),
          trailer: new Header(),
        }),
        status: () => ({ state: states[index] ?? "idle", sinceMs: 0 }),
        onStatus: () => () => {},
        connect: () => connected.push(name),
        close: async () => {},
      },
    };
  });
  return { upstreams, connected };
}

const rows: readonly [states: ChannelState[], picks: string, reason: string][] = [
  [["ready"], "aaa", "one upstream is always picked"],
  [["transient_failure"], "aaa", "whatever its state"],
  [["ready", "ready", "ready"], "abcabc", "those that are ready take turns"],
  [
    ["ready", "transient_failure", "ready"],
    "acacac",
    "one that is not gets no turn, nor does its neighbour get two",
  ],
  [["ready", "connecting", "idle"], "aaa", "ready ones before those that may become so"],
  [
    ["idle", "transient_failure", "connecting"],
    "acac",
    "those that may become ready before those that failed",
  ],
  [["transient_failure", "transient_failure"], "abab", "all, where all have failed"],
  [["shutdown", "transient_failure"], "bbb", "never a closed one where there is another"],
];
for (const [states, picks, reason] of rows) {
  test(`${states.join(", ")} → ${picks}: ${reason}`, () => {
    const picker = createPicker(upstreamsIn(states).upstreams);
    assert.equal(Array.from(picks, () => picker.pick().name).join(""), picks);
  });
}

test("a pick follows the states as they are", () => {
  const states: ChannelState[] = ["ready", "ready"];
  const picker = createPicker(upstreamsIn(states).upstreams);
  assert.equal(picker.pick().name, "a");
  states[1] = "transient_failure";
  assert.equal(picker.pick().name, "a");
  states[0] = "transient_failure";
  states[1] = "ready";
  assert.equal(picker.pick().name, "b");
});

test("an upstream that has gone idle is told to connect, so that it gets calls again", () => {
  const { upstreams, connected } = upstreamsIn(["ready", "idle"]);
  createPicker(upstreams).pick();
  assert.deepEqual(connected, ["b"]);
});

test("who lets no call through gets one only where all others are closed or refuse too", () => {
  const states: ChannelState[] = ["ready", "transient_failure", "shutdown"];
  const refusing = new Set<string>();
  const choices = upstreamsIn(states).upstreams.map((upstream) => ({
    ...upstream,
    admits: () => !refusing.has(upstream.name),
  }));
  const picker = createPicker(choices);
  const picks = () => Array.from("...", () => picker.pick().name).join("");
  assert.equal(picks(), "aaa");
  refusing.add("a");
  assert.equal(picks(), "bbb", "a channel that failed may be back");
  refusing.add("b").add("c");
  assert.equal(new Set(picks()).has("c"), false, "a closed one never");
  assert.deepEqual(new Set(picks()), new Set(["a", "b"]));
  refusing.delete("a");
  assert.equal(picks(), "aaa", "as soon as it lets calls through again");
});

test("a picker of nothing is a mistake of ours", () => {
  assert.throws(() => createPicker([]), /needs an upstream/);
  assert.throws(() => createBalancedHandler([]), /needs an upstream/);
});

test("a balanced handler sends each call to the one whose turn it is", async () => {
  const handler = createBalancedHandler(upstreamsIn(["ready", "ready"]).upstreams);
  const from = async () => (await handler(callOf("unary"))).header.get("x-from");
  assert.deepEqual([await from(), await from(), await from()], ["a", "b", "a"]);
});

test("over one upstream it is the upstream's own handler", () => {
  const { upstreams } = upstreamsIn(["ready"]);
  assert.equal(createBalancedHandler(upstreams), upstreams[0]?.transport.invoke);
});
