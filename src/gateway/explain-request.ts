// Answers "what would the gateway do with this request?" without sending anything.
import { defaultJsonOptions } from "../codec/codec.ts";
import {
  isLines,
  isMultipart,
  refuseContentEncoding,
  refuseContentType,
  resolveBodyType,
} from "../protocol/rest/body-type.ts";
import { chooseReply, planRoute, refuseAccept } from "../protocol/rest/reply-choice.ts";
import { Code, codeName } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { streamsReplies, streamsRequests } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { Dialect } from "../transcode/dialect.ts";
import type { BindingStep, ReplyForm, RequestParts, Route } from "../transcode/route.ts";
import { takeSystemParameters } from "../transcode/system-parameters.ts";
import { acceptOf } from "../wire/accept.ts";
import { httpStatusOf } from "../wire/http-status.ts";
import { splitWholeJson } from "../wire/json-values.ts";
import { metadataRules } from "../wire/metadata-rules.ts";
import { readDeadline } from "../wire/read-deadline.ts";
import { clientMetadata } from "../wire/request-metadata.ts";
import { bindFormMessages, explainForm } from "./explain-form.ts";
import { cutForm, type FormParts } from "./explain-form-parts.ts";
import { explainMethod } from "./explain-method.ts";
import type { Explanation } from "./explanation.ts";
import { rpcOf, viewEntry, viewRoute } from "./route-table.ts";
import type { Snapshot } from "./snapshot.ts";

/** A request as people write it down. */
export interface ExplainedRequest {
  readonly httpMethod: string;
  /** Raw path and query: `/v1/shelves/1?view=FULL`. */
  readonly target: string;
  /** Empty by default. */
  readonly header?: Header;
  /** Absent = no body. Taken for JSON where the header names no `content-type`. */
  readonly body?: Uint8Array;
}

export function explainRequest(snapshot: Snapshot, dialect: Dialect, request: ExplainedRequest): Explanation {
  const { httpMethod, target } = request;
  const question = target.indexOf("?");
  const path = question === -1 ? target : target.slice(0, question);
  const query = question === -1 ? "" : target.slice(question + 1);
  const match = snapshot.router.match(httpMethod, path);
  const trials = snapshot.router.explain(httpMethod, path).map(({ route, outcome, reason }) => ({
    httpMethod: route.httpMethod,
    template: route.template,
    rpc: rpcOf(route),
    outcome,
    reason,
  }));
  const nothing = { route: null, bindings: [], policy: [], success: null, backend: null };
  const unmatched = { httpMethod, target, trials, ...nothing };
  const { header = new Header(), body = new Uint8Array(0) } = request;
  if (match.kind === "no_route") {
    const method = explainMethod(snapshot, { httpMethod, path, query, header, body });
    if (method !== undefined) return { ...unmatched, outcome: "method", trials: [], ...method };
  }
  if (match.kind === "no_route") {
    const message = `no route for ${httpMethod} ${path}`;
    const error = { httpStatus: 404, code: codeName(Code.NOT_FOUND), message };
    return { ...unmatched, outcome: "no_route", summary: message, allow: [], error };
  }
  if (match.kind === "wrong_method") {
    const { allow } = match;
    if (httpMethod === "OPTIONS") {
      const summary = `OPTIONS is answered by the gateway: 204, Allow: ${allow.join(", ")}`;
      return { ...unmatched, outcome: "wrong_method", summary, allow, error: null };
    }
    const message = `${httpMethod} is not allowed on this path, only ${allow.join(", ")}`;
    const httpStatus = dialect.wrongMethod === "method-not-allowed" ? 405 : 501;
    const error = { httpStatus, code: codeName(Code.UNIMPLEMENTED), message };
    return { ...unmatched, outcome: "wrong_method", summary: message, allow, error };
  }
  const { route, captures } = match;
  const contentType = header.get("content-type") ?? (body.length > 0 ? "application/json" : "");
  const given: RequestParts = { captures, query, header, body, contentType };
  const bodyType = bodyTypeOf(route, given, snapshot.dialect);
  const parts = typeof bodyType === "string" ? { ...given, contentType: bodyType } : given;
  const form = isForm(route, parts) ? cutForm(body, contentType) : undefined;
  return {
    ...unmatched,
    outcome: "route",
    summary: `${route.httpMethod} ${route.template} → ${rpcOf(route)}`,
    route: viewRoute(route, snapshot),
    allow: [],
    bindings:
      form === undefined
        ? route.explainBinding({ ...parts, body: firstMessage(route, parts) })
        : [...headSteps(route, parts), ...explainForm(snapshot, route, form)],
    policy: snapshot.policies.of(route.method).entries.map(viewEntry),
    ...bindOrRefuse(snapshot, route, parts, bodyType, form),
  };
}

