import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { connectedComponents } from "../../src/schema/components.ts";

test("what a node points to comes before it, and what reaches each other is one group", () => {
  const edges = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", ["b"]],
    ["d", []],
    ["e", ["a", "not a node"]],
  ]);
  const groups = connectedComponents(edges.keys(), (node) => edges.get(node) ?? []);
  assert.deepEqual(
    groups.map((group) => group.sort().join("")),
    ["d", "bc", "a", "e"],
  );
});

test("a chain of a hundred thousand nodes needs no deep stack", () => {
  const nodes = Array.from({ length: 100_000 }, (_, index) => index);
  const groups = connectedComponents(nodes, (node) => (node + 1 < nodes.length ? [node + 1] : []));
  assert.deepEqual(groups[0], [99_999]);
});

test("in any graph two nodes share a group exactly when each reaches the other, and edges point backwards", () => {
  const graph = fc.array(fc.array(fc.nat(11), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(graph, (targets) => {
      const edges = (node: number): number[] => targets[node] ?? [];
      const groups = connectedComponents(targets.keys(), edges);
      const place = new Map(groups.flatMap((group, index) => group.map((node) => [node, index] as const)));
      assert.equal(place.size, targets.length);
      const reaches = (from: number): Set<number> => {
        const seen = new Set<number>([from]);
        for (const node of seen) for (const next of edges(node)) if (next < targets.length) seen.add(next);
        return seen;
      };
      for (const a of targets.keys()) {
        for (const b of edges(a))
          if (b < targets.length) assert.ok((place.get(b) ?? 0) <= (place.get(a) ?? 0));
        for (const b of reaches(a)) assert.equal(place.get(a) === place.get(b), reaches(b).has(a));
      }
    }),
  );
});
