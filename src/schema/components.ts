// Strongly connected components of a directed graph, in an order where what a component points to comes before it.
// Source: Tarjan, "Depth-first search and linear graph algorithms" (1972); iterative, as graphs come from outside.

/**
 * @param edges the nodes that a node points to; those that are not in `nodes` are passed over
 * @returns groups of nodes that reach each other, dependencies first; a node in no cycle is a group of one
 */
export function connectedComponents<N>(nodes: Iterable<N>, edges: (node: N) => Iterable<N>): N[][] {
  const all = new Set(nodes);
  const order = new Map<N, { index: number; low: number; open: boolean }>();
  const open: N[] = [];
  const components: N[][] = [];

  for (const root of all) {
    if (order.has(root)) continue;
    const path: { node: N; rest: Iterator<N> }[] = [];
    const enter = (node: N): void => {
      order.set(node, { index: order.size, low: order.size, open: true });
      open.push(node);
      path.push({ node, rest: edges(node)[Symbol.iterator]() });
    };
    enter(root);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const mark = order.get(step.node);
      const next = step.rest.next();
      if (mark === undefined) break;
      if (next.done !== true) {
        const seen = order.get(next.value);
        if (seen === undefined) {
          if (all.has(next.value)) enter(next.value);
        } else if (seen.open) mark.low = Math.min(mark.low, seen.index);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      const parentMark = parent && order.get(parent.node);
      if (parentMark !== undefined) parentMark.low = Math.min(parentMark.low, mark.low);
      if (mark.low === mark.index) components.push(closeComponent(step.node, open, order));
    }
  }
  return components;
}

function closeComponent<N>(root: N, open: N[], order: ReadonlyMap<N, { open: boolean }>): N[] {
  const component: N[] = [];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const mark = order.get(node);
    if (mark !== undefined) mark.open = false;
    component.push(node);
    if (node === root) break;
  }
  return component;
}