/** What `protocol/rest` does before it calls, in its order, by the same functions. */
function bindOrRefuse(
  snapshot: Snapshot,
  route: Route,
  parts: RequestParts,
  bodyType: string | RpcError,
  form: FormParts | undefined,
): Pick<Explanation, "success" | "backend" | "error"> {
  try {
    const { query, form: asked } = takeSystemParameters(parts.query, snapshot.dialect, route, parts.header);
    const askedForm = asked.fields === undefined && query === parts.query ? undefined : asked;
    const unacceptable = refuseAccept(planRoute(route), acceptOf(parts.header), askedForm);
    if (unacceptable !== undefined) return refused(unacceptable, 406);
    route.checkReplyForm(asked);
    readDeadline(parts.header);
    if (typeof bodyType !== "string") return refused(bodyType, 415);
    const metadata = clientMetadata(parts.header, metadataRules[snapshot.dialect.metadataRules]);
    const head = { ...parts, query };
    const messages = form === undefined ? bindMessages(route, head) : bindFormMessages(route, form, head);
    // As it is: what the policy says of printing is about replies.
    const codec = snapshot.codecOf(defaultJsonOptions).message(route.method.input);
    const json = messages.map((message) =>
      JSON.stringify(JSON.parse(codec.encodeJson(message)), undefined, 2),
    );
    return {
      success: successOf(route, parts.header, askedForm),
      backend: {
        upstreams: snapshot.upstreamsOf.get(route.info.service) ?? [],
        path: route.info.path,
        messageType: route.method.input.typeName,
        json: json.join("\n"),
        messageBytes: messages.reduce((sum, message) => sum + message.length, 0),
        header: [...metadata].map(([name, value]) => `${name}: ${value}`),
      },
      error: null,
    };
  } catch (reason) {
    return refused(RpcError.from(reason));
  }
}

/** The bodies of a client stream's messages; a unary body is its own only one. */
function bodiesOf(route: Route, { body, contentType }: RequestParts): readonly Uint8Array[] {
  if (!streamsRequests(route.info.kind) || route.rawRequestBody || route.body === "") return [body];
  const layout = isLines(contentType) ? "lines" : "array";
  return [...splitWholeJson(body, { layout, maxValueBytes: Number.POSITIVE_INFINITY })];
}

function bindMessages(route: Route, parts: RequestParts): readonly Uint8Array[] {
  return bodiesOf(route, parts).map((body, index) =>
    index === 0 ? route.bind({ ...parts, body }) : route.bindBody(body, parts.contentType),
  );
}

/** What path and query go into; a body that cannot be cut into messages is explained as it is. */
function firstMessage(route: Route, parts: RequestParts): Uint8Array {
  try {
    return bodiesOf(route, parts)[0] ?? new Uint8Array(0);
  } catch {
    return parts.body;
  }
}

function refused(
  { code, rawMessage }: RpcError,
  httpStatus = httpStatusOf(code),
): Pick<Explanation, "success" | "backend" | "error"> {
  return { success: null, backend: null, error: { httpStatus, code: codeName(code), message: rawMessage } };
}

/** What the body is read by, or what its client would get with 415. */
function bodyTypeOf(
  route: Route,
  { header, body, contentType }: RequestParts,
  { bodyTypes }: Dialect,
): string | RpcError {
  if (body.length === 0 || route.body === "" || route.rawRequestBody) return contentType;
  const streamed = streamsRequests(route.info.kind);
  return (
    refuseContentType(contentType, streamed, bodyTypes) ??
    refuseContentEncoding(header.get("content-encoding")) ??
    resolveBodyType(contentType, bodyTypes, streamed ? undefined : body)
  );
}

function isForm(route: Route, { body, contentType }: RequestParts): boolean {
  return body.length > 0 && route.body !== "" && !route.rawRequestBody && isMultipart(contentType);
}

/** What binds beside the form, whose own step would say that it was not cut into parts. */
function headSteps(route: Route, parts: RequestParts): readonly BindingStep[] {
  return route.explainBinding(parts).filter(({ from }) => from !== "body");
}

function successOf(route: Route, header: Header, form: ReplyForm | undefined): Explanation["success"] {
  const { contentType, streamFormat } = chooseReply(planRoute(route), acceptOf(header), form);
  const { successStatus, location } = route.policy;
  if (route.rawReplyBody) return { httpStatus: successStatus, contentType: "", location };
  if (streamsReplies(route.info.kind)) {
    return { httpStatus: 200, contentType: streamFormat.contentType, location: "" };
  }
  const type = successStatus === 204 ? "" : (contentType ?? "application/json");
  return { httpStatus: successStatus, contentType: type, location };
}
