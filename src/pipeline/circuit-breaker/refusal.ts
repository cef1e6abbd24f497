// The answer of an open circuit. Known again by identity, because to a client it is UNAVAILABLE like any other and to
// our own retries it is not: the backend was not asked, and asking once more helps nobody.
import { Code } from "../../rpc/code.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { refuse } from "../refusal.ts";

const refusals = new WeakSet<RpcError>();

/** @param retryAfterMs until the next call is let through */
export function refuseOpenCircuit(retryAfterMs: number): RpcError {
  const message = "too many calls of this method have failed at the backend; it is given time to recover";
  const error = refuse(Code.UNAVAILABLE, message, { retryAfterMs });
  refusals.add(error);
  return error;
}

/** Whether the call was refused by a circuit breaker of this gateway. */
export function isCircuitOpen(reason: RpcError): boolean {
  return refusals.has(reason);
}
