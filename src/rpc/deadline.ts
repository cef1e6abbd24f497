// A deadline is a point in time on the monotonic clock, so that a clock step neither ends nor prolongs calls.

/** A point in time, in milliseconds of `performance.now()`. */
export interface Deadline {
  readonly atMs: number;
}

/** Beyond this a timer of Node's fires at once. Nearly 25 days. */
export const maxTimerMs = 2 ** 31 - 1;

/** The deadline that lies `timeoutMs` ahead. */
export function createDeadline(timeoutMs: number, nowMs: number = performance.now()): Deadline {
  return { atMs: nowMs + timeoutMs };
}

/** Milliseconds left, negative when it has passed. */
export function remainingMs(deadline: Deadline, nowMs: number = performance.now()): number {
  return deadline.atMs - nowMs;
}

/** The sooner of two deadlines, either of which may be absent. */
export function soonerDeadline(a: Deadline | undefined, b: Deadline | undefined): Deadline | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a.atMs <= b.atMs ? a : b;
}
