// Calls that wait until an endpoint is connected, or none is expected to be. As many may wait as clients may have calls
// in flight, which is limited where they come in.
import type { Call, Reply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { maxTimerMs, remainingMs } from "../rpc/deadline.ts";
import { abortReason, RpcError } from "../rpc/rpc-error.ts";

export interface WaitingCalls {
  readonly size: number;
  /**
   * Waits for `wake` and then goes on with `send`.
   * @throws RpcError what the signal was aborted with; DEADLINE_EXCEEDED
   */
  wait(call: Call, send: () => Promise<Reply>): Promise<Reply>;
  /** Lets all go that wait now. */
  wake(): void;
  /** Resolves when none waits. */
  drained(): Promise<void>;
}

export function createWaitingCalls(): WaitingCalls {
  const waiting = new Set<() => void>();
  let drained: PromiseWithResolvers<void> | undefined;
  return {
    get size() {
      return waiting.size;
    },
    wait({ signal, deadline }, send) {
      return new Promise<void>((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        const leave = (): void => {
          waiting.delete(go);
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          if (waiting.size === 0) drained?.resolve();
        };
        const go = (): void => {
          // First of the two: who waits for the last call to go waits until it was sent.
          resolve();
          leave();
        };
        const onAbort = (): void => {
          leave();
          reject(abortReason(signal));
        };
        if (deadline) {
          timer = setTimeout(
            () => {
              leave();
              reject(new RpcError(Code.DEADLINE_EXCEEDED, "deadline exceeded"));
            },
            Math.min(Math.max(0, remainingMs(deadline)), maxTimerMs),
          );
          timer.unref();
        }
        signal.addEventListener("abort", onAbort);
        waiting.add(go);
      }).then(send);
    },
    wake() {
      for (const go of [...waiting]) go();
    },
    drained() {
      if (waiting.size === 0) return Promise.resolve();
      drained ??= Promise.withResolvers();
      return drained.promise;
    },
  };
}
