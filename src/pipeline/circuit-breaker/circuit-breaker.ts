// Stops calling a backend that fails: judges how each call ends and refuses calls while the circuit is open.
// Source: options.proto CircuitBreakerPolicy (which codes are failures); it stands before each upstream, so
// it sees single attempts.
import type { Call, Handler, Interceptor, Reply, StreamReply } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { discardMessages } from "../../rpc/stream.ts";
import type { CircuitBreakerPolicy } from "../flow-policy.ts";
import { refuseOpenCircuit } from "./refusal.ts";
import type { CircuitBreakers } from "./registry.ts";
import type { CircuitBreaker, Outcome, Permit } from "./state.ts";
import { JudgedMessages, WatchedRequests } from "./streams.ts";

export interface CircuitBreakerOptions {
  readonly policy: CircuitBreakerPolicy;
  /** Names upstream and method: `library /demo.library.v1.Library/GetBook`. Calls with the same key share a circuit. */
  readonly scopeKey: string;
  /** The gateway's. */
  readonly registry: CircuitBreakers;
}

/**
 * Circuit breaking for one method of one upstream. A unary reply is judged when it has come, a stream when it has ended:
 * well, unless with one of the failure codes.
 * @throws RpcError UNAVAILABLE with RetryInfo while the circuit is open
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): Interceptor {
  const { policy, scopeKey, registry } = options;
  const breaker = registry.borrow(scopeKey, policy);
  const { now } = registry;
  return (next) => (call) => {
    const permit = breaker.admit();
    if (permit !== undefined) return invokeJudged(new Trial(breaker, permit, now, call.signal), next, call);
    discardMessages(call);
    return Promise.reject(refuseOpenCircuit(breaker.retryAfterMs()));
  };
}

async function invokeJudged(trial: Trial, next: Handler, call: Call): Promise<Reply> {
  try {
    const reply = await next(call.kind === "unary" ? call : watchRequests(trial, call));
    if (reply.kind === "stream") return judgeStream(trial, reply);
    trial.succeed();
    return reply;
  } catch (reason) {
    trial.fail(reason);
    throw reason;
  }
}

function watchRequests(trial: Trial, call: Call & { readonly kind: "stream" }): Call {
  const onFailure = (reason: unknown): void => trial.blameClient(reason);
  return { ...call, messages: new WatchedRequests(call.messages[Symbol.asyncIterator](), onFailure) };
}

function judgeStream(trial: Trial, reply: StreamReply): StreamReply {
  trial.answered();
  return { ...reply, messages: new JudgedMessages(reply.messages[Symbol.asyncIterator](), trial) };
}

const failureCodes: ReadonlySet<Code> = new Set([
  Code.UNAVAILABLE,
  Code.INTERNAL,
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.RESOURCE_EXHAUSTED,
  Code.DATA_LOSS,
]);

/** One call on its way, to be judged once. */
class Trial {
  readonly #breaker: CircuitBreaker;
  readonly #now: () => number;
  readonly #signal: AbortSignal;
  readonly #startMs: number;
  #permit: Permit;
  #settled = false;
  /** What the client's stream of requests threw: the call ends with it, and the backend has no part in it. */
  #clientFailure: { readonly reason: unknown } | undefined;

  constructor(breaker: CircuitBreaker, permit: Permit, now: () => number, signal: AbortSignal) {
    this.#breaker = breaker;
    this.#permit = permit;
    this.#now = now;
    this.#signal = signal;
    this.#startMs = now();
  }

  blameClient(reason: unknown): void {
    this.#clientFailure = { reason };
  }

  succeed(): void {
    if (this.#settled) return;
    this.#breaker.learn(this.#permit, this.#elapsedMs());
    this.#settle("success");
  }

  /** The header of a stream has come. */
  answered(): void {
    this.#permit = this.#breaker.answered(this.#permit, this.#elapsedMs());
  }

  /** A stream has ended well. */
  end(): void {
    this.#settle("success");
  }

  /** @param served whether a stream has brought messages: then it has served for as long as it was allowed to */
  fail(reason: unknown, served = false): void {
    const timedOut = reason instanceof RpcError && reason.code === Code.DEADLINE_EXCEEDED;
    this.#settle(served && timedOut ? "success" : this.#judge(reason));
  }

  /** Nobody reads the stream any more: by choice, or because the call is over. */
  leave(served: boolean): void {
    if (this.#signal.aborted) this.fail(this.#signal.reason, served);
    else this.#settle("success");
  }

  #judge(reason: unknown): Outcome {
    // Text that was thrown by whatever is below, or by the requests, is made an RpcError on its way.
    const client = this.#clientFailure;
    if (
      client &&
      (client.reason === reason || (reason instanceof RpcError && reason.cause === client.reason))
    ) {
      return "unknown";
    }
    const code = reason instanceof RpcError ? reason.code : Code.INTERNAL;
    if (code === Code.DEADLINE_EXCEEDED) {
      return this.#breaker.isEnoughMs(this.#elapsedMs()) ? "failure" : "unknown";
    }
    // It was ended from above: what the backend would have said is not known.
    if (this.#signal.aborted) return "unknown";
    return failureCodes.has(code) ? "failure" : "success";
  }

  #elapsedMs(): number {
    return this.#now() - this.#startMs;
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#breaker.settle(this.#permit, outcome);
  }
}
