// REST: whatever is no RPC protocol, by the routes that `google.api.http` rules were compiled to.

import type { Handler } from "../../rpc/call.ts";
import { Code, codeName } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import type { Logger } from "../../rpc/logger.ts";
import type { MethodInfo } from "../../rpc/method.ts";
import { streamsReplies } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { Route } from "../../transcode/route.ts";
import type { Router } from "../../transcode/router.ts";
import { negotiateMediaType } from "../../wire/accept.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import type { Protocol } from "../../wire/protocol.ts";
import { readCall } from "./read-call.ts";
import type { StatusFormat } from "./status-format.ts";
import { bareStreamFormats, resultStreamFormats } from "./stream-format.ts";
import { writeError } from "./write-error.ts";
import { writeReply } from "./write-reply.ts";

export interface RestOptions {
  readonly router: Router;
  readonly dialect: Dialect;
  readonly formatStatus: StatusFormat;
  /** The composed handler of a method that has a route. */
  readonly handlerOf: (method: MethodInfo) => Handler;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  readonly logger: Logger;
}

export function createRestProtocol(options: RestOptions): Protocol {
  const { router, dialect, formatStatus, handlerOf, maxRequestBytes, logger } = options;
  const streamFormats = dialect.streamShape === "bare" ? bareStreamFormats : resultStreamFormats;
  const streamTypes = [...streamFormats.keys()];

  const answer = async (
    request: HttpRequest,
    route: Route,
    captures: readonly string[],
  ): Promise<HttpResponse> => {
    const streamType = streamsReplies(route.info.kind)
      ? negotiateMediaType(request.header.get("accept"), streamTypes)
      : "application/json";
    const streamFormat = streamFormats.get(streamType ?? "application/json");
    if (streamFormat === undefined) throw new Error(`stream type ${streamType} has no format`);
    const call = await readCall(request, route, captures, maxRequestBytes);
    if ("httpStatus" in call) return writeError(call.error, formatStatus, call.httpStatus);
    const reply = await handlerOf(route.info)(call);
    return writeReply(reply, {
      route,
      streamFormat,
      formatStatus,
      onStreamError: (error) => logFailure(logger, route, error),
    });
  };

  return {
    name: "rest",
    accepts: () => true,
    async handle(request) {
      const match = router.match(request.httpMethod, request.path);
      if (match.kind === "no_route") return undefined;
      if (match.kind === "wrong_method") {
        return writeWrongMethod(request, match.allow, dialect, formatStatus);
      }
      try {
        return await answer(request, match.route, match.captures);
      } catch (reason) {
        const error = RpcError.from(reason);
        logFailure(logger, match.route, error);
        return writeError(error, formatStatus);
      }
    },
  };
}

function writeWrongMethod(
  request: HttpRequest,
  allow: readonly string[],
  dialect: Dialect,
  formatStatus: StatusFormat,
): HttpResponse {
  const allowed = allow.join(", ");
  if (request.httpMethod === "OPTIONS") {
    return { httpStatus: 204, header: new Header(["allow", allowed]) };
  }
  const error = new RpcError(
    Code.UNIMPLEMENTED,
    `${request.httpMethod.slice(0, 20)} is not allowed on this path, only ${allowed}`,
  );
  const httpStatus = dialect.wrongMethod === "method-not-allowed" ? 405 : 501;
  return writeError(error, formatStatus, httpStatus, [["allow", allowed]]);
}

/** Only failures of our own are worth a line: what a backend answers is its client's affair. */
function logFailure(logger: Logger, route: Route, error: RpcError): void {
  if (error.cause === undefined || error.code === Code.CANCELLED) return;
  const level = error.code === Code.INTERNAL ? "error" : "debug";
  logger[level]("call failed", {
    rpc: route.info.path,
    code: codeName(error.code),
    error: error.rawMessage,
    cause: error.cause,
  });
}
