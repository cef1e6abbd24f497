// The circuit breakers of a gateway: one for each method and upstream, so that an upstream that fails loses its calls to
// the others. They stand below the choice among upstreams, and a retry above both may go to another one.
// Source: protos/protogate/v1/options.proto (CircuitBreakerPolicy).
import { createCircuitBreaker } from "../pipeline/circuit-breaker/circuit-breaker.ts";
import { createCircuitBreakers } from "../pipeline/circuit-breaker/registry.ts";
import type { CircuitBreakerPolicy } from "../pipeline/flow-policy.ts";
import type { Logger } from "../rpc/logger.ts";
import type { Choice } from "../upstream/picker.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { PolicyStateView } from "./route-table-view.ts";

/** Methods are named by their paths, upstreams by their names. */
export interface UpstreamCircuits {
  /** Each upstream of a method behind its circuit. */
  guard(path: string, policy: CircuitBreakerPolicy, upstreams: readonly Upstream[]): readonly Choice[];
  /** For people; empty where the method has none. */
  stateOf(path: string, upstreams: readonly string[]): readonly PolicyStateView[];
  /** Forgets all circuits but those of these methods at these upstreams. */
  retain(used: Iterable<readonly [path: string, upstreams: readonly string[]]>): void;
}

export function createUpstreamCircuits(logger: Logger): UpstreamCircuits {
  const circuits = createCircuitBreakers({
    report: (key, change) => {
      const [upstream, method] = key.split(" ");
      logger.warn("circuit breaker", { upstream, method, ...change });
    },
  });
  return {
    guard: (path, policy, upstreams) =>
      upstreams.map(({ name, transport }) => {
        const key = keyOf(name, path);
        const breaker = createCircuitBreaker({ policy, scopeKey: key, registry: circuits });
        return {
          transport: {
            invoke: breaker(transport.invoke),
            status: () => transport.status(),
            connect: () => transport.connect(),
          },
          admits: () => circuits.admits(key),
        };
      }),
    stateOf: (path, upstreams) =>
      upstreams.flatMap((name) => {
        const circuit = circuits.view(keyOf(name, path));
        if (circuit === undefined) return [];
        const value = `${circuit.state}, ${circuit.failures} of ${circuit.calls} failed`;
        return [{ key: "circuitBreaker", value: upstreams.length > 1 ? `${name}: ${value}` : value }];
      }),
    retain(used) {
      const keys = new Set<string>();
      for (const [path, upstreams] of used) for (const name of upstreams) keys.add(keyOf(name, path));
      circuits.retain(keys);
    },
  };
}

/** Neither name has a space in it. */
function keyOf(upstream: string, path: string): string {
  return `${upstream} ${path}`;
}
