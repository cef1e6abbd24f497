// The places of one key: who gets one, who waits, who is refused. Knows calls, not replies; whoever has got a place
// leaves it once. Source: protos/protogate/v1/options.proto (ConcurrencyLimit).
import type { Call } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { maxTimerMs } from "../../rpc/deadline.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ConcurrencyLimit } from "../flow-policy.ts";
import { refuse } from "../refusal.ts";
import { AdaptiveLimit, type Outcome } from "./adaptive-limit.ts";
import { type Criticality, placesFor, placesForAll, readCriticality } from "./criticality.ts";
import type { HoldTimes } from "./hold-times.ts";
import { type Waiting, WaitQueue } from "./wait-queue.ts";

/** How a call fared that found no free place. */
export type ConcurrencyOutcome =
  /** It waited and had its turn. */
  | "waited"
  /** No place and none to wait, or none to wait for long enough. */
  | "queue_full"
  /** A more critical call took its place in the queue. */
  | "displaced"
  /** Its turn did not come in time, or was not going to. */
  | "queue_timeout"
  /** Its deadline has passed, or was going to before it could be carried out. */
  | "deadline"
  /** Its client went. */
  | "cancelled";

/** Where a gate belongs. */
export interface GateOwner {
  /** Of all its keys: how long a call takes is the method's, not the client's. */
  readonly times: HoldTimes;
  /** The gate has neither a call nor anyone waiting. */
  letGo(gate: Gate): void;
  report(outcome: ConcurrencyOutcome, criticality: Criticality, waitedMs: number): void;
}

/** Places to wait beyond the queue, for health checks only: who asks how we are must not be the first to hear nothing. */
const healthQueue = 4;
const health: Criticality = 4;

/** Bounds of what a refused client is told to wait: not so short that all come back at once, not longer than people do. */
const retry = { leastMs: 100, mostMs: 30_000, unknownMs: 1000 };

interface Waiter {
  readonly call: Call;
  readonly isUnary: boolean;
  readonly startMs: number;
  readonly place: PromiseWithResolvers<Place>;
  readonly timer: NodeJS.Timeout;
  readonly onAbort: () => void;
}

export class Gate {
  readonly key: string;
  readonly #owner: GateOwner;
  readonly #queue = new WaitQueue<Waiter>();
  #policy: ConcurrencyLimit | undefined;
  #adaptive: AdaptiveLimit | undefined;
  #inFlight = 0;
  /** Of those in flight, the ones whose duration says nothing of the backend: they have places, but no share in what is learned. */
  #streamCount = 0;
  #now: () => number = () => 0;

