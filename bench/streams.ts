// `npm run bench:streams`: memory of the gateway process under one large stream each way, and for each of many idle ones,
// for every protocol that carries streams. Each figure is of a fresh gateway. Linux only: it reads /proc.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { restClients } from "../test/contract/streams/rest-clients.ts";
import { rpcClients } from "../test/contract/streams/rpc-clients.ts";
import { type ClientCall, readAll, type StreamClient } from "../test/contract/streams/stream-client.ts";
import { descriptorSet, item } from "../test/contract/streams/stream-schema.ts";
import { webSocketClients } from "../test/contract/streams/websocket-client.ts";
import type { ListeningProcess } from "../test/matrix/process.ts";
import { memoryBytesOf, peakMemoryBytesOf } from "./process-accounting.ts";
import { startNodeBackend, startProtogate } from "./start-protogate.ts";

const usage = `npm run bench:streams -- [options]
  --quick          64 MB and 200 streams: whether it works, not what it says
  --megabytes N    of one stream, default 1024
  --idle N         streams that rest, default 2000
  --only TEXT      clients whose name has it, such as gRPC`;

/** What a service sends that has much to say: one message is neither a packet nor a file. */
const messageBytes = 64 * 1024;
/** Collects garbage when told to, so that what is measured is held. */
const collectOnSignal = 'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())';

interface Figures {
  readonly name: string;
  readonly down: string;
  readonly up: string;
  readonly idle: string;
}

interface Sizes {
  readonly messageCount: number;
  readonly idleCount: number;
}

type StartGateway = () => Promise<ListeningProcess>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      megabytes: { type: "string" },
      idle: { type: "string" },
      only: { type: "string", default: "" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const megabytes = Number(values.megabytes ?? (values.quick ? 64 : 1024));
  const idleCount = Number(values.idle ?? (values.quick ? 200 : 2000));
  const sizes = { messageCount: Math.ceil((megabytes * 2 ** 20) / messageBytes), idleCount };
  const folder = mkdtempSync(join(tmpdir(), "protogate-bench-"));
  const set = join(folder, "streams.binpb");
  writeFileSync(set, descriptorSet);
  const backend = await startNodeBackend("stream-backend.ts");
  const nodeFlags = ["--expose-gc", "--import", collectOnSignal];
  const start: StartGateway = () => startProtogate(backend.address, ["--descriptor-set", set], nodeFlags);
  try {
    const rows: Figures[] = [];
    const clients = [...rpcClients, ...webSocketClients, ...restClients];
    for (const client of clients.filter(({ name }) => name.includes(values.only))) {
      console.error(client.name);
      rows.push(await measureClient(client, start, sizes));
    }
    console.log(`node ${process.version}; ${megabytes} MB in messages of 64 KiB; ${idleCount} idle streams`);
    console.table(rows);
  } finally {
    await backend.stop("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureClient(client: StreamClient, start: StartGateway, sizes: Sizes): Promise<Figures> {
  return {
    name: client.name,
    down: await measureStream(start, (url) => receive(client, url, sizes.messageCount)),
    up: client.directions.includes("up")
      ? await measureStream(start, (url) => send(client, url, sizes.messageCount))
      : "-",
    idle: await measureIdle(client, start, sizes.idleCount),
  };
}

/** `112 MB peak, 61 MB before, 21 s`. */
async function measureStream(start: StartGateway, run: (url: string) => Promise<void>): Promise<string> {
  const gateway = await start();
  try {
    const before = memoryBytesOf(gateway.pid);
    const startMs = performance.now();
    await run(gateway.address);
    const seconds = (performance.now() - startMs) / 1000;
    const peak = peakMemoryBytesOf(gateway.pid);
    return `${megabytesOf(peak)} MB peak, ${megabytesOf(before)} before, ${seconds.toFixed(0)} s`;
  } finally {
    await gateway.stop("SIGTERM");
  }
}

async function receive(client: StreamClient, url: string, count: number): Promise<void> {
  const header = { "x-count": String(count), "x-bytes": String(messageBytes) };
  const call = await client.open(url, "down", { header });
  let received = 0;
  while ((await call.next()) !== undefined) received++;
  check(received === count && call.outcome().code === 0, `${received} of ${count} messages came`);
}

async function send(client: StreamClient, url: string, count: number): Promise<void> {
  const call = await client.open(url, "up");
  const message = item(1, "x".repeat(messageBytes));
  for (let sent = 0; sent < count; sent++) await call.send(message);
  call.halfClose();
  const [reply] = await readAll(call);
  check(reply?.number === count, `the backend got ${reply?.number} of ${count} messages`);
}

/** `31.4 KB each`: what the process holds more, each stream on a connection of its own. */
async function measureIdle(client: StreamClient, start: StartGateway, count: number): Promise<string> {
  const gateway = await start();
  const calls: ClientCall[] = [];
  try {
    // What the first streams bring in (code, caches, the backend's connection) is nobody's.
    for (let i = 0; i < 50; i++) await openIdle(client, gateway.address, calls);
    const before = await heldMemory(gateway.pid);
    for (let i = 0; i < count; i++) await openIdle(client, gateway.address, calls);
    const after = await heldMemory(gateway.pid);
    return `${((after - before) / count / 1000).toFixed(1)} KB each`;
  } finally {
    for (const call of calls) call.cancel();
    await gateway.stop("SIGTERM");
  }
}

async function openIdle(client: StreamClient, url: string, calls: ClientCall[]): Promise<void> {
  const call = await client.open(url, "down");
  calls.push(call);
  check((await call.next())?.number === 1, "the first message did not come");
}

async function heldMemory(pid: number): Promise<number> {
  for (let round = 0; round < 3; round++) {
    process.kill(pid, "SIGUSR2");
    await sleep(300);
  }
  return memoryBytesOf(pid);
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function megabytesOf(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

await main();
