// What a request tells of its call beside the messages, the same for every protocol.
import type { CallHead } from "../rpc/call.ts";
import type { Deadline } from "../rpc/deadline.ts";
import type { Header } from "../rpc/header.ts";
import type { MethodInfo } from "../rpc/method.ts";
import type { HttpRequest } from "./http-message.ts";

/**
 * @param request `signal` is of what the call belongs to, which may be less than the request
 * @param header metadata for the backend
 */
export function createCallHead(
  method: MethodInfo,
  request: Pick<HttpRequest, "signal" | "remoteAddress" | "principal">,
  header: Header,
  deadline: Deadline | undefined,
): CallHead {
  const { signal, remoteAddress, principal } = request;
  return {
    method,
    header,
    signal,
    ...(deadline && { deadline }),
    peer: remoteAddress,
    ...(principal && { principal }),
  };
}