  constructor(owner: GateOwner, key: string) {
    this.#owner = owner;
    this.key = key;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get limit(): number {
    return this.#adaptive?.limit ?? this.#policy?.max ?? 0;
  }

  get baselineMs(): number | undefined {
    return this.#adaptive?.baselineMs;
  }

  /** Whether it knows, or is about to know, what another would have to learn anew. */
  get isLearning(): boolean {
    return this.#adaptive !== undefined;
  }

  /**
   * A place at once, or a promise of one that is kept or broken in time.
   * @param policy in force from now on: a swap of snapshots may have brought another
   * @throws RpcError (as the promise's) RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, or the signal's reason
   */
  enter(call: Call, policy: ConcurrencyLimit, now: () => number): Place | Promise<Place> {
    this.#now = now;
    if (policy !== this.#policy) this.#follow(policy);
    const isUnary = call.method.kind === "unary";
    if (this.#queue.size === 0 && this.#hasRoomForAll(isUnary)) return this.#occupy(isUnary, now());
    const criticality = readCriticality(call);
    const first = this.#queue.first();
    const isNext = first === undefined || first.criticality < criticality;
    if (isNext && this.#hasRoom(isUnary, criticality)) return this.#occupy(isUnary, now());
    return this.#wait(call, isUnary, criticality, policy);
  }

  /** @param outcome what the call's end says of the backend; of a stream it does not count */
  leave(place: Place, outcome: Outcome): void {
    const nowMs = this.#now();
    this.#inFlight--;
    if (place.isUnary) this.#adaptive?.end(place.startMs, nowMs, outcome);
    else this.#streamCount--;
    this.#owner.times.add(nowMs - place.startMs, place.isUnary && outcome === "answered");
    this.#admit(nowMs);
    this.#letGoIfIdle();
  }

  #follow(policy: ConcurrencyLimit): void {
    this.#policy = policy;
    if (!policy.adaptive) this.#adaptive = undefined;
    else if (this.#adaptive === undefined) this.#adaptive = new AdaptiveLimit(policy.max);
    else this.#adaptive.max = policy.max;
    this.#admit(this.#now());
  }

  #hasRoomForAll(isUnary: boolean): boolean {
    const max = this.#policy?.max ?? 0;
    if (this.#inFlight >= placesForAll(max)) return false;
    if (!isUnary || this.#adaptive === undefined) return true;
    return this.#inFlight - this.#streamCount < placesForAll(this.#adaptive.limit);
  }

  #hasRoom(isUnary: boolean, criticality: Criticality): boolean {
    const max = this.#policy?.max ?? 0;
    if (this.#inFlight >= placesFor(criticality, max)) return false;
    if (!isUnary || this.#adaptive === undefined) return true;
    return this.#inFlight - this.#streamCount < placesFor(criticality, this.#adaptive.limit);
  }

  #occupy(isUnary: boolean, nowMs: number): Place {
    this.#inFlight++;
    if (isUnary) this.#adaptive?.begin(this.#inFlight - this.#streamCount);
    else this.#streamCount++;
    return new Place(this, isUnary, nowMs);
  }

  #wait(call: Call, isUnary: boolean, criticality: Criticality, policy: ConcurrencyLimit): Promise<Place> {
    const startMs = this.#now();
    const refusal = this.#refusal(call, isUnary, criticality, policy, startMs);
    if (refusal !== undefined) {
      this.#letGoIfIdle();
      return Promise.reject(refusal);
    }
    const place = Promise.withResolvers<Place>();
    const untilMs = Math.min(
      policy.queueTimeoutMs,
      (call.deadline?.atMs ?? Number.POSITIVE_INFINITY) - startMs,
    );
    const waiter: Waiter = {
      call,
      isUnary,
      startMs,
      place,
      timer: setTimeout(() => this.#onTime(waiting), Math.min(untilMs, maxTimerMs)),
      onAbort: () => {
        this.#break(waiting, call.signal.reason, "cancelled");
        this.#letGoIfIdle();
      },
    };
    const waiting = this.#queue.add(waiter, criticality);
    call.signal.addEventListener("abort", waiter.onAbort);
    return place.promise;
  }

  /** Why a call may not wait; makes room where somebody else has to go for it. */
  #refusal(
    call: Call,
    isUnary: boolean,
    criticality: Criticality,
    policy: ConcurrencyLimit,
    nowMs: number,
  ): unknown {
    const { signal, deadline } = call;
    if (signal.aborted) return this.#told(signal.reason, "cancelled", criticality, 0);
    const leftMs = (deadline?.atMs ?? Number.POSITIVE_INFINITY) - nowMs;
    if (leftMs <= 0) return this.#told(deadlineExceeded(), "deadline", criticality, 0);
    const queueBound = policy.queue + (criticality === health ? healthQueue : 0);
    const displaced = this.#queue.size < queueBound ? undefined : this.#queue.displacedBy(criticality);
    if (this.#queue.size >= queueBound && displaced === undefined) {
      const message = policy.queue > 0 ? `${this.#full()}, and so is the queue` : this.#full();
      return this.#told(this.#exhausted(message), "queue_full", criticality, 0);
    }
    const waitMs = this.#expectedWaitMs(this.#queue.ahead(criticality) + 0.5) ?? 0;
    if (waitMs > policy.queueTimeoutMs) {
      const message = `${this.#full()}, and the queue is too long to wait for`;
      return this.#told(this.#exhausted(message), "queue_timeout", criticality, 0);
    }
    if (waitMs + this.#leastWorkMs(isUnary) > leftMs) {
      const message = `${this.#full()}, and one would come too late for the call's deadline`;
      return this.#told(this.#exhausted(message), "deadline", criticality, 0);
    }
    if (displaced !== undefined) {
      this.#break(
        displaced,
        this.#exhausted("a more critical call needs the place in the queue"),
        "displaced",
      );
    }
    return undefined;
  }

  /** Gives free places to those whose turn it is. */
  #admit(nowMs: number): void {
    for (;;) {
      const waiting = this.#queue.first();
      if (waiting === undefined) return;
      const { value, criticality } = waiting;
      if (!this.#hasRoom(value.isUnary, criticality)) return;
      const { deadline } = value.call;
      if (deadline !== undefined && nowMs + this.#leastWorkMs(value.isUnary) > deadline.atMs) {
        // Work for somebody who will not be there to get it is what overload becomes collapse by.
        const message = "too little of the call's deadline is left after its wait";
        this.#break(
          waiting,
          nowMs >= deadline.atMs ? deadlineExceeded() : this.#exhausted(message),
          "deadline",
        );
        continue;
      }
      this.#leaveQueue(waiting);
      this.#owner.report("waited", criticality, nowMs - value.startMs);
      value.place.resolve(this.#occupy(value.isUnary, nowMs));
    }
  }

  #onTime(waiting: Waiting<Waiter>): void {
    const { startMs, call } = waiting.value;
    const waitedMs = this.#now() - startMs;
    // Timers fire a little early at times; it is the nearer of the two that has come.
    const deadlineMs = (call.deadline?.atMs ?? Number.POSITIVE_INFINITY) - startMs;
    const timeoutMs = this.#policy?.queueTimeoutMs ?? 0;
    if (deadlineMs <= timeoutMs && waitedMs >= deadlineMs - 2) {
      this.#break(waiting, deadlineExceeded(), "deadline");
    } else {
      const message = `${this.#full()}: no place within ${Math.round(waitedMs)} ms`;
      this.#break(waiting, this.#exhausted(message), "queue_timeout");
    }
    this.#letGoIfIdle();
  }

  #break(waiting: Waiting<Waiter>, reason: unknown, outcome: ConcurrencyOutcome): void {
    this.#leaveQueue(waiting);
    const { place, startMs } = waiting.value;
    place.reject(this.#told(reason, outcome, waiting.criticality, this.#now() - startMs));
  }

  #leaveQueue(waiting: Waiting<Waiter>): void {
    this.#queue.remove(waiting);
    const { timer, call, onAbort } = waiting.value;
    clearTimeout(timer);
    call.signal.removeEventListener("abort", onAbort);
  }

  #told(reason: unknown, outcome: ConcurrencyOutcome, criticality: Criticality, waitedMs: number): unknown {
    this.#owner.report(outcome, criticality, waitedMs);
    return reason;
  }

