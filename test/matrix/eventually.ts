// Waits for what another process will come to: tries again until it holds or a generous bound has passed.
import { setTimeout as sleep } from "node:timers/promises";

/** Runs `check` until it does not throw. @throws what it threw last, after `boundMs` (default 15 s) */
export async function eventually(check: () => Promise<void>, boundMs = 15_000): Promise<void> {
  const endMs = Date.now() + boundMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > endMs) throw error;
    }
    await sleep(20);
  }
}
