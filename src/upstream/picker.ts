// Which of several upstreams that serve the same method gets a call: round robin over the best of them, decided
// synchronously. Source: gRPC's round_robin policy (https://github.com/grpc/grpc/blob/master/doc/load-balancing.md).
import type { Handler } from "../rpc/call.ts";
import type { ChannelState, Transport } from "./upstream.ts";

/** A way to the backends that serve a method: an upstream as it is, or behind what may refuse calls. */
export interface Choice {
  readonly transport: Pick<Transport, "invoke" | "status" | "connect">;
  /** Whether a call would be let through now, which takes nothing; absent = always. */
  admits?(): boolean;
}

export interface Picker<T extends Choice> {
  pick(): T;
}

/** Lower is better. A channel in transient failure still gets calls where there is no other: it may be back. */
const ranks: Readonly<Record<ChannelState, number>> = {
  ready: 0,
  idle: 1,
  connecting: 1,
  transient_failure: 2,
  shutdown: 4,
};
/** Who lets no call through is sure to refuse it, which is better only than being closed for good. */
const refusingRank = 3;

function rankOf(choice: Choice): number {
  const rank = ranks[choice.transport.status().state];
  return rank > refusingRank || choice.admits?.() !== false ? rank : refusingRank;
}

/**
 * A picker over upstreams that never change: of those that admit calls the ones whose channel is ready take turns, else
 * those that may become so, else all that are not closed. An upstream that is found idle is told to connect, or it would
 * never get a call beside ready ones.
 * @throws Error for an empty list
 */
export function createPicker<T extends Choice>(choices: readonly T[]): Picker<T> {
  const [first] = choices;
  if (first === undefined) throw new Error("a picker needs an upstream");
  if (choices.length === 1) return { pick: () => first };
  let turn = 0;
  return {
    pick() {
      let best = Number.POSITIVE_INFINITY;
      let bestCount = 0;
      for (const choice of choices) {
        const { transport } = choice;
        if (transport.status().state === "idle") transport.connect();
        const rank = rankOf(choice);
        if (rank < best) [best, bestCount] = [rank, 1];
        else if (rank === best) bestCount++;
      }
      let skip = turn++ % bestCount;
      for (const choice of choices) {
        if (rankOf(choice) === best && skip-- === 0) return choice;
      }
      return first;
    },
  };
}

/**
 * A handler that sends each call to the upstream whose turn it is. With one upstream it is that one's own handler.
 * @throws Error for an empty list
 */
export function createBalancedHandler(choices: readonly Choice[]): Handler {
  const picker = createPicker(choices);
  const [first] = choices;
  if (choices.length === 1 && first !== undefined) return first.transport.invoke;
  return (call) => picker.pick().transport.invoke(call);
}