  /** Until so many places have become free; undefined where nobody knows. */
  #expectedWaitMs(count: number): number | undefined {
    const { meanMs } = this.#owner.times;
    return meanMs === undefined ? undefined : (count * meanMs) / Math.max(1, this.limit);
  }

  /** A stream may be worth something however short it is. */
  #leastWorkMs(isUnary: boolean): number {
    return isUnary ? this.#owner.times.quickMs : 0;
  }

  #full(): string {
    return `all ${this.limit} places are taken`;
  }

  #exhausted(message: string): RpcError {
    const expectedMs = this.#expectedWaitMs(this.#queue.size + 1) ?? retry.unknownMs;
    const retryAfterMs = Math.min(Math.max(expectedMs, retry.leastMs), retry.mostMs);
    return refuse(Code.RESOURCE_EXHAUSTED, message, { retryAfterMs });
  }

  #letGoIfIdle(): void {
    if (this.#inFlight === 0 && this.#queue.size === 0) this.#owner.letGo(this);
  }
}

/** What a call in flight holds. */
export class Place {
  readonly isUnary: boolean;
  readonly startMs: number;
  readonly #gate: Gate;
  #left = false;

  constructor(gate: Gate, isUnary: boolean, startMs: number) {
    this.#gate = gate;
    this.isUnary = isUnary;
    this.startMs = startMs;
  }

  /** Gives the place back; does nothing the second time. */
  leave(outcome: Outcome): void {
    if (this.#left) return;
    this.#left = true;
    this.#gate.leave(this, outcome);
  }
}

function deadlineExceeded(): RpcError {
  return new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded");
}
