// The deadline a REST client asks for. The smallest of the headers it sent counts; a malformed one is an error, since
// a client that meant to bound its call should not get an unbounded one.
// Source: semantics "Headers and metadata"; gRPC `Timeout`, Connect `Connect-Timeout-Ms`, Envoy's `X-Server-Timeout`.
import { Code } from "../../rpc/code.ts";
import { createDeadline, type Deadline } from "../../rpc/deadline.ts";
import type { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { parseConnectTimeout, parseGrpcTimeout, parseServerTimeout } from "../../wire/timeout.ts";

const forms: readonly (readonly [
  name: string,
  expected: string,
  parse: (text: string) => number | undefined,
])[] = [
  ["grpc-timeout", "up to 8 digits and one of H, M, S, m, u, n, such as 500m", parseGrpcTimeout],
  ["connect-timeout-ms", "up to 10 digits, such as 500", parseConnectTimeout],
  ["x-server-timeout", "seconds, such as 0.5", parseServerTimeout],
];

/** @throws RpcError INVALID_ARGUMENT naming the header and what was expected */
export function readDeadline(header: Header): Deadline | undefined {
  let timeoutMs: number | undefined;
  for (const [name, expected, parse] of forms) {
    const text = header.get(name);
    if (text === undefined) continue;
    const parsed = parse(text);
    if (parsed === undefined) {
      const got = JSON.stringify(text.slice(0, 40));
      throw new RpcError(Code.INVALID_ARGUMENT, `header ${name}: expected ${expected}, got ${got}`);
    }
    timeoutMs = timeoutMs === undefined ? parsed : Math.min(timeoutMs, parsed);
  }
  return timeoutMs === undefined ? undefined : createDeadline(timeoutMs);
}
