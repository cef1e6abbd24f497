// Which endpoint of an upstream gets a call, decided synchronously from a list that never changes; a change of state
// makes another picker. Sources: gRPC's round_robin (https://github.com/grpc/grpc/blob/master/doc/load-balancing.md);
// gRFC A48 (least_request: two choices at random, the one with fewer calls).
import type { ChannelState, EndpointHealth } from "./upstream.ts";

export type Balancing = "round_robin" | "least_request";

/** What a picker sees of an endpoint. */
export interface Candidate {
  readonly state: ChannelState;
  readonly health: EndpointHealth;
  readonly ejected: boolean;
  readonly inFlightCount: number;
}

/**
 * `send`: this endpoint is connected. `wait`: none is, but one may soon be. `fail`: none is expected to be; the call may
 * be sent to this one all the same, to fail with its reason or to find it back.
 */
export type Pick<T> =
  | { readonly kind: "send"; readonly endpoint: T }
  | { readonly kind: "wait" }
  | { readonly kind: "fail"; readonly endpoint: T };

export interface EndpointPicker<T> {
  pick(): Pick<T>;
}

export interface EndpointPickerOptions {
  /** Default `round_robin`. */
  readonly balancing?: Balancing;
  /** 0 to 1, `Math.random` by default. */
  readonly random?: () => number;
  /** Where round robin begins, so that a new picker does not begin with the same endpoint again. */
  readonly turn?: () => number;
}

/**
 * Lower is better. Health that is not known yet stands behind health that is. An endpoint that is out or says that it is
 * not serving gets calls where no connected one is better: then what speaks against it speaks against all.
 */
function rankOf({ health, ejected }: Candidate): number {
  return (health === "not_serving" ? 4 : 0) + (ejected ? 2 : 0) + (health === "unknown" ? 1 : 0);
}

const waiting: { readonly kind: "wait" } = { kind: "wait" };

/** @throws Error for an empty list */
export function createEndpointPicker<T extends Candidate>(
  endpoints: readonly T[],
  { balancing = "round_robin", random = Math.random, turn = createTurn() }: EndpointPickerOptions = {},
): EndpointPicker<T> {
  if (endpoints.length === 0) throw new Error("a picker needs an endpoint");
  const ready = endpoints.filter(({ state }) => state === "ready");
  if (ready.length > 0) {
    const best = Math.min(...ready.map(rankOf));
    const picks = ready
      .filter((endpoint) => rankOf(endpoint) === best)
      .map((endpoint): Pick<T> & { kind: "send" } => ({ kind: "send", endpoint }));
    return { pick: balancing === "least_request" ? pickLeast(picks, random) : pickTurn(picks, turn) };
  }
  if (endpoints.some(({ state }) => state === "idle" || state === "connecting")) {
    return { pick: () => waiting };
  }
  const picks = endpoints.map((endpoint): Pick<T> => ({ kind: "fail", endpoint }));
  return { pick: pickTurn(picks, turn) };
}

/** Counts from a number of its own, so that many gateways do not all begin with the first endpoint. */
export function createTurn(random: () => number = Math.random): () => number {
  let turn = Math.floor(random() * 0x3fff_ffff);
  return () => {
    turn = (turn + 1) & 0x3fff_ffff;
    return turn;
  };
}

function pickTurn<P>(picks: readonly P[], turn: () => number): () => P {
  return () => picks[turn() % picks.length] as P;
}

function pickLeast<P extends { readonly endpoint: Candidate }>(
  picks: readonly P[],
  random: () => number,
): () => P {
  const { length } = picks;
  if (length === 1) return () => picks[0] as P;
  return () => {
    const first = Math.floor(random() * length);
    // Two different ones: the second is drawn from the others.
    const second = (first + 1 + Math.floor(random() * (length - 1))) % length;
    const [a, b] = [picks[first] as P, picks[second] as P];
    return b.endpoint.inFlightCount < a.endpoint.inFlightCount ? b : a;
  };
}
