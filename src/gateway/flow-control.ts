// What stands around the calls of each method by its policy, and what of it outlives snapshots: counts, places, circuits,
// budgets. A method has the interceptors that it uses and no others.
// Source: design.md §2 "One immutable snapshot", §3 (order of interceptors).
import type { DescMethod } from "@bufbuild/protobuf";
import { createAuthInterceptor } from "../auth/auth-interceptor.ts";
import type { ForwardOptions } from "../auth/backend-header.ts";
import type { Verifier } from "../auth/verifier.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { createBorrowedStates } from "../pipeline/borrowed-states.ts";
import { createCircuitBreaker } from "../pipeline/circuit-breaker.ts";
import { createCircuitBreakers } from "../pipeline/circuit-breaker-registry.ts";
import type { AddressRange } from "../pipeline/client-address-range.ts";
import { createConcurrencyInterceptor } from "../pipeline/concurrency-limit.ts";
import type { ConcurrencyScope } from "../pipeline/concurrency-limit-scope.ts";
import { createDeadlineInterceptor, decideDeadlines } from "../pipeline/deadline.ts";
import type { FlowPolicy } from "../pipeline/flow-policy.ts";
import { compileLimitKey } from "../pipeline/limit-key-compile.ts";
import { createMessageSizeLimit } from "../pipeline/message-size.ts";
import { orderInterceptors } from "../pipeline/order.ts";
import { createRateLimitInterceptor } from "../pipeline/rate-limit.ts";
import type { RateLimitReport, RateLimitStores } from "../pipeline/rate-limit-ask.ts";
import { createRequestBudget } from "../pipeline/request-budget.ts";
import { createRetryInterceptor } from "../pipeline/retry.ts";
import { createRetryBudgets } from "../pipeline/retry-budget.ts";
import { createStreamLimits } from "../pipeline/stream-limits.ts";
import type { Interceptor } from "../rpc/call.ts";
import type { Logger } from "../rpc/logger.ts";
import { cookieValues } from "../transcode/cookie.ts";
import { methodInfo } from "../transcode/method-info.ts";
import { createKeyFieldReaders } from "./flow-key-field.ts";
import { noFlowPolicy, type ResolvedFlowPolicy } from "./resolve-flow-policy.ts";
import type { PolicyStateView } from "./route-table-view.ts";

export interface FlowControlOptions {
  /** Upper bound of every call's time; none by default. */
  readonly maxTimeoutMs?: number;
  /** Bytes of large unary request messages in flight. */
  readonly maxInFlightBytes: number;
  readonly stores: RateLimitStores;
  /** Whose `x-forwarded-for` counts. */
  readonly trustedProxies: readonly AddressRange[];
  readonly auth: AuthOptions | undefined;
  readonly logger: Logger;
}

export interface AuthOptions {
  readonly verifiers: readonly Verifier[];
  /** Whether methods that do not say otherwise demand a principal. */
  readonly defaultRequired: boolean;
  readonly forward?: ForwardOptions;
}

/** Of one gateway. */
export interface FlowControl {
  /** The interceptors of a method, outermost first. */
  interceptorsOf(method: DescMethod, resolved: ResolvedFlowPolicy): readonly Interceptor[];
  /** The live state of what limits a method, for people; empty where nothing does. */
  stateOf(method: DescMethod): readonly PolicyStateView[];
  /** To be called when a snapshot with these methods has replaced another: what only the old one used is forgotten. */
  retain(methods: Iterable<DescMethod>): void;
}

