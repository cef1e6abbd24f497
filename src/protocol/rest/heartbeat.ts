// Keeps a silent stream alive: while its next piece is awaited, a comment goes out every so often, so that neither a
// proxy nor the client takes it for dead, and a client that is gone is noticed.
// Source: HTML standard §9.2.7 ("a comment line every 15 seconds or so").
import type { BodyPiece } from "../../wire/http-message.ts";

/** What the HTML standard advises. */
export const defaultHeartbeatMs = 15_000;

/** Node holds delays in 31 bits: a timer beyond fires at once. */
const longestDelayMs = 2 ** 31 - 1;

/** Whether there are heartbeats at such an interval; `0` and `Infinity` are ways to say that there are none. */
export function isBeating(intervalMs: number): boolean {
  return intervalMs >= 1 && intervalMs < longestDelayMs;
}

/** The pieces, and `beat` whenever the next one takes longer than `intervalMs`. */
export function withHeartbeat(
  pieces: AsyncIterable<BodyPiece>,
  beat: string,
  intervalMs: number,
): AsyncIterableIterator<BodyPiece, undefined> {
  type Step = IteratorResult<BodyPiece, undefined>;
  const source = pieces[Symbol.asyncIterator]();
  /** The piece that was asked for and has not come. */
  let awaited: Promise<Step> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  let ended = false;

  return {
    async next(): Promise<Step> {
      if (ended) return { done: true, value: undefined };
      awaited ??= source.next();
      const silence = new Promise<undefined>((resolve) => {
        wake = () => resolve(undefined);
        timer = setTimeout(wake, intervalMs).unref();
      });
      try {
        const step = await Promise.race([awaited, silence]);
        if (step === undefined)
          return ended ? { done: true, value: undefined } : { done: false, value: beat };
        awaited = undefined;
        if (step.done === true) ended = true;
        return step;
      } catch (reason) {
        ended = true;
        throw reason;
      } finally {
        clearTimeout(timer);
      }
    },
    async return(): Promise<Step> {
      ended = true;
      clearTimeout(timer);
      wake?.();
      // What was asked for may fail now, with nobody to hear of it.
      awaited?.catch(() => {});
      await source.return?.();
      return { done: true, value: undefined };
    },
    async throw(reason: unknown): Promise<Step> {
      await this.return?.();
      throw reason;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
