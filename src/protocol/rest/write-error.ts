// Turns whatever was thrown on the way into a REST response: the one place where an `RpcError` becomes bytes.
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { httpStatusOf } from "../../wire/http-status.ts";
import { metadataToHttp } from "../../wire/metadata.ts";
import { retryAfterOf } from "./retry-after.ts";
import type { StatusFormat } from "./status-format.ts";

/**
 * @param httpStatus for errors of HTTP itself (404, 405, 413, 415); else it follows from the code
 * @param extra header entries of this answer, such as `allow`
 */
export function writeError(
  reason: unknown,
  formatStatus: StatusFormat,
  httpStatus?: number,
  extra: readonly (readonly [string, string])[] = [],
): HttpResponse {
  const error = RpcError.from(reason);
  const header = new Header();
  header.append("content-type", "application/json");
  for (const [name, value] of extra) header.append(name, value);
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) header.append("retry-after", retryAfter);
  for (const [name, value] of metadataToHttp(error.header)) header.append(name, value);
  const response = {
    httpStatus: httpStatus ?? httpStatusOf(error.code),
    header,
    body: formatStatus(error),
  };
  if (error.trailer.size === 0) return response;
  return { ...response, trailer: async () => metadataToHttp(error.trailer) };
}
