// Turns whatever was thrown on the way into a REST response: the one place where an `RpcError` becomes bytes.
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { ReplyForm } from "../../transcode/route.ts";
import type { HttpResponse } from "../../wire/http-message.ts";
import { httpStatusOf } from "../../wire/http-status.ts";
import { appendMetadata, isLegalMetadata, trailerToHttp } from "../../wire/metadata.ts";
import { type MetadataRules, metadataRules } from "../../wire/metadata-rules.ts";
import { formatError } from "./error-body.ts";
import { retryAfterOf } from "./retry-after.ts";
import type { StatusFormat } from "./status-format.ts";

export interface ErrorContext {
  readonly formatStatus: StatusFormat;
  /** Names of metadata in HTTP; the standard profile's by default. */
  readonly rules?: MetadataRules;
  /** The request's `Accept`, which chooses among JSON (the default), problem+json and protobuf. */
  readonly accept?: string | undefined;
  /** What the query says of the reply's form. */
  readonly form?: ReplyForm | undefined;
}

/**
 * @param httpStatus for errors of HTTP itself (404, 405, 413, 415); else it follows from the code
 * @param extra header entries of this answer, such as `allow`
 */
export function writeError(
  reason: unknown,
  context: ErrorContext,
  httpStatus?: number,
  extra: readonly (readonly [string, string])[] = [],
): HttpResponse {
  const { formatStatus, rules = metadataRules.standard, accept, form } = context;
  const error = RpcError.from(reason);
  const status = httpStatus ?? httpStatusOf(error.code);
  const { contentType, content } = formatError(error, status, formatStatus, accept, form);
  const header = new Header();
  header.append("content-type", contentType);
  for (const [name, value] of extra) header.append(name, value);
  appendMetadata(header, error.header, rules.metadataPrefix);
  // One answer to "when?": the detail, which is the gRPC way to say it, beats metadata of that name.
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) header.set("retry-after", retryAfter);
  // Where the gateway has a challenge of its own to say, a text beside it would be no challenge.
  if (rules.challenge && error.code === Code.UNAUTHENTICATED && !header.has("www-authenticate")) {
    if (isLegalMetadata("www-authenticate", error.rawMessage))
      header.append("www-authenticate", error.rawMessage);
  }
  const response = { httpStatus: status, header, body: content };
  if (error.trailer.size === 0) return response;
  return { ...response, trailer: async () => trailerToHttp(error.trailer, rules) };
}
