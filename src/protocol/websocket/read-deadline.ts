// The deadline of a call over WebSocket: `$timeout` of the query, in seconds, or one of the headers that other protocols
// have, from the handshake or the header frame. The smallest counts; a malformed one is an error. `$` keeps the name
// apart from the fields that the query of a REST path binds.
import { Code } from "../../rpc/code.ts";
import { createDeadline, type Deadline } from "../../rpc/deadline.ts";
import type { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { parseConnectTimeout, parseGrpcTimeout, parseServerTimeout } from "../../wire/timeout.ts";

const forms: ReadonlyMap<string, (text: string) => number | undefined> = new Map([
  ["grpc-timeout", parseGrpcTimeout],
  ["connect-timeout-ms", parseConnectTimeout],
  ["x-server-timeout", parseServerTimeout],
]);

/** Headers that say how long a client is willing to wait. */
export const deadlineNames: ReadonlySet<string> = new Set(forms.keys());

export interface QueryTimeout {
  /** As sent; undefined where there is none. */
  readonly text: string | undefined;
  /** The query without it. */
  readonly query: string;
}

/** Takes `$timeout` out of a raw query. Of several the last counts. */
export function takeTimeout(query: string): QueryTimeout {
  if (!query.includes("timeout=")) return { text: undefined, query };
  let text: string | undefined;
  const left = query.split("&").filter((pair) => {
    const match = /^(?:\$|%24)timeout=(.*)$/.exec(pair);
    if (match === null) return true;
    text = match[1];
    return false;
  });
  return { text, query: left.join("&") };
}

/** @throws RpcError INVALID_ARGUMENT naming what is malformed */
export function readDeadline(header: Header, queryText: string | undefined): Deadline | undefined {
  const timeouts: number[] = [];
  if (queryText !== undefined) {
    timeouts.push(
      parseServerTimeout(queryText.replace(/s$/, "")) ?? refuse("query parameter $timeout", queryText),
    );
  }
  for (const [name, parse] of forms) {
    const text = header.get(name);
    if (text !== undefined) timeouts.push(parse(text) ?? refuse(`header ${name}`, text));
  }
  return timeouts.length === 0 ? undefined : createDeadline(Math.min(...timeouts));
}

function refuse(what: string, text: string): never {
  const got = JSON.stringify(text.slice(0, 40));
  throw new RpcError(Code.INVALID_ARGUMENT, `${what}: expected a timeout, got ${got}`);
}
