// Which of several upstreams that serve the same method gets a call: round robin over the best of them, decided
// synchronously. Source: gRPC's round_robin policy (https://github.com/grpc/grpc/blob/master/doc/load-balancing.md).
import type { Handler } from "../rpc/call.ts";
import type { ChannelState, Upstream } from "./upstream.ts";

export interface Picker {
  pick(): Upstream;
}

/** Lower is better. A channel in transient failure still gets calls where there is no other: it may be back. */
const ranks: Readonly<Record<ChannelState, number>> = {
  ready: 0,
  idle: 1,
  connecting: 1,
  transient_failure: 2,
  shutdown: 3,
};

/**
 * A picker over upstreams that never change: those whose channel is ready take turns, else those that may become so,
 * else all that are not closed. An upstream that is found idle is told to connect, or it would never get a call beside
 * ready ones.
 * @throws Error for an empty list
 */
export function createPicker(upstreams: readonly Upstream[]): Picker {
  const [first] = upstreams;
  if (first === undefined) throw new Error("a picker needs an upstream");
  if (upstreams.length === 1) return { pick: () => first };
  let turn = 0;
  return {
    pick() {
      let best = Number.POSITIVE_INFINITY;
      let bestCount = 0;
      for (const { transport } of upstreams) {
        const { state } = transport.status();
        if (state === "idle") transport.connect();
        const rank = ranks[state];
        if (rank < best) [best, bestCount] = [rank, 1];
        else if (rank === best) bestCount++;
      }
      let skip = turn++ % bestCount;
      for (const upstream of upstreams) {
        if (ranks[upstream.transport.status().state] === best && skip-- === 0) return upstream;
      }
      return first;
    },
  };
}

/**
 * A handler that sends each call to the upstream whose turn it is. With one upstream it is that one's own handler.
 * @throws Error for an empty list
 */
export function createBalancedHandler(upstreams: readonly Upstream[]): Handler {
  const picker = createPicker(upstreams);
  const [first] = upstreams;
  if (upstreams.length === 1 && first !== undefined) return first.transport.invoke;
  return (call) => picker.pick().transport.invoke(call);
}
