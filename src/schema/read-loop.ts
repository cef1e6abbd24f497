// When a source is read: at once, when asked, when something has changed, and after a delay that the source decides.
// Requests that come during a read collapse into one more read.
import type { SourceEvent } from "./source.ts";

export interface ReadLoopOptions {
  /**
   * Reads the source once; failures are events. `undefined` = read, and nothing is new since the last event.
   * @param asked whether somebody asked with `refresh`, or this is the first read: then there must be an event
   */
  readonly read: (signal: AbortSignal, asked: boolean) => Promise<SourceEvent | undefined>;
  /** Milliseconds until the next read. `failures` counts the failed reads in a row, 0 after a good one. */
  readonly delayMs: (failures: number) => number;
}

export interface ReadLoop {
  watch(signal: AbortSignal): AsyncIterable<SourceEvent>;
  /** Asks for a read that yields an event. */
  refresh(): void;
  /** Asks for a read that yields an event if something is new. */
  recheck(): void;
}

export function createReadLoop({ read, delayMs }: ReadLoopOptions): ReadLoop {
  const bells = new Set<Bell>();
  return {
    async *watch(signal) {
      const bell = createBell();
      bells.add(bell);
      bell.ring(true);
      let failures = 0;
      try {
        while (!signal.aborted) {
          const event = await read(signal, bell.answer());
          if (signal.aborted) return;
          if (event !== undefined) {
            failures = event.kind === "failure" ? failures + 1 : 0;
            yield event;
          }
          await bell.rung(delayMs(failures), signal);
        }
      } finally {
        bells.delete(bell);
      }
    },
    refresh() {
      for (const bell of bells) bell.ring(true);
    },
    recheck() {
      for (const bell of bells) bell.ring(false);
    },
  };
}

interface Bell {
  ring(asked: boolean): void;
  /** Forgets the ringing so far; says whether somebody asked. */
  answer(): boolean;
  /** Resolves when it has rung since the last answer, after the delay, or when the signal fires. */
  rung(delayMs: number, signal: AbortSignal): Promise<void>;
}

function createBell(): Bell {
  let [rings, asked] = [false, false];
  let wake = (): void => {};
  return {
    ring(byPerson) {
      rings = true;
      asked ||= byPerson;
      wake();
    },
    answer() {
      const was = asked;
      [rings, asked] = [false, false];
      return was;
    },
    async rung(delayMs, signal) {
      if (rings || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, delayMs);
      wake = resolve;
      signal.addEventListener("abort", wake);
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      wake = () => {};
    },
  };
}

/** Delay after the n-th failure in a row (1 = first): from 1 s, doubling up to `maxMs`, with a fifth of jitter. */
export function retryDelayMs(failures: number, maxMs: number, random: () => number = Math.random): number {
  const delayMs = Math.min(maxMs, 1_000 * 2 ** Math.min(failures - 1, 20));
  // Many gateways that lost the same backend should not come back in the same instant.
  return Math.round(delayMs * (0.8 + 0.4 * random()));
}
