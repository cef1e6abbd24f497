// The deadline that a client asks for in a header. A malformed one is an error, since a client that meant to bound its
// call should not get an unbounded one.
// Source: semantics.md "Headers and metadata"; gRPC `Timeout`, Connect `Connect-Timeout-Ms`, Envoy's `X-Server-Timeout`.
import { Code } from "../rpc/code.ts";
import { createDeadline, type Deadline } from "../rpc/deadline.ts";
import type { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { parseConnectTimeout, parseGrpcTimeout, parseServerTimeout } from "./timeout.ts";

type TimeoutName = "grpc-timeout" | "connect-timeout-ms" | "x-server-timeout";

interface TimeoutForm {
  readonly expected: string;
  readonly parse: (text: string) => number | undefined;
}

const forms: Readonly<Record<TimeoutName, TimeoutForm>> = {
  "grpc-timeout": {
    expected: "up to 8 digits and one of H, M, S, m, u, n, such as 500m",
    parse: parseGrpcTimeout,
  },
  "connect-timeout-ms": { expected: "up to 10 digits, such as 500", parse: parseConnectTimeout },
  "x-server-timeout": { expected: "seconds, such as 0.5", parse: parseServerTimeout },
};

const allNames = Object.keys(forms) as readonly TimeoutName[];

/** Whether a header says how long a client is willing to wait; lower case. */
export function isTimeoutName(name: string): boolean {
  return Object.hasOwn(forms, name);
}

/**
 * The deadline of the smallest timeout among these headers; undefined where the client sent none of them.
 * @param names default: all of them, for protocols that have no header of their own
 * @throws RpcError INVALID_ARGUMENT naming the header and what was expected
 */
export function readDeadline(header: Header, names: readonly TimeoutName[] = allNames): Deadline | undefined {
  const timeoutMs = readTimeout(header, names);
  return timeoutMs === undefined ? undefined : createDeadline(timeoutMs);
}

/** The same in milliseconds, where there is something else to compare it with. */
export function readTimeout(header: Header, names: readonly TimeoutName[] = allNames): number | undefined {
  let timeoutMs: number | undefined;
  for (const name of names) {
    const text = header.get(name);
    if (text === undefined) continue;
    const { expected, parse } = forms[name];
    const parsed = parse(text);
    if (parsed === undefined) {
      const got = JSON.stringify(text.slice(0, 40));
      throw new RpcError(Code.INVALID_ARGUMENT, `header ${name}: expected ${expected}, got ${got}`);
    }
    timeoutMs = timeoutMs === undefined ? parsed : Math.min(timeoutMs, parsed);
  }
  return timeoutMs;
}
