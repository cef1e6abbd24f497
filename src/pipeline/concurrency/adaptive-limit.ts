// Finds how many calls a backend carries at once, by what happens to their latency: while it is good there may be more,
// when it grows there are fewer. A gradient limit after Netflix's concurrency-limits (Gradient2Limit), without what its
// users found: its baseline is an average of whatever happens, so that under steady overload it follows the overload and
// the limit drifts to its maximum (issues 88, 134, 137); it grows by a queue allowance while latency is already bad
// (134); it counts failed calls as quick ones. Here the baseline is measured, at half of the calls that there were.
// Envoy's probe, which does the same at a fixed small number of calls, refuses most of the load meanwhile (envoy 46532).
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";

/** How a call ended, as far as it says something of the backend's load. */
export type Outcome =
  /** It took as long as it took. */
  | "answered"
  /** The backend could not take it. */
  | "dropped"
  /** Its deadline has passed. As bad, where a good call would have made it; a deadline that is too short says nothing. */
  | "late"
  /** Its client went. It would have taken at least as long as it did. */
  | "abandoned"
  /** It failed on the way or at once: how long that took says nothing. */
  | "other";

/** Latency may grow to this multiple of the baseline before there are fewer calls. */
const tolerance = 1.5;
/**
 * What a probe leaves of the calls. A baseline that was measured under load sets a limit that is too high by at most
 * `tolerance`; the next one is measured at half of that. Since 1.5 * 0.5 < 1, every probe comes closer to the truth.
 */
const probeRatio = 0.5;
/** Probes come after so many windows under load: often while they change the baseline, seldom while they confirm it. */
const probeEvery = { least: 8, most: 64 };
/** A limit that begins high floods a backend of which nothing is known; it doubles while all is well. */
const initialLimit = 20;
/** Windows are no shorter than this, nor than two latencies, so that what they count is not only the quick calls. */
const minWindowMs = 100;
/** Calls that make a window, where the limit is not smaller. */
const maxNeeded = 20;
/** A backend that drops more than this even then is not to be given more calls for it. */
const maxBaselineDropRatio = 0.5;
/** What happened before so long a silence is not of the same window. */
const silenceMs = 10_000;

