// The connection to one Redis or to a Redis Cluster, set up so that nothing waits in it: no queue while there is no
// connection, no second attempt of a command, nothing sent again after a reconnect (it would count twice).
// Source: ioredis 6 (RedisOptions, ClusterOptions).
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { guardIoredis } from "./guard-ioredis.ts";
import { hashSlot } from "./hash-slot.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { formatRedisAddress, type RedisAddress } from "./redis-url.ts";

/** PEM texts, where the system's authorities are not enough or the server wants a certificate. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface RedisLink {
  /** The name of what has the key: an address, or `cluster` while it is not known who in it. */
  nodeOf(storeKey: string): string;
  /** Whether there is a connection. */
  readonly ready: boolean;
  /** Runs it on one key; rejects at once where there is no connection. */
  run(script: RedisScript, storeKey: string, args: readonly string[]): Promise<unknown>;
  close(): void;
}

export interface RedisLinkOptions {
  /** One is a Redis, several are nodes of a cluster. At least one. */
  readonly addresses: readonly RedisAddress[];
  readonly timeoutMs: number;
  readonly tls: RedisTls | undefined;
  /** There is a connection to the Redis, or to the cluster. */
  readonly onReady: (node: string) => void;
  /** There is a connection to a node of the cluster. */
  readonly onNodeReady: (node: string) => void;
  readonly onLost: (node: string, reason: string) => void;
  /** It is no longer in the cluster. */
  readonly onGone: (node: string) => void;
}

const wholeCluster = "cluster";
/** A backstop: the store's own timeout is shorter. It is what ends a handshake with a server that says nothing. */
const handshakeMs = 2_000;
/** A socket that has been silent for so long, with questions open, is given up. */
const silenceMs = 5_000;

export function openRedisLink(options: RedisLinkOptions): RedisLink {
  guardIoredis();
  const [address, ...others] = options.addresses;
  if (address === undefined) throw new TypeError("a Redis store needs a URL");
  return others.length === 0 ? openSingle(address, options) : openCluster([address, ...others], options);
}

function openSingle(address: RedisAddress, options: RedisLinkOptions): RedisLink {
  const node = formatRedisAddress(address);
  const client = new Redis({
    ...commonOptions(address, options),
    host: address.host,
    port: address.port,
    db: address.db,
    enableOfflineQueue: false,
    retryStrategy: reconnectMs,
  });
  let lastError = "the connection was closed";
  client.on("error", (error: Error) => {
    lastError = error.message;
  });
  client.on("close", () => options.onLost(node, lastError));
  client.on("ready", () => options.onReady(node));
  return {
    nodeOf: () => node,
    get ready() {
      return client.status === "ready";
    },
    run: (script, storeKey, args) => runScript(client, script, storeKey, args),
    close: () => client.disconnect(),
  };
}

function openCluster(addresses: readonly RedisAddress[], options: RedisLinkOptions): RedisLink {
  const [first] = addresses;
  if (first === undefined || addresses.some(({ db }) => db !== 0)) {
    throw new TypeError("a Redis Cluster has no databases but 0");
  }
  const cluster = new Cluster(
    addresses.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: commonOptions(first, options),
      enableOfflineQueue: false,
      maxRedirections: 4,
      // A retry is nothing to wait for: whoever asks has another way to go on.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: 0,
      clusterRetryStrategy: reconnectMs,
      clusterNodeRetryStrategy: reconnectMs,
      slotsRefreshTimeout: handshakeMs,
      // By a timer of ours, below: its own begins anew where the cluster is closed while it asks, and then never ends.
      slotsRefreshInterval: 0,
      // Names stay names, or their certificates would not match.
      ...(first.tls && {
        dnsLookup: (host: string, done: (error: null, address: string) => void) => done(null, host),
      }),
    },
  );
  const refresh = setInterval(() => cluster.refreshSlotsCache(), silenceMs);
  refresh.unref();
  let lastError = "the connection was closed";
  cluster.on("error", (error: Error) => {
    lastError = error.message;
  });
  cluster.on("node error", (error: Error) => {
    lastError = error.message;
  });
  cluster.on("close", () => options.onLost(wholeCluster, lastError));
  cluster.on("ready", () => options.onReady(wholeCluster));
  cluster.on("+node", (node: Redis) => node.on("ready", () => options.onNodeReady(nameOf(node))));
  cluster.on("-node", (node: Redis) => options.onGone(nameOf(node)));
  return {
    nodeOf: (storeKey) =>
      (cluster.status === "ready" ? cluster.slots[hashSlot(storeKey)]?.[0] : undefined) ?? wholeCluster,
    get ready() {
      return cluster.status === "ready";
    },
    run: (script, storeKey, args) => runScript(cluster, script, storeKey, args),
    close() {
      clearInterval(refresh);
      cluster.disconnect();
    },
  };
}

function commonOptions(address: RedisAddress, { timeoutMs, tls }: RedisLinkOptions) {
  const { username, password } = address;
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(address.tls && { tls: { ...tls } }),
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: Math.max(handshakeMs, 2 * timeoutMs),
    connectTimeout: handshakeMs,
    socketTimeout: Math.max(silenceMs, 2 * timeoutMs),
    disableClientInfo: true,
    // After a failover the old master is a replica: a new connection finds the new one by the same name.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
}

/** By the script's hash; by its text where the server does not have it (a new server, SCRIPT FLUSH). */
async function runScript(
  client: Redis | Cluster,
  { sha, lua }: RedisScript,
  storeKey: string,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, 1, storeKey, ...args);
  } catch (reason) {
    if (!(reason instanceof Error) || !reason.message.startsWith("NOSCRIPT")) throw reason;
    return client.eval(lua, 1, storeKey, ...args);
  }
}

function reconnectMs(attempts: number): number {
  return Math.min(50 * 2 ** Math.min(attempts - 1, 6), 2_000) * (0.75 + Math.random() / 2);
}

function nameOf(node: Redis): string {
  return `${node.options.host}:${node.options.port}`;
}
