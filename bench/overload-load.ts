// Offers calls at a rate, whatever becomes of them, and prints what became of them as JSON. A process of its own. Time
// counts from when a call was due, so that a client that is late itself hides nothing. Calls are Connect's, over HTTP/2.
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";

/** What became of the calls that were due in the measured time. */
export interface LoadResult {
  readonly offered: number;
  /** Answered before their deadline. */
  readonly inTime: number;
  /** Refused by the gateway, at once or nearly: RESOURCE_EXHAUSTED. */
  readonly refused: number;
  /** Of answers in time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [url = "", path = "", ...numbers] = process.argv.slice(2);
const [perSecond = 0, deadlineMs = 0, warmUpMs = 0, measuredMs = 0] = numbers.map(Number);
/** Enough that no limit on streams of one connection is reached. */
const sessions: ClientHttp2Session[] = Array.from({ length: 32 }, () => connect(url));

let offered = 0;
let refused = 0;
const tookMs: number[] = [];

function call(session: ClientHttp2Session, dueMs: number, isMeasured: boolean): Promise<void> {
  const leftMs = Math.max(1, Math.floor(dueMs + deadlineMs - performance.now()));
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/proto",
    "connect-timeout-ms": String(leftMs),
  });
  let httpStatus = 0;
  stream.on("response", (header) => {
    httpStatus = Number(header[":status"]);
  });
  stream.on("error", () => {});
  stream.resume();
  stream.end();
  return new Promise((resolve) => {
    stream.on("close", () => {
      const ms = performance.now() - dueMs;
      if (isMeasured && httpStatus === 429) refused++;
      if (isMeasured && httpStatus === 200 && ms <= deadlineMs) tookMs.push(ms);
      resolve();
    });
  });
}

const startMs = performance.now();
const endMs = startMs + warmUpMs + measuredMs;
const calls = new Set<Promise<void>>();
let number = 0;
for (let dueMs = startMs; dueMs < endMs; ) {
  const aheadMs = dueMs - performance.now();
  if (aheadMs > 1) await sleep(aheadMs);
  const session = sessions[number++ % sessions.length] as ClientHttp2Session;
  const isMeasured = dueMs >= startMs + warmUpMs;
  if (isMeasured) offered++;
  const ended = call(session, dueMs, isMeasured);
  calls.add(ended);
  void ended.then(() => calls.delete(ended));
  // Calls of many clients come at random times.
  dueMs += (-Math.log(1 - Math.random()) * 1000) / perSecond;
}
await Promise.all(calls);
for (const session of sessions) session.destroy();

tookMs.sort((a, b) => a - b);
const at = (ratio: number): number => tookMs[Math.floor(tookMs.length * ratio)] ?? 0;
const result: LoadResult = { offered, inTime: tookMs.length, refused, p50Ms: at(0.5), p99Ms: at(0.99) };
console.log(JSON.stringify(result));
