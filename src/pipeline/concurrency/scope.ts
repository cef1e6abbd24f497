// Where calls of one limit are counted: a gate for each key that has calls. What outlives snapshots; an interceptor of
// each snapshot borrows it. Source: protos/protogate/v1/options.proto (ConcurrencyLimit).
import type { BorrowedStates } from "../borrowed-states.ts";
import { type Criticality, criticalityNames } from "./criticality.ts";
import { type ConcurrencyOutcome, Gate, type GateOwner } from "./gate.ts";
import { HoldTimes } from "./hold-times.ts";

/** The gateway's scopes by the text of their limit, such as a method's path or an upstream's name. */
export type ConcurrencyRegistry = BorrowedStates<ConcurrencyScope>;

export interface ConcurrencyEvent {
  readonly scope: string;
  readonly outcome: ConcurrencyOutcome;
  readonly criticality: (typeof criticalityNames)[number];
  readonly waitedMs: number;
}

/** The live state of a scope, for people. */
export interface ConcurrencyView {
  /** Keys that have calls. */
  readonly keyCount: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Of the key with the lowest one; absent where no key has calls and nothing is learned. */
  readonly limit?: number;
  /** What a call takes when the backend is not busy, where the limit is adaptive and knows. */
  readonly baselineMs?: number;
}

/** Adaptive gates without a call that are kept for what they have learned. Others cost nothing to begin anew. */
const maxIdleGates = 256;

export class ConcurrencyScope implements GateOwner {
  readonly times = new HoldTimes();
  readonly #name: string;
  readonly #busy = new Map<string, Gate>();
  /** The one that has been idle longest is the first. */
  readonly #idle = new Map<string, Gate>();
  readonly #report: ((event: ConcurrencyEvent) => void) | undefined;

  constructor(name: string, report?: (event: ConcurrencyEvent) => void) {
    this.#name = name;
    this.#report = report;
  }

  /** The gate of a key, which stays until its last call has left. */
  gate(key: string): Gate {
    const busy = this.#busy.get(key);
    if (busy !== undefined) return busy;
    const gate = this.#idle.get(key) ?? new Gate(this, key);
    this.#idle.delete(key);
    this.#busy.set(key, gate);
    return gate;
  }

  /** A gate that has neither a call nor anyone waiting. */
  letGo(gate: Gate): void {
    this.#busy.delete(gate.key);
    if (!gate.isLearning) return;
    this.#idle.set(gate.key, gate);
    for (const oldest of this.#idle.keys()) {
      if (this.#idle.size <= maxIdleGates) break;
      this.#idle.delete(oldest);
    }
  }

  report(outcome: ConcurrencyOutcome, criticality: Criticality, waitedMs: number): void {
    this.#report?.({
      scope: this.#name,
      outcome,
      criticality: criticalityNames[criticality],
      waitedMs,
    });
  }

  view(): ConcurrencyView {
    const gates = [...this.#busy.values()];
    const known = [...gates, ...this.#idle.values()];
    const strictest = known.reduce<Gate | undefined>(
      (least, gate) => (least === undefined || gate.limit < least.limit ? gate : least),
      undefined,
    );
    const baselineMs = strictest?.baselineMs;
    return {
      keyCount: gates.length,
      inFlight: gates.reduce((sum, gate) => sum + gate.inFlight, 0),
      waiting: gates.reduce((sum, gate) => sum + gate.waiting, 0),
      ...(strictest !== undefined && { limit: strictest.limit }),
      ...(baselineMs !== undefined && { baselineMs }),
    };
  }
}
