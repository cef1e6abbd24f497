// Asks one endpoint how it is: grpc.health.v1.Health/Check once a connection stands, and again each interval. A backend
// that does not have the service counts as well, and is not asked again on that connection.
// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
import type { Call, Handler } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { createDeadline } from "../rpc/deadline.ts";
import { Header } from "../rpc/header.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { EndpointHealth } from "./upstream.ts";

export interface HealthCheckOptions {
  /** Which service to ask for. Default `""`, the backend as a whole. */
  readonly service?: string;
  /** Default 10 s, each time a tenth more or less. */
  readonly intervalMs?: number;
  /** Default 2 s. */
  readonly timeoutMs?: number;
  /** Header of the checks, such as a token. */
  readonly header?: Header;
}

export interface HealthCheck {
  /** Begins; to be called when a connection stands. */
  start(): void;
  /** Forgets what it knew. */
  stop(): void;
}

/** The method of checks; its calls are not the clients' and count nowhere. */
export const healthCheckMethod: MethodInfo = {
  path: "/grpc.health.v1.Health/Check",
  service: "grpc.health.v1.Health",
  name: "Check",
  kind: "unary",
  idempotency: "no_side_effects",
};

export const healthCheckDefaults = { service: "", intervalMs: 10_000, timeoutMs: 2_000 };
/** Checks that may fail in a row before the endpoint counts as unwell; what it says itself counts at once. */
const toleratedFailures = 1;
const serving = 1;
/** `ServingStatus` by number. */
const statusNames = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** @param tell is called with each change, and with `unknown` when the check is stopped */
export function createHealthCheck(
  invoke: Handler,
  tell: (health: EndpointHealth, error?: string) => void,
  options: HealthCheckOptions = {},
): HealthCheck {
  const intervalMs = options.intervalMs ?? healthCheckDefaults.intervalMs;
  const timeoutMs = options.timeoutMs ?? healthCheckDefaults.timeoutMs;
  const message = encodeRequest(options.service ?? healthCheckDefaults.service);
  const header = options.header ?? new Header();
  let running: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failureCount = 0;

  const check = async (run: AbortController): Promise<void> => {
    const { signal } = run;
    const deadline = createDeadline(timeoutMs);
    const call: Call = { kind: "unary", method: healthCheckMethod, header, deadline, signal, message };
    const verdict = await ask(invoke, call);
    if (running !== run) return;
    if (verdict.kind === "absent") {
      tell("serving");
      return;
    }
    failureCount = verdict.kind === "failed" ? failureCount + 1 : 0;
    if (verdict.kind === "answered") {
      if (verdict.status === serving) tell("serving");
      else tell("not_serving", `it says ${statusNames[verdict.status] ?? verdict.status}`);
    } else if (failureCount > toleratedFailures) tell("not_serving", verdict.reason);
    timer = setTimeout(() => void check(run), intervalMs * (0.9 + Math.random() * 0.2));
    timer.unref();
  };

  return {
    start() {
      if (running) return;
      failureCount = 0;
      running = new AbortController();
      void check(running);
    },
    stop() {
      if (!running) return;
      clearTimeout(timer);
      const run = running;
      running = undefined;
      run.abort();
      tell("unknown");
    },
  };
}

type Verdict =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly reason: string };

async function ask(invoke: Handler, call: Call): Promise<Verdict> {
  try {
    const reply = await invoke(call);
    return { kind: "answered", status: reply.kind === "unary" ? decodeStatus(reply.message) : 0 };
  } catch (reason) {
    const { code, message } = RpcError.from(reason);
    // The service that was asked for is not among those whose health it knows.
    if (code === Code.NOT_FOUND) return { kind: "answered", status: 3 };
    return code === Code.UNIMPLEMENTED
      ? { kind: "absent" }
      : { kind: "failed", reason: message.slice(0, 200) };
  }
}

/** `HealthCheckRequest.service` is field 1. */
function encodeRequest(service: string): Uint8Array {
  const writer = new ProtobufWriter(64);
  if (service !== "") {
    writer.tag(1, WireType.LENGTH);
    writer.string(service);
  }
  return writer.finish();
}

/** `HealthCheckResponse.status` is field 1. */
function decodeStatus(message: Uint8Array): number {
  const reader = new ProtobufReader(message);
  let status = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 8) status = reader.int32();
    else reader.skip(tag);
  }
  return status;
}
