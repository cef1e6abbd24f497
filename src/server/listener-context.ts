// What the two HTTP servers of one listener share.
import type { ExchangeSet } from "./exchange-set.ts";
import type { ListenerOptions } from "./listener.ts";
import type { ListenerLimits } from "./listener-limits.ts";

export interface ListenerContext {
  readonly options: ListenerOptions;
  readonly limits: ListenerLimits;
  readonly exchanges: ExchangeSet;
  readonly scheme: "http" | "https";
  /** Set once, when the listener begins to close. */
  draining: boolean;
}
