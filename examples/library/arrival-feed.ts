// Hands new books to everybody who watches. A watcher that reads too slowly loses the oldest and is told how many;
// nobody waits for it and nothing piles up.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Arrival_Reason, Book } from "./gen/library_pb.ts";
import { quotaExceeded } from "./status-error.ts";

const maxWatchers = 100;
/** Enough for a bulk import's burst, little enough that a hundred watchers hold no library each. */
const maxWaiting = 100;

export interface NewBook {
  readonly book: Book;
  readonly reason: Arrival_Reason;
  readonly time: Timestamp;
}

export interface Subscription {
  /** What has come since the last call, the oldest first, and how many before it were dropped. */
  take(): { arrival: NewBook; missed: number } | undefined;
  /** Resolves when something comes, or after `timeoutMs` (`Infinity` = never); rejects when `signal` fires. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Watcher {
  readonly waiting: NewBook[];
  missed: number;
  wake: () => void;
}

/** The feed of one library. */
export function createArrivals() {
  const watchers = new Set<Watcher>();
  return {
    publish(arrival: NewBook): void {
      for (const watcher of watchers) {
        if (watcher.waiting.length === maxWaiting) {
          watcher.waiting.shift();
          watcher.missed += 1;
        }
        watcher.waiting.push(arrival);
        watcher.wake();
      }
    },
    /** @throws StatusError RESOURCE_EXHAUSTED when too many watch already */
    subscribe(): Subscription {
      if (watchers.size >= maxWatchers) throw quotaExceeded("watchers", `${maxWatchers} watch already`, 5);
      const watcher: Watcher = { waiting: [], missed: 0, wake() {} };
      watchers.add(watcher);
      return {
        take() {
          const arrival = watcher.waiting.shift();
          if (arrival === undefined) return undefined;
          const missed = watcher.missed;
          watcher.missed = 0;
          return { arrival, missed };
        },
        wait: (timeoutMs, signal) => waitForWake(watcher, timeoutMs, signal),
        close: () => void watchers.delete(watcher),
      };
    },
  };
}

function waitForWake(watcher: Watcher, timeoutMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (watcher.waiting.length > 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      watcher.wake = () => {};
      then();
    };
    const abort = (): void => settle(() => reject(signal.reason));
    const timer = timeoutMs === Infinity ? undefined : setTimeout(() => settle(resolve), timeoutMs);
    signal.addEventListener("abort", abort);
    watcher.wake = () => settle(resolve);
  });
}
