// For tests of rate limits: limits with defaults, calls of a service that does not exist, stores that fail and a report
// that remembers.

import type { LimitKey, RateLimit } from "../../../src/pipeline/flow-policy.ts";
import { compileLimitKey } from "../../../src/pipeline/limit-key/compile.ts";
import { parseLimitKey } from "../../../src/pipeline/limit-key/limit-key.ts";
import type { RateLimitReport } from "../../../src/pipeline/rate-limit/ask.ts";
import type { Call, Handler, Interceptor, Reply } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { MethodInfo } from "../../../src/rpc/method.ts";
import { type LimitStore, StoreUnavailable } from "../../../src/store/limit-store.ts";
import { cookieValues } from "../../../src/transcode/cookie.ts";

export const method: MethodInfo = {
  path: "/t.T/M",
  service: "t.T",
  name: "M",
  kind: "unary",
  idempotency: "unknown",
};

/** Ten calls a second for everybody, counted here. */
export function limitOf({
  key = "global",
  ...rest
}: Partial<Omit<RateLimit, "key">> & { key?: string } = {}): RateLimit {
  const parsed = parseLimitKey(key);
  if (typeof parsed === "string") throw new Error(parsed);
  const requests = rest.requests ?? 10;
  return {
    name: "1",
    algorithm: "token_bucket",
    requests,
    perMs: 1000,
    burst: requests,
    cost: "call",
    scope: "local",
    onStoreFailure: "local",
    dryRun: false,
    ...rest,
    key: parsed,
  };
}

/** Fields of any path are the whole message, as Latin-1. */
export const keyOf = (key: LimitKey) =>
  compileLimitKey(key, {
    trustedProxies: [],
    fieldReader: () => (message) => Buffer.from(message).toString("latin1"),
    cookieValues,
  });

const head = (pairs: readonly (readonly [string, string])[]) => ({
  method,
  header: Header.of(pairs),
  signal: new AbortController().signal,
});

export function unaryCall(
  header: readonly (readonly [string, string])[] = [],
  message = new Uint8Array(),
): Call {
  return { ...head(header), kind: "unary", message };
}

export function streamCall(
  messages: AsyncIterable<Uint8Array>,
  header: readonly (readonly [string, string])[] = [],
): Call {
  return { ...head(header), kind: "stream", messages };
}

export const okReply: Reply = {
  kind: "unary",
  header: new Header(["x-backend", "1"]),
  message: new Uint8Array(),
  trailer: new Header(),
};

export interface Recorded {
  readonly lines: readonly string[];
  readonly report: RateLimitReport;
}

/** Lines such as `1 admitted`. */
export function recordReport(): Recorded {
  const lines: string[] = [];
  return {
    lines,
    report: ({ name }, admitted) => void lines.push(`${name} ${admitted ? "admitted" : "refused"}`),
  };
}

/** A store that is asked over a network: the same verdicts, later. */
export function remoteStore(store: LimitStore): LimitStore & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    async take(key, rule, cost) {
      keys.push(key);
      await new Promise(setImmediate);
      return store.take(key, rule, cost);
    },
    close: () => store.close(),
  };
}

export function failingStore(
  how: "later" | "at once",
  reason: Error = new StoreUnavailable("down"),
): LimitStore & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    take(key) {
      keys.push(key);
      if (how === "at once") throw reason;
      return new Promise((_, reject) => setImmediate(reject, reason));
    },
    close: () => Promise.resolve(),
  };
}

export function wrap(interceptor: Interceptor | undefined, handler: Handler): Handler {
  return interceptor === undefined ? handler : interceptor(handler);
}
