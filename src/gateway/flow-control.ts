// What stands around the calls of each method by its policy, and what of it outlives snapshots: counts, places, circuits,
// budgets. A method has the interceptors that it uses and no others.
// Source: design.md §2 "One immutable snapshot", §3 (order of interceptors).
import type { DescMethod } from "@bufbuild/protobuf";
import { createAuthInterceptor } from "../auth/auth-interceptor.ts";
import type { ForwardOptions } from "../auth/backend-header.ts";
import type { Verifier } from "../auth/verifier.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { createBorrowedStates } from "../pipeline/borrowed-states.ts";
import { createConcurrencyInterceptor } from "../pipeline/concurrency/concurrency-limit.ts";
import type { ConcurrencyScope } from "../pipeline/concurrency/scope.ts";
import { createDeadlineInterceptor, decideDeadlines } from "../pipeline/deadline.ts";
import type { FlowPolicy } from "../pipeline/flow-policy.ts";
import type { AddressRange } from "../pipeline/limit-key/address-range.ts";
import { compileLimitKey } from "../pipeline/limit-key/compile.ts";
import { createMessageSizeLimit } from "../pipeline/message-size.ts";
import { orderInterceptors } from "../pipeline/order.ts";
import type { RateLimitStores } from "../pipeline/rate-limit/ask.ts";
import { createDryRunLog } from "../pipeline/rate-limit/dry-run-log.ts";
import { createRateLimitInterceptor } from "../pipeline/rate-limit/rate-limit.ts";
import { createRequestBudget } from "../pipeline/request-budget.ts";
import { createRetryBudgets } from "../pipeline/retry/budget.ts";
import { createHedgeInterceptor } from "../pipeline/retry/hedge.ts";
import { createRetryInterceptor } from "../pipeline/retry/retry.ts";
import { createStreamLimits } from "../pipeline/stream-limits/stream-limits.ts";
import type { Interceptor } from "../rpc/call.ts";
import type { Logger } from "../rpc/logger.ts";
import { cookieValues } from "../transcode/cookie.ts";
import { methodInfo } from "../transcode/method-info.ts";
import type { Choice } from "../upstream/picker.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { createKeyFieldReaders } from "./flow-key-field.ts";
import { noFlowPolicy } from "./resolve-flow-policy.ts";
import type { PolicyStateView } from "./route-table-view.ts";
import { createUpstreamCircuits } from "./upstream-circuits.ts";

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

export interface ControlledMethod {
  readonly method: DescMethod;
  readonly policy: FlowPolicy;
  /** Names of the upstreams that serve it. */
  readonly upstreams: readonly string[];
}

/** Of one gateway. */
export interface FlowControl {
  /** The interceptors of a method, outermost first. */
  interceptorsOf(method: DescMethod, policy: FlowPolicy): readonly Interceptor[];
  /** What stands between the choice among a method's upstreams and each of them; the same list where nothing does. */
  guard(method: DescMethod, policy: FlowPolicy, upstreams: readonly Upstream[]): readonly Choice[];
  /** The live state of what limits a method, for people; empty where nothing does. */
  stateOf(method: DescMethod, upstreams: readonly string[]): readonly PolicyStateView[];
  /** To be called when a snapshot of these methods has replaced another: what only the old one used is forgotten. */
  retain(methods: Iterable<ControlledMethod>): void;
}

export function createFlowControl(options: FlowControlOptions): FlowControl {
  const { maxTimeoutMs, stores, trustedProxies, auth, logger } = options;
  const requestBudget = createRequestBudget(options.maxInFlightBytes);
  const places = createBorrowedStates<ConcurrencyScope>();
  const budgets = createRetryBudgets();
  const circuits = createUpstreamCircuits(logger);
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
    const { concurrency } = policy;
    return {
      rateLimit: createRateLimitInterceptor({
        limits: policy.rateLimits,
        report: createDryRunLog(policy.rateLimits, logger, info.path),
        scopeKey,
        stores,
        keyOf: (key) => compileLimitKey(key, keyOptions),
      }),
      concurrencyLimit:
        concurrency &&
        createConcurrencyInterceptor({
          policy: concurrency,
          scopeKey,
          keyOf: compileLimitKey(concurrency.key, keyOptions),
          registry: places,
        }),
    };
  };

  /** Those that send a call again. A service's policy is not in force where it does not fit, so each is the method's. */
  const repeaterOf = (method: DescMethod, { retry, hedge, timeout }: FlowPolicy): Interceptor | undefined => {
    if (retry === undefined && hedge === undefined) return undefined;
    const info = methodInfo(method);
    const common = { method: info, explicit: true, budget: budgets.borrow(info.path) };
    if (hedge !== undefined) return createHedgeInterceptor({ policy: hedge, ...common });
    return retry && createRetryInterceptor({ policy: retry, perTryMs: timeout.perTryMs, ...common });
  };

  return {
    interceptorsOf(method, policy) {
      tellOfLocal(method, policy);
      return orderInterceptors({
        ...limitsOf(method, policy),
        deadline: createDeadlineInterceptor(decideDeadlines(policy, maxTimeoutMs)),
        requestBudget,
        messageSize: createMessageSizeLimit(policy),
        // Without verifiers nobody is let in where a principal is demanded.
        auth: createAuthInterceptor({ verifiers: [], defaultRequired: false, ...auth, policy: policy.auth }),
        streamLimits: createStreamLimits({ stream: policy.stream, kind: methodInfo(method).kind }),
        retry: repeaterOf(method, policy),
      });
    },
    guard(method, { circuitBreaker }, upstreams) {
      if (circuitBreaker === undefined) return upstreams;
      return circuits.guard(methodInfo(method).path, circuitBreaker, upstreams);
    },
    stateOf(method, upstreams) {
      const { path } = methodInfo(method);
      const scope = places.get(path)?.view();
      return [
        ...(scope === undefined
          ? []
          : [
              {
                key: "concurrency",
                value: `${scope.inFlight} in flight, ${scope.waiting} waiting${scope.limit === undefined ? "" : `, limit ${scope.limit}`}`,
              },
            ]),
        ...circuits.stateOf(path, upstreams),
      ];
    },
    retain(methods) {
      const used = { places: new Set<string>(), budgets: new Set<string>() };
      const guarded: (readonly [path: string, upstreams: readonly string[]])[] = [];
      for (const { method, policy, upstreams } of methods) {
        const { path } = methodInfo(method);
        if (policy.concurrency) used.places.add(path);
        if (policy.retry ?? policy.hedge) used.budgets.add(path);
        if (policy.circuitBreaker) guarded.push([path, upstreams]);
      }
      places.retain(used.places);
      budgets.retain(used.budgets);
      circuits.retain(guarded);
    },
  };
}

/** The gateway's own services: nothing limits them, and load balancers ask for health without a token. */
export function ownInterceptorsOf(flowControl: FlowControl): (method: DescMethod) => readonly Interceptor[] {
  const policyOf = (method: DescMethod): FlowPolicy =>
    method.parent.typeName === Health.typeName ? { ...noFlowPolicy, auth: { kind: "public" } } : noFlowPolicy;
  return (method) => flowControl.interceptorsOf(method, policyOf(method));
}
