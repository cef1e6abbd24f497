// Limits that all gateways count together, in Redis. Whatever Redis does, a call is told within the timeout; where it is
// known to be dead, at once. Source: protos/protogate/v1/options.proto (SHARED).
import { createDeniedKeys } from "./denied-keys.ts";
import { type LimitRule, type LimitStore, StoreUnavailable, type Verdict } from "./limit-store.ts";
import { openRedisLink, type RedisTls } from "./redis-link.ts";
import { formatScriptArguments, parseScriptReply, scriptOf } from "./redis-scripts.ts";
import { parseRedisUrl } from "./redis-url.ts";
import { asUnavailable, createStoreCircuit, type StoreCircuit } from "./store-circuit.ts";
import { formatSiblingKey, formatStoreKey } from "./store-key.ts";

export interface RedisStoreOptions {
  /** `redis://user:password@host:port/db`, `rediss://` over TLS; several are nodes of one Redis Cluster. */
  readonly urls: readonly string[];
  /** The longest that a call waits for a verdict. Default: 50. */
  readonly timeoutMs?: number;
  /** Told of each change once, and of what is known first. May come for each node of a cluster. */
  readonly onState?: (state: StoreState) => void;
  /** For `rediss://`. Default: the authorities of the system. */
  readonly tls?: RedisTls;
  /** Begins all names of keys. Default: `protogate`. */
  readonly keyPrefix?: string;
  /** Keys that are denied without asking until their time comes. Default: 10 000. */
  readonly maxDeniedKeys?: number;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
}

export interface StoreState {
  /** `host:port` of the Redis; of a cluster also `cluster`, for all of it. */
  readonly node: string;
  readonly available: boolean;
  /** Why it is not. */
  readonly reason: string | undefined;
}

export interface RedisStore extends LimitStore {
  /** What is known of each node now; none of a node that nobody has asked yet. */
  states(): readonly StoreState[];
}

const defaultStoreTimeoutMs = 50;

/** What a probe takes from: it is always there, and is written. */
const probeRule: LimitRule = { algorithm: "token_bucket", requests: 1e6, perMs: 1_000, burst: 1e6 };

/**
 * Connects in the background; until there is a connection `take` fails at once.
 * @throws TypeError where a URL is none of a Redis
 */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { urls, timeoutMs = defaultStoreTimeoutMs, onState, keyPrefix = "protogate" } = options;
  const { maxDeniedKeys = 10_000, now = () => performance.now() } = options;
  const deniedKeys = createDeniedKeys(maxDeniedKeys, now);
  const circuits = new Map<string, StoreCircuit>();
  let closed = false;

  const link = openRedisLink({
    addresses: urls.map(parseRedisUrl),
    timeoutMs,
    tls: options.tls,
    onReady: (node) => circuitOf(node, firstKey).nudge(),
    onNodeReady: (node) => circuits.get(node)?.nudge(),
    onLost: (node, reason) => circuitOf(node, firstKey).trip(new StoreUnavailable(reason)),
    onGone: (node) => {
      circuits.get(node)?.close();
      circuits.delete(node);
    },
  });

  const ask = async (storeKey: string, rule: LimitRule, cost: number): Promise<Verdict> => {
    const args = formatScriptArguments(rule, cost);
    const reply = await within(timeoutMs, link.run(scriptOf(rule), storeKey, args));
    const verdict = parseScriptReply(reply, rule);
    if (!verdict) throw new StoreUnavailable("the answer is not one of the script's");
    return verdict;
  };

  const circuitOf = (node: string, storeKey: string): StoreCircuit => {
    const known = circuits.get(node);
    if (known) return known;
    const probeKey = formatSiblingKey(keyPrefix, storeKey);
    const circuit = createStoreCircuit({
      probe: async () => void (await ask(probeKey, probeRule, 1)),
      onChange: (available, reason) => onState?.({ node, available, reason }),
    });
    circuits.set(node, circuit);
    return circuit;
  };

  const take = async (circuit: StoreCircuit, storeKey: string, rule: LimitRule, cost: number) => {
    let verdict: Verdict;
    try {
      verdict = await ask(storeKey, rule, cost);
    } catch (reason) {
      const failure = asUnavailable(reason);
      circuit.fail(failure);
      throw failure;
    }
    circuit.succeed();
    if (!verdict.allowed) deniedKeys.remember(storeKey, cost, verdict);
    return verdict;
  };

  return {
    take(key, rule, cost) {
      const storeKey = formatStoreKey(keyPrefix, key, rule);
      const denied = deniedKeys.find(storeKey, rule, cost);
      if (denied) return denied;
      if (closed) return Promise.reject(new StoreUnavailable("the store is closed"));
      const circuit = circuitOf(link.nodeOf(storeKey), storeKey);
      if (circuit.refusal) return Promise.reject(circuit.refusal);
      // Nobody's failure: the first connection is still being made.
      if (!link.ready) return Promise.reject(new StoreUnavailable("there is no connection to Redis yet"));
      return take(circuit, storeKey, rule, cost);
    },
    states: () =>
      [...circuits].flatMap(([node, { available, refusal }]) =>
        available === undefined ? [] : { node, available, reason: refusal?.message },
      ),
    async close() {
      closed = true;
      for (const circuit of circuits.values()) circuit.close();
      link.close();
    },
  };
}

/** Names what is asked of a node before anybody has asked for a key. */
const firstKey = "{protogate}";

function within<T>(timeoutMs: number, pending: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onTime = (): void =>
      reject(new StoreUnavailable(`Redis has not answered within ${timeoutMs} milliseconds`));
    // Where the process itself was busy, the answer may be in the socket: it is read before the immediate is run.
    const timer = setTimeout(() => setImmediate(onTime), timeoutMs);
    pending.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (reason: unknown) => {
        clearTimeout(timer);
        reject(reason);
      },
    );
  });
}
