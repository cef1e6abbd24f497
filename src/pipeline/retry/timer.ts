// The clock of what is tried again: time on the monotonic clock, and timers that can be called off. Injected, so that
// tests decide when time passes.
import { maxTimerMs } from "../../rpc/deadline.ts";

export interface Clock {
  /** Milliseconds on the clock of deadlines. */
  now(): number;
  /** Calls back once after this many milliseconds, unless the returned function is called before; idempotent. */
  startTimer(ms: number, onTime: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  startTimer(ms, onTime) {
    const timer = setTimeout(onTime, Math.min(ms, maxTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after this many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const cancel = clock.startTimer(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
