// How often a method is called: every limit of its policy must admit a call, and clients hear what is left.
// Source: protos/protogate/v1/options.proto (RateLimit).
import type { Call, Handler, Interceptor, Reply } from "../../rpc/call.ts";
import { discardMessages } from "../../rpc/stream.ts";
import type { FlowPolicy, LimitKey } from "../flow-policy.ts";
import type { LimitKeyOf } from "../limit-key/compile.ts";
import { readsMessage } from "../limit-key/limit-key.ts";
import {
  type Admission,
  askLimits,
  type CompiledLimit,
  compileLimit,
  headerEntries,
  orderLimits,
  type RateLimitReport,
  type RateLimitStores,
} from "./ask.ts";
import { appendEntries } from "./header.ts";
import { admitMessages } from "./stream.ts";

export interface RateLimitOptions {
  readonly limits: FlowPolicy["rateLimits"];
  /** Tells these counts from others': of an option it is the method's path, so that each method has its own. */
  readonly scopeKey: string;
  /** Outlive snapshots, and the counts with them. */
  readonly stores: RateLimitStores;
  /** What a key expression gives for a call: `compileLimitKey` with the method's fields and the trusted proxies. */
  readonly keyOf: (key: LimitKey) => LimitKeyOf;
  readonly report?: RateLimitReport | undefined;
}

/**
 * Admits calls, and the messages of request streams where a limit counts them. Replies get the header entries
 * `ratelimit-policy` and `ratelimit`.
 *
 * A stream pays one call when it begins; where the key reads a field, when its first message comes, which then is not
 * passed on before. A limit of messages or bytes takes each message as it passes, and one that is refused ends the call.
 * Where all stores answer at once nothing is waited for.
 * @returns undefined where there is nothing to limit
 * @throws RpcError RESOURCE_EXHAUSTED with RetryInfo and QuotaFailure; UNAVAILABLE where a store fails and the limit says
 * so
 */
export function createRateLimitInterceptor(options: RateLimitOptions): Interceptor | undefined {
  if (options.limits.length === 0) return undefined;
  const limits = orderLimits(options.limits.map((limit) => compileLimit(limit, options)));
  const invokeStream = createStreamInvoker(limits);
  const tells = limits.some(({ limit }) => !limit.dryRun);

  return (next) => (call) => {
    if (call.kind === "stream") return invokeStream(next, call);
    let admission: Admission | Promise<Admission>;
    try {
      admission = askLimits(limits, call, call.message);
    } catch (reason) {
      return Promise.reject(reason);
    }
    if (admission instanceof Promise) return invokeAdmitted(limits, admission, next, call);
    const reply = next(call);
    if (!tells) return reply;
    const admitted = admission;
    return reply.then((answer) => withHeader(answer, limits, admitted));
  };
}

type StreamCall = Extract<Call, { kind: "stream" }>;

function createStreamInvoker(limits: readonly CompiledLimit[]) {
  const atStart = limits.filter(({ limit }) => limit.cost === "call" && !readsMessage(limit.key));
  const atFirst = limits.filter(({ limit }) => limit.cost === "call" && readsMessage(limit.key));
  const each = limits.filter(({ limit }) => limit.cost !== "call");
  const firstAndEach = orderLimits([...atFirst, ...each]);
  /** All policies are told, and the verdicts that are there by then. */
  const told = [...atStart, ...firstAndEach];

  /** Of one stream: keys are made once, since neither header nor first message changes. */
  const createAdmit = (call: StreamCall) => {
    let keys: readonly string[] | undefined;
    return (message: Uint8Array | undefined): unknown => {
      if (keys !== undefined) return each.length === 0 ? undefined : askLimits(each, call, message, keys);
      keys = each.map(({ keyOf }) => keyOf(call, message));
      // A stream without messages has been a call, and has sent nothing.
      return askLimits(message === undefined ? atFirst : firstAndEach, call, message);
    };
  };
  const invoke = (next: Handler, call: StreamCall): Promise<Reply> => {
    if (firstAndEach.length === 0) return next(call);
    return next({ ...call, messages: admitMessages(call.messages, createAdmit(call)) });
  };

  return async (next: Handler, call: StreamCall): Promise<Reply> => {
    let admission: Admission;
    try {
      admission = await askLimits(atStart, call, undefined);
      call.signal.throwIfAborted();
    } catch (reason) {
      discardMessages(call);
      throw reason;
    }
    return withHeader(await invoke(next, call), told, admission);
  };
}

async function invokeAdmitted(
  limits: readonly CompiledLimit[],
  admission: Promise<Admission>,
  next: Handler,
  call: Call,
): Promise<Reply> {
  const admitted = await admission;
  // Who has left meanwhile need not be served.
  call.signal.throwIfAborted();
  return withHeader(await next(call), limits, admitted);
}

/** The reply, with what it says itself first; its header is not ours to change: a cache may have it. */
function withHeader(reply: Reply, limits: readonly CompiledLimit[], admission: Admission): Reply {
  const entries = headerEntries(limits, admission);
  if (entries.length === 0) return reply;
  return { ...reply, header: appendEntries(reply.header.clone(), entries) };
}