/** No timer: windows end with the call that completes them. Times are of one monotonic clock, in milliseconds. */
export class AdaptiveLimit {
  #max: number;
  #limit: number;
  /** Latency of a call when there are few enough. */
  #baselineMs: number | undefined;
  /** Share of calls that are dropped then: what load has no part in. */
  #baselineDropRatio = 0;
  /** The highest limit since the baseline was measured. */
  #reference: number;
  #growingFast = true;
  /** What the limit was before a probe cut it. */
  #beforeProbe: number | undefined;
  #windowsSinceProbe = 0;
  #probeEvery = probeEvery.least;
  #window = new Window(Number.NEGATIVE_INFINITY);

  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(max, initialLimit);
    this.#reference = this.#limit;
  }

  /** Calls that may be in flight, at least 1. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get baselineMs(): number | undefined {
    return this.#baselineMs;
  }

  set max(max: number) {
    if (max === this.#max) return;
    this.#max = max;
    this.#limit = Math.min(this.#limit, max);
    if (this.#beforeProbe !== undefined) this.#beforeProbe = Math.min(this.#beforeProbe, max);
  }

  /** A call begins, and so many are in flight with it. */
  begin(inFlight: number): void {
    if (inFlight > this.#window.peak) this.#window.peak = inFlight;
  }

  /** A call has ended. */
  end(startMs: number, nowMs: number, outcome: Outcome): void {
    if (startMs - this.#window.lastMs > silenceMs) this.#open(startMs);
    const window = this.#window;
    // Calls of the time before are about another limit. After a cut they would cut once more for the same reason.
    if (startMs < window.startMs || outcome === "other") return;
    const tookMs = nowMs - startMs;
    // Otherwise who sends calls with deadlines of a millisecond, or goes at once, would take the others' places away.
    if (outcome === "late" && tookMs < (this.#baselineMs ?? 0)) return;
    if (outcome === "abandoned" && tookMs <= this.#toleratedMs) return;
    if (outcome === "dropped" || outcome === "late") window.dropCount++;
    else window.add(tookMs);
    if (this.#isComplete(window, nowMs)) this.#close(window, nowMs);
  }

  get #toleratedMs(): number {
    return (this.#baselineMs ?? Number.POSITIVE_INFINITY) * tolerance;
  }

  #isComplete(window: Window, nowMs: number): boolean {
    window.lastMs = nowMs;
    const needed = Math.min(maxNeeded, 2 * this.limit);
    if (window.count + window.dropCount < needed) return false;
    return nowMs - window.startMs >= Math.max(minWindowMs, 2 * (window.meanMs ?? 0));
  }

  #open(nowMs: number): void {
    this.#window = new Window(nowMs);
  }

  #close(window: Window, nowMs: number): void {
    this.#open(nowMs);
    this.#measure(window);
    if (this.#beforeProbe !== undefined) {
      this.#set(this.#beforeProbe);
      this.#beforeProbe = undefined;
      return;
    }
    const limit = this.#limit;
    const excessDrops = Math.max(0, window.dropRatio - 1.2 * this.#baselineDropRatio - 0.05);
    const { meanMs = 0 } = window;
    // Compared first, because a coarse clock may say 0 for both.
    const gradient = meanMs <= this.#toleratedMs ? 1 : Math.max(0.5, this.#toleratedMs / meanMs);
    const isBound = window.peak >= Math.floor(limit) * 0.75;
    if (gradient < 1 || excessDrops > 0) this.#growingFast = false;
    // Where few of the places are taken, the limit is not what makes calls slow, and fewer would not help.
    const kept = window.peak >= limit / 2 ? Math.max(0.5, smooth(gradient) * (1 - excessDrops)) : 1;
    // Where places stay free, more of them would only be a limit that nothing has tried.
    const isGood = gradient === 1 && excessDrops === 0;
    const growth = this.#growingFast ? limit : Math.max(1, Math.min(limit / 10, Math.sqrt(limit)));
    this.#set(limit * kept + (isGood && isBound ? growth : 0));
    if (isBound) this.#probeInTime();
  }

  #measure(window: Window): void {
    const { meanMs = this.#baselineMs, dropRatio } = window;
    const baselineMs = this.#baselineMs ?? meanMs;
    this.#baselineMs = baselineMs;
    if (meanMs === undefined || baselineMs === undefined) return;
    if (this.#limit <= this.#reference * probeRatio || this.#limit === 1) {
      this.#baselineMs = baselineMs + (meanMs < baselineMs ? 0.75 : 0.3) * (meanMs - baselineMs);
      this.#baselineDropRatio = Math.min(maxBaselineDropRatio, (this.#baselineDropRatio + dropRatio) / 2);
      this.#reference = this.#limit;
      const isConfirmed = Math.abs(meanMs - baselineMs) < 0.1 * baselineMs;
      this.#probeEvery = isConfirmed ? Math.min(2 * this.#probeEvery, probeEvery.most) : probeEvery.least;
      this.#windowsSinceProbe = 0;
    } else if (meanMs < baselineMs || window.peak < this.#limit / 2) {
      // Where it is not our doing the backend has become slower or quicker. Slowly, because it may be chance or others'
      // load, which passes.
      this.#baselineMs = baselineMs + 0.05 * (meanMs - baselineMs);
    }
  }

  #probeInTime(): void {
    this.#windowsSinceProbe++;
    if (this.#windowsSinceProbe < this.#probeEvery || this.limit === 1) return;
    this.#windowsSinceProbe = 0;
    this.#beforeProbe = this.#limit;
    this.#limit = Math.max(1, this.#reference * probeRatio);
  }

  #set(limit: number): void {
    this.#limit = clamp(limit, 1, this.#max);
    this.#reference = Math.max(this.#reference, this.#limit);
  }
}

class Window {
  readonly startMs: number;
  /** When a call of it has ended. */
  lastMs: number;
  /** Most calls in flight. */
  peak = 0;
  count = 0;
  dropCount = 0;
  #sumMs = 0;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.lastMs = startMs;
  }

  get meanMs(): number | undefined {
    return this.count === 0 ? undefined : this.#sumMs / this.count;
  }

  get dropRatio(): number {
    return this.dropCount / (this.count + this.dropCount);
  }

  add(tookMs: number): void {
    this.count++;
    this.#sumMs += tookMs;
  }
}

/** Half of the way: a window's mean is a matter of chance too. */
function smooth(gradient: number): number {
  return (1 + gradient) / 2;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

const outcomes: ReadonlyMap<Code, Outcome> = new Map<Code, Outcome>([
  [Code.UNAVAILABLE, "dropped"],
  [Code.RESOURCE_EXHAUSTED, "dropped"],
  [Code.DEADLINE_EXCEEDED, "late"],
  [Code.CANCELLED, "abandoned"],
  // What a backend says after it has done its work.
  [Code.NOT_FOUND, "answered"],
  [Code.ALREADY_EXISTS, "answered"],
  [Code.FAILED_PRECONDITION, "answered"],
  [Code.ABORTED, "answered"],
  [Code.OUT_OF_RANGE, "answered"],
]);

/** What a failure says of the backend's load. */
export function outcomeOf(reason: unknown): Outcome {
  return reason instanceof RpcError ? (outcomes.get(reason.code) ?? "other") : "other";
}
