// How many retries a method may have: a share of its calls of the last ten seconds, and a few more, so that a method
// that is called rarely is tried again at all. Without it retries multiply the load of a backend that is failing of it.
// Source: Finagle's RetryBudget, Linkerd's; here exact, by counts.
import { type BorrowedStates, createBorrowedStates } from "../borrowed-states.ts";
import { SlidingCount } from "../sliding-count.ts";

/** What the share is taken of. */
const windowMs = 10_000;
/** Retries in a window that need no calls: one a second. */
const minRetries = 10;

export interface RetryBudgetView {
  /** In the last ten seconds. */
  readonly calls: number;
  readonly retries: number;
  /** Retries that may be made now. */
  readonly balance: number;
}

export class RetryBudget {
  readonly #calls: SlidingCount;
  readonly #retries: SlidingCount;

  constructor(now: () => number) {
    this.#calls = new SlidingCount(windowMs, now);
    this.#retries = new SlidingCount(windowMs, now);
  }

  /** A call begins; its retries are not calls. */
  deposit(): void {
    this.#calls.add();
  }

  /** Whether one more retry is within the share; it is counted where it is. */
  withdraw(ratio: number): boolean {
    if (this.#retries.total() + 1 > ratio * this.#calls.total() + minRetries) return false;
    this.#retries.add();
    return true;
  }

  view(ratio: number): RetryBudgetView {
    const calls = this.#calls.total();
    const retries = this.#retries.total();
    return { calls, retries, balance: Math.max(0, Math.floor(ratio * calls) + minRetries - retries) };
  }
}

/** The budgets of all methods, by `MethodInfo.path`; one for each gateway. */
export interface RetryBudgets {
  borrow(key: string): RetryBudget;
  retain(keys: ReadonlySet<string>): void;
}

/** @param now milliseconds on a clock that does not step. Default: `performance.now`. */
export function createRetryBudgets(now: () => number = () => performance.now()): RetryBudgets {
  const budgets: BorrowedStates<RetryBudget> = createBorrowedStates();
  return {
    borrow: (key) => budgets.borrow(key, () => new RetryBudget(now)),
    retain: (keys) => budgets.retain(keys),
  };
}
