// The deadline of a call over WebSocket: `$timeout` of the query, in seconds, or one of the headers that other protocols
// have, from the handshake or the header frame. The smallest counts; a malformed one is an error. `$` keeps the name
// apart from the fields that the query of a REST path binds. Where messages come in frames it counts from the first frame,
// with which the call begins: who has only opened the WebSocket has not asked for anything yet.
import { Code } from "../../rpc/code.ts";
import { createDeadline, type Deadline } from "../../rpc/deadline.ts";
import type { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { readDeadline, readTimeout } from "../../wire/read-deadline.ts";
import { parseServerTimeout } from "../../wire/timeout.ts";

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
export function readCallDeadline(header: Header, queryText: string | undefined): Deadline | undefined {
  if (queryText === undefined) return readDeadline(header);
  const queryMs = parseServerTimeout(queryText.replace(/s$/, ""));
  if (queryMs === undefined) {
    const got = JSON.stringify(queryText.slice(0, 40));
    throw new RpcError(Code.INVALID_ARGUMENT, `query parameter $timeout: expected a timeout, got ${got}`);
  }
  return createDeadline(Math.min(queryMs, readTimeout(header) ?? queryMs));
}
