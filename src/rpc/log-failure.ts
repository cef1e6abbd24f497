// Which failed calls are worth a line in the log: those with a cause of our own. What a backend answers is its client's
// affair.
import { Code, codeName } from "./code.ts";
import type { Logger } from "./logger.ts";
import type { MethodInfo } from "./method.ts";
import type { RpcError } from "./rpc-error.ts";

export function logFailure(logger: Logger, method: MethodInfo, error: RpcError): void {
  if (error.cause === undefined || error.code === Code.CANCELLED) return;
  const level = error.code === Code.INTERNAL ? "error" : "debug";
  logger[level]("call failed", {
    rpc: method.path,
    code: codeName(error.code),
    error: error.rawMessage,
    cause: error.cause,
  });
}
