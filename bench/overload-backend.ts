// The backend of the overload figures, a process of its own: so many workers, so long for each call, and a queue that
// knows no deadline, as most have: what has been accepted is done, wanted or not.
import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";

const [workerCount = 1, serviceMs = 1] = process.argv.slice(2).map(Number);

/** When each worker is done with what it has. */
const freeAtMs = new Array<number>(workerCount).fill(0);

/** Each call goes to the worker that is free first; an accepted call cannot be taken back. */
function work(_call: unknown, reply: sendUnaryData<Buffer>): void {
  let first = 0;
  for (let i = 1; i < workerCount; i++) if ((freeAtMs[i] ?? 0) < (freeAtMs[first] ?? 0)) first = i;
  const nowMs = performance.now();
  // From when it is done with the last one, not from when a timer says so: the capacity is exact.
  const doneMs = Math.max(nowMs, freeAtMs[first] ?? 0) + serviceMs;
  freeAtMs[first] = doneMs;
  setTimeout(() => reply(null, Buffer.alloc(0)), doneMs - nowMs);
}

const same = (bytes: Buffer): Buffer => bytes;
const method = (name: string) => ({
  path: `/bench.overload.v1.Overload/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const server = new Server();
server.addService(
  { unlimited: method("Unlimited"), adaptive: method("Adaptive") },
  { unlimited: work, adaptive: work },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
process.on("SIGTERM", () => process.exit(0));
