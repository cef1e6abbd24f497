// A Redis of a test's own: Debian's redis-server on a free port of 127.0.0.1, nothing kept on disk, gone with the test.
// Tests that need one are skipped, loudly, where it is not installed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** For `{ skip: redisMissing }`: false where there is one. */
export const redisMissing: string | false = findRedis();

export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:port` */
  readonly url: string;
  /** A plain client, for what a test wants to see or to break. Reconnects by itself. */
  readonly client: Redis;
  /** As a crash does: SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, empty. */
  restart(): Promise<void>;
  /** Stops the process without ending it: its port still takes connections. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** More of redis.conf, as arguments: `["--maxmemory", "2mb"]`. */
  readonly args?: readonly string[];
  readonly password?: string;
  /** Where plain TCP is off, the port speaks TLS by these files. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** @throws Error where it does not start */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), "protogate-redis-"));
  const { tls, password, args = [] } = options;
  const ports = tls
    ? ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"]
    : ["--port", String(port)];
  const files = tls
    ? ["--tls-cert-file", tls.cert, "--tls-key-file", tls.key, "--tls-ca-cert-file", tls.ca]
    : [];
  const command = [
    ...ports,
    ...files,
    ...(password === undefined ? [] : ["--requirepass", password]),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "no",
    "--enable-debug-command",
    "local",
    ...args,
  ];
  let child = await launch(command);
  const client = new Redis({
    host: "127.0.0.1",
    port,
    ...(password !== undefined && { password }),
    ...(tls && { tls: { rejectUnauthorized: false } }),
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  // It is killed on purpose, and the client says so each time.
  client.on("error", () => {});
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  return {
    port,
    url: `${tls ? "rediss" : "redis"}://127.0.0.1:${port}`,
    client,
    kill,
    async restart() {
      await kill();
      child = await launch(command);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async close() {
      client.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly urls: readonly string[];
  close(): Promise<void>;
}

/** Two masters, each with half of the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  for (const range of [
    [0, 8191],
    [8192, 16_383],
  ] as const) {
    const node = await startRedis({
      args: [
        "--cluster-enabled",
        "yes",
        "--cluster-announce-ip",
        "127.0.0.1",
        "--cluster-port",
        String(await findFreePort()),
        "--cluster-require-full-coverage",
        "no",
      ],
    });
    nodes.push(node);
    await node.client.call("CLUSTER", "SET-CONFIG-EPOCH", String(nodes.length));
    await node.client.call("CLUSTER", "ADDSLOTSRANGE", ...range.map(String));
  }
  const [first, second] = nodes;
  if (!first || !second) throw new Error("a cluster of two has two nodes");
  const busPort = await second.client.config("GET", "cluster-port");
  await first.client.call(
    "CLUSTER",
    "MEET",
    "127.0.0.1",
    String(second.port),
    String((busPort as string[])[1]),
  );
  for (const { client } of nodes) {
    for (;;) {
      const state = String(await client.call("CLUSTER", "INFO"));
      const known = state.includes("cluster_known_nodes:2") && state.includes("cluster_slots_ok:16384");
      if (known && state.includes("cluster_state:ok")) break;
      await sleep(50);
    }
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    async close() {
      for (const node of nodes) await node.close();
    },
  };
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  const killWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", killWithUs);
  child.once("exit", () => process.off("exit", killWithUs));
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const onText = (chunk: Buffer): void => {
      text += chunk;
      if (text.includes("Ready to accept connections")) resolve();
    };
    child.stdout.on("data", onText);
    child.stderr.on("data", onText);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server has not started:\n${text}`)));
  });
  child.stdout.removeAllListeners("data").resume();
  child.stderr.removeAllListeners("data").resume();
  return child;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function findRedis(): string | false {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    const reason =
      "redis-server is not installed, so NOTHING of shared limits is tested: apt-get install -y redis-server";
    process.stderr.write(`\n*** ${reason}\n\n`);
    return reason;
  }
}