export function createFlowControl(options: FlowControlOptions): FlowControl {
  const { maxTimeoutMs, stores, trustedProxies, auth, logger } = options;
  const requestBudget = createRequestBudget(options.maxInFlightBytes);
  const places = createBorrowedStates<ConcurrencyScope>();
  const budgets = createRetryBudgets();
  const circuits = createCircuitBreakers({
    report: (key, change) => logger.warn("circuit breaker", { method: key, ...change }),
  });
  let toldOfLocal = false;
  /** Without a store each gateway counts for itself, which is worth one line however many methods ask for more. */
  const tellOfLocal = (method: DescMethod, { rateLimits }: FlowPolicy): void => {
    if (toldOfLocal || stores.shared !== undefined || rateLimits.every(({ scope }) => scope === "local"))
      return;
    toldOfLocal = true;
    const advice = "give --redis URL to count with the other gateways";
    logger.warn("shared limits are counted by this gateway alone", {
      method: methodInfo(method).path,
      advice,
    });
  };

  const limitsOf = (method: DescMethod, policy: FlowPolicy) => {
    const info = methodInfo(method);
    const scopeKey = info.path;
    const keyOptions = { trustedProxies, fieldReader: createKeyFieldReaders(method.input), cookieValues };
    const { concurrency, circuitBreaker } = policy;
    return {
      rateLimit: createRateLimitInterceptor({
        limits: policy.rateLimits,
        method: info,
        scopeKey,
        stores,
        keyOf: (key) => compileLimitKey(key, keyOptions),
        report: silentReport,
      }),
      concurrencyLimit:
        concurrency &&
        createConcurrencyInterceptor({
          policy: concurrency,
          scopeKey,
          keyOf: compileLimitKey(concurrency.key, keyOptions),
          registry: places,
        }),
      circuitBreaker:
        circuitBreaker && createCircuitBreaker({ policy: circuitBreaker, scopeKey, registry: circuits }),
    };
  };

  return {
    interceptorsOf(method, { policy, entries }) {
      const info = methodInfo(method);
      const { retry } = policy;
      tellOfLocal(method, policy);
      const ofService = entries.some(
        ({ key, origin }) => key === "retry" && /^service option\b/.test(origin),
      );
      return orderInterceptors({
        ...limitsOf(method, policy),
        deadline: createDeadlineInterceptor(decideDeadlines(policy, maxTimeoutMs)),
        requestBudget,
        messageSize: createMessageSizeLimit(policy),
        // Without verifiers nobody is let in where a principal is demanded.
        auth: createAuthInterceptor({ verifiers: [], defaultRequired: false, ...auth, policy: policy.auth }),
        streamLimits: createStreamLimits({ stream: policy.stream, kind: info.kind }),
        retry:
          retry &&
          createRetryInterceptor({
            policy: retry,
            method: info,
            explicit: !ofService,
            perTryMs: policy.timeout.perTryMs,
            budget: budgets.borrow(info.path),
          }),
      });
    },
    stateOf(method) {
      const { path } = methodInfo(method);
      const scope = places.get(path)?.view();
      const circuit = circuits.view(path);
      return [
        ...(scope === undefined
          ? []
          : [
              {
                key: "concurrency",
                value: `${scope.inFlight} in flight, ${scope.waiting} waiting${scope.limit === undefined ? "" : `, limit ${scope.limit}`}`,
              },
            ]),
        ...(circuit === undefined
          ? []
          : [
              {
                key: "circuitBreaker",
                value: `${circuit.state}, ${circuit.failures} of ${circuit.calls} failed`,
              },
            ]),
      ];
    },
    retain(methods) {
      const paths = new Set<string>();
      for (const method of methods) paths.add(methodInfo(method).path);
      places.retain(paths);
      budgets.retain(paths);
      circuits.retain(paths);
    },
  };
}

/** The gateway's own services: nothing limits them, and load balancers ask for health without a token. */
export function ownInterceptorsOf(flowControl: FlowControl): (method: DescMethod) => readonly Interceptor[] {
  const policyOf = (method: DescMethod): FlowPolicy =>
    method.parent.typeName === Health.typeName ? { ...noFlowPolicy, auth: { kind: "public" } } : noFlowPolicy;
  return (method) => flowControl.interceptorsOf(method, { policy: policyOf(method), entries: [] });
}

/** Decisions are for metrics, which there are none of yet; that a store fails is told by the store. */
const silentReport: RateLimitReport = { decided() {}, storeFailed() {}, storeAnswered() {} };
