import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Balancing,
  type Candidate,
  createEndpointPicker,
  createTurn,
} from "../../src/upstream/endpoint-picker.ts";

const candidate: fc.Arbitrary<Candidate> = fc.record({
  state: fc.constantFrom("idle", "connecting", "ready", "transient_failure", "shutdown"),
  health: fc.constantFrom("unknown", "serving", "not_serving"),
  ejected: fc.boolean(),
  inFlightCount: fc.nat(5),
});
const balancings = fc.constantFrom<Balancing>("round_robin", "least_request");
const ready: Candidate = { state: "ready", health: "unknown", ejected: false, inFlightCount: 0 };

/** A random number that can be repeated; the fraction's low bits are good enough for a pick. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("a call is sent to a connected endpoint where there is one, and waits only where one may come", () => {
  fc.assert(
    fc.property(
      fc.array(candidate, { minLength: 1, maxLength: 8 }),
      balancings,
      fc.nat(),
      (all, balancing, seed) => {
        const picker = createEndpointPicker(all, { balancing, random: seeded(seed) });
        const picked = picker.pick();
        const states = all.map(({ state }) => state);
        if (states.includes("ready")) assert.equal(picked.kind, "send");
        else if (states.includes("idle") || states.includes("connecting")) assert.equal(picked.kind, "wait");
        else assert.equal(picked.kind, "fail");
        if (picked.kind === "send") assert.equal(picked.endpoint.state, "ready");
      },
    ),
  );
});

test("an endpoint that is out or unwell gets no call while a connected one is neither", () => {
  fc.assert(
    fc.property(
      fc.array(candidate, { minLength: 1, maxLength: 8 }),
      balancings,
      fc.nat(),
      (all, balancing, seed) => {
        const picker = createEndpointPicker(all, { balancing, random: seeded(seed) });
        const connected = all.filter(({ state }) => state === "ready");
        for (let i = 0; i < 20; i++) {
          const picked = picker.pick();
          if (picked.kind !== "send") return;
          if (picked.endpoint.ejected) {
            assert.ok(connected.every(({ ejected, health }) => ejected || health === "not_serving"));
          }
          if (picked.endpoint.health === "not_serving") {
            assert.ok(connected.every(({ health }) => health === "not_serving"));
          }
        }
      },
    ),
  );
});

test("round robin gives every endpoint its share, to one call", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(100), fc.nat(), (count, calls, seed) => {
      const all = Array.from({ length: count }, () => ({ ...ready, got: 0 }));
      const picker = createEndpointPicker(all, { turn: createTurn(seeded(seed)) });
      for (let i = 0; i < calls; i++) {
        const picked = picker.pick();
        if (picked.kind === "send") picked.endpoint.got++;
      }
      const got = all.map((endpoint) => endpoint.got);
      assert.ok(Math.max(...got) - Math.min(...got) <= 1, got.join());
    }),
  );
});

test("a new picker goes on where the last one stopped", () => {
  const all = [0, 1, 2].map((id) => ({ ...ready, id }));
  const turn = createTurn();
  const ids = Array.from({ length: 6 }, () => {
    const picked = createEndpointPicker(all, { turn }).pick();
    return picked.kind === "send" ? picked.endpoint.id : -1;
  });
  assert.deepEqual(ids.slice(0, 3).sort(), [0, 1, 2]);
  assert.deepEqual(ids.slice(3), ids.slice(0, 3));
});

test("least request never takes the busiest of three or more, and of two always the idler", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50), { minLength: 2, maxLength: 8 }), fc.nat(), (loads, seed) => {
      const all = loads.map((inFlightCount) => ({ ...ready, inFlightCount }));
      const picker = createEndpointPicker(all, { balancing: "least_request", random: seeded(seed) });
      for (let i = 0; i < 30; i++) {
        const picked = picker.pick();
        assert.ok(picked.kind === "send" && picked.endpoint.inFlightCount < Math.max(...loads));
        if (loads.length === 2) assert.equal(picked.endpoint.inFlightCount, Math.min(...loads));
      }
    }),
  );
});

test("least request keeps long calls even where round robin would pile them up", () => {
  const all = Array.from({ length: 10 }, () => ({ ...ready, inFlightCount: 0 }));
  const picker = createEndpointPicker(all, { balancing: "least_request", random: seeded(7) });
  for (let i = 0; i < 1000; i++) {
    const picked = picker.pick();
    if (picked.kind === "send") picked.endpoint.inFlightCount++;
  }
  const loads = all.map(({ inFlightCount }) => inFlightCount);
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 6, loads.join());
});

test("no endpoint at all is a mistake", () => {
  assert.throws(() => createEndpointPicker([]));
});
