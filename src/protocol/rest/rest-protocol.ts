// REST: whatever is no RPC protocol, by the routes that `google.api.http` rules were compiled to.

import { isRequestTooLarge } from "../../pipeline/message-size.ts";
import type { Handler } from "../../rpc/call.ts";
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { logFailure } from "../../rpc/log-failure.ts";
import type { Logger } from "../../rpc/logger.ts";
import type { MethodInfo } from "../../rpc/method.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import type { ReplyForm, Route } from "../../transcode/route.ts";
import type { RouteMatch, Router } from "../../transcode/router.ts";
import { takeSystemParameters } from "../../transcode/system-parameters.ts";
import { acceptOf } from "../../wire/accept.ts";
import type { HttpRequest, HttpResponse } from "../../wire/http-message.ts";
import { metadataRules } from "../../wire/metadata-rules.ts";
import type { Protocol } from "../../wire/protocol.ts";
import { compressResponse } from "./compress-response.ts";
import { type FormQuery, isFormPost, readFormQuery } from "./form-query.ts";
import { defaultHeartbeatMs } from "./heartbeat.ts";
import { readCall } from "./read-call.ts";
import type { BodyFailure } from "./read-messages.ts";
import { chooseReply, planRoute, type RoutePlan, refuseAccept } from "./reply-choice.ts";
import type { StatusFormat } from "./status-format.ts";
import { type ErrorContext, writeError } from "./write-error.ts";
import { writeReply } from "./write-reply.ts";

export interface RestOptions {
  readonly router: Router;
  readonly dialect: Dialect;
  readonly formatStatus: StatusFormat;
  /** The composed handler of a method that has a route. */
  readonly handlerOf: (method: MethodInfo) => Handler;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  /** Silence on a stream of events after which it gets a comment, in milliseconds; 0 or Infinity = none; default 15 s. */
  readonly heartbeatMs?: number;
  /** Whole bodies of replies smaller than this are not compressed; Infinity = nothing is, streams neither. 1 KiB by default. */
  readonly minCompressedBytes?: number;
  readonly logger: Logger;
}

interface ServedRoute extends RoutePlan {
  readonly onStreamError: (error: RpcError) => void;
}

type Matched = Extract<RouteMatch, { readonly kind: "route" }>;
type FoundPath = Exclude<RouteMatch, { readonly kind: "no_route" }>;

/** What config says where it says nothing: below it the header of a coding is worth more than it saves. */
const defaultMinCompressedBytes = 1024;

export function createRestProtocol(options: RestOptions): Protocol {
  const { router, dialect, formatStatus, handlerOf, maxRequestBytes, logger } = options;
  const { heartbeatMs = defaultHeartbeatMs, minCompressedBytes = defaultMinCompressedBytes } = options;
  const rules = metadataRules[dialect.metadataRules];
  const takesParameters = dialect.systemParameters !== "none";
  const plans = new Map<Route, ServedRoute>();

  const planOf = (route: Route): ServedRoute => {
    let plan = plans.get(route);
    if (plan === undefined) {
      plan = { ...planRoute(route), onStreamError: (error) => logFailure(logger, route.info, error) };
      plans.set(route, plan);
    }
    return plan;
  };

  /** @param form the form that stands for the query and the body, see `readFormQuery` */
  const answer = async (
    request: HttpRequest,
    { route, captures }: Matched,
    form: FormQuery | undefined,
  ): Promise<HttpResponse> => {
    const accept = acceptOf(request.header);
    let asked: ReplyForm | undefined;
    const plan = planOf(route);
    const bodyFailure: BodyFailure | undefined = plan.streamsRequests ? {} : undefined;
    try {
      let query = form?.query ?? request.query;
      if (takesParameters) {
        const taken = takeSystemParameters(query, dialect, route, request.header);
        // A query without a system parameter is handed back as it is, and asks for nothing.
        if (taken.query !== query || taken.form.fields !== undefined) {
          asked = taken.form;
          query = taken.query;
        }
      }
      const unacceptable = refuseAccept(plan, accept, asked);
      if (unacceptable !== undefined) {
        return writeError(unacceptable, { formatStatus, rules, accept, form: asked }, 406);
      }
      const choice = chooseReply(plan, accept, asked);
      if (choice.form !== undefined) route.checkReplyForm(choice.form);
      const call = await readCall({
        request,
        plan,
        captures,
        query,
        form,
        maxRequestBytes,
        rules,
        bodyTypes: dialect.bodyTypes,
        bodyFailure,
      });
      if ("httpStatus" in call) {
        const context = { formatStatus, rules, accept, form: asked };
        return writeError(call.error, context, call.httpStatus, call.header);
      }
      const reply = await handlerOf(route.info)(call);
      return await writeReply(reply, {
        route,
        choice,
        formatStatus,
        rules,
        heartbeatMs,
        seenCount: choice.streamFormat.numbered ? seenCountOf(request.header) : 0,
        onStreamError: plan.onStreamError,
      });
    } catch (reason) {
      // Where the body is at fault, what the backend made of its missing end is not the answer.
      const error = RpcError.from(bodyFailure?.reason ?? reason);
      logFailure(logger, route.info, error);
      const bodyTooLarge = bodyFailure?.reason !== undefined && error.code === Code.RESOURCE_EXHAUSTED;
      const tooLarge = bodyTooLarge || isRequestTooLarge(error);
      return writeError(error, { formatStatus, rules, accept, form: asked }, tooLarge ? 413 : undefined);
    }
  };

  const answerForm = async (request: HttpRequest, matched: Matched): Promise<HttpResponse> => {
    const context = { formatStatus, rules, accept: acceptOf(request.header) };
    try {
      const form = await readFormQuery(request, maxRequestBytes);
      if ("error" in form) return writeError(form.error, context, form.httpStatus, form.header);
      return await answer(request, matched, form);
    } catch (reason) {
      return writeError(reason, context);
    }
  };

  const answerMatch = async (request: HttpRequest, match: FoundPath): Promise<HttpResponse> => {
    if (match.kind === "route") return answer(request, match, undefined);
    if (dialect.formPost && match.allow.includes("GET") && isFormPost(request)) {
      const get = router.match("GET", request.path);
      if (get.kind === "route") return answerForm(request, get);
    }
    const context = { formatStatus, rules, accept: acceptOf(request.header) };
    return writeWrongMethod(request, match.allow, dialect, context);
  };

  return {
    name: "rest",
    accepts: () => true,
    async handle(request) {
      const match = router.match(request.httpMethod, request.path);
      if (match.kind === "no_route") return undefined;
      const response = await answerMatch(request, match);
      return compressResponse(request, response, minCompressedBytes);
    },
  };
}

function writeWrongMethod(
  request: HttpRequest,
  allow: readonly string[],
  dialect: Dialect,
  context: ErrorContext,
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
  return writeError(error, context, httpStatus, [["allow", allowed]]);
}

/** A client that resumes a stream of events says how many it has: ours are numbered. */
function seenCountOf(header: Header): number {
  const text = header.get("last-event-id");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
