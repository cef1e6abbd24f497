// A backend of so many workers that take one call after another, under an adaptive limit without a queue, in simulated
// time: what the limit learns is a matter of arithmetic, not of the machine's mood.
import { AdaptiveLimit } from "../../../src/pipeline/concurrency/adaptive-limit.ts";

export interface Load {
  readonly workers: number;
  /** Time that a worker spends on a call. */
  readonly serviceMs: (random: () => number) => number;
  /** Calls offered a second, at random times. */
  readonly perSecond: number;
  readonly forMs: number;
  /** Who has waited so long is gone, though the backend works for him all the same. Default: nobody goes. */
  readonly deadlineMs?: number;
  /** Share of calls that fail at once for reasons of their own. Default 0. */
  readonly failureRatio?: number;
}

export interface Second {
  readonly limit: number;
  /** Answers in time, as a share of what the workers can do. */
  readonly goodput: number;
}

interface Running {
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: "answered" | "dropped" | "late";
}

/** Small, quick and the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A backend that keeps its queue from one load to the next. */
export class SimulatedBackend {
  readonly limit: AdaptiveLimit;
  readonly #random: () => number;
  #nowMs = 0;
  #workersFreeMs: number[] = [];
  #running: Running[] = [];

  constructor(max: number, seed: number) {
    this.limit = new AdaptiveLimit(max);
    this.#random = createRandom(seed);
  }

  /** One entry for each second of the load. */
  run(load: Load): Second[] {
    const seconds: Second[] = [];
    const untilMs = this.#nowMs + load.forMs;
    while (this.#workersFreeMs.length > load.workers) this.#workersFreeMs.pop();
    while (this.#workersFreeMs.length < load.workers) this.#workersFreeMs.push(this.#nowMs);
    let meanMs = 0;
    for (let i = 0; i < 1000; i++) meanMs += load.serviceMs(this.#random) / 1000;
    let inTime = 0;
    let secondEndsMs = this.#nowMs + 1000;
    while (this.#nowMs < untilMs) {
      this.#nowMs += (-Math.log(1 - this.#random()) * 1000) / load.perSecond;
      inTime += this.#endBefore(this.#nowMs);
      while (this.#nowMs >= secondEndsMs) {
        const capacity = (load.workers * 1000) / meanMs;
        seconds.push({ limit: this.limit.limit, goodput: inTime / capacity });
        inTime = 0;
        secondEndsMs += 1000;
      }
      if (this.#running.length < this.limit.limit) this.#start(load);
    }
    return seconds;
  }

  #start(load: Load): void {
    this.limit.begin(this.#running.length + 1);
    const startMs = this.#nowMs;
    if (this.#random() < (load.failureRatio ?? 0)) {
      this.#insert({ startMs, endMs: startMs + 1, outcome: "dropped" });
      return;
    }
    const free = this.#workersFreeMs.reduce(
      (least, atMs, i, all) => (atMs < (all[least] as number) ? i : least),
      0,
    );
    const doneMs = Math.max(this.#workersFreeMs[free] as number, startMs) + load.serviceMs(this.#random);
    this.#workersFreeMs[free] = doneMs;
    const goneMs = startMs + (load.deadlineMs ?? Number.POSITIVE_INFINITY);
    this.#insert(
      doneMs <= goneMs
        ? { startMs, endMs: doneMs, outcome: "answered" }
        : { startMs, endMs: goneMs, outcome: "late" },
    );
  }

  #insert(call: Running): void {
    let at = this.#running.length;
    while (at > 0 && (this.#running[at - 1] as Running).endMs > call.endMs) at--;
    this.#running.splice(at, 0, call);
  }

  #endBefore(nowMs: number): number {
    let inTime = 0;
    for (
      let first = this.#running[0];
      first !== undefined && first.endMs <= nowMs;
      first = this.#running[0]
    ) {
      this.#running.shift();
      this.limit.end(first.startMs, first.endMs, first.outcome);
      if (first.outcome === "answered") inTime++;
    }
    return inTime;
  }
}
