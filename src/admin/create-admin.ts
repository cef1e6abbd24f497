// The admin application: debug pages and probes, as Fastify routes behind one raw entry, so that it can sit behind the
// data plane's port or have a port of its own. Fastify is imported in this room only.
// Source: design.md §1 (--admin), issue 3 ("What people get").
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerBase,
} from "fastify";
import type { ExplainedRequest } from "../gateway/explain-request.ts";
import type { Explanation } from "../gateway/explanation.ts";
import type { Readiness } from "../gateway/readiness.ts";
import type { RouteTableView } from "../gateway/route-table-view.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { httpStatusOf } from "../wire/http-status.ts";
import { formatExplanationPage } from "./explanation-page.ts";
import { formatExplanation } from "./explanation-text.ts";
import { pageHeader } from "./page.ts";
import { type AskedRequest, parseAskedRequest, readAskedRequest } from "./read-explained-request.ts";
import { formatReadiness } from "./readiness-text.ts";
import { formatRouteTablePage } from "./route-table-page.ts";
import { formatRouteTable } from "./route-table-text.ts";
import { formatJson, formatStatus, parameter, sendForm } from "./send-form.ts";

/** What the pages show; each is asked anew for every request. */
export interface AdminSources {
  routes(): RouteTableView;
  /** @throws RpcError UNAVAILABLE before there is a schema */
  explain(request: ExplainedRequest): Explanation;
  readiness(): Readiness;
  /** Told of requests that failed here by a mistake of ours. Default: nobody. */
  onError?(error: unknown, where: string): void;
}

export interface Admin {
  /** Answers a raw request of either version of HTTP, unknown paths with 404 and a Status body. */
  readonly handler: (
    request: RawRequestDefaultExpression<RawServerBase>,
    response: RawReplyDefaultExpression<RawServerBase>,
  ) => void;
  /** Whether the raw path, without its query, is one of ours. */
  knows(path: string): boolean;
  close(): Promise<void>;
}

export async function createAdmin(sources: AdminSources): Promise<Admin> {
  const app = Fastify({
    logger: false,
    // Whatever Fastify has to say about a URL it cannot decode is said by us.
    frameworkErrors: (_error, request, reply) => sendStatus(reply, Code.NOT_FOUND, noRoute(request)),
  });
  const paths = new Set<string>();
  const get = (path: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown): void => {
    paths.add(path);
    app.get(path, answer);
  };

  // Nothing here reads a body, so none is parsed, refused or waited for.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(pageHeader);
  });

  get("/debug", (_request, reply) => reply.redirect("/debug/routes", 302));
  get("/debug/routes", (request, reply) => {
    const view = sources.routes();
    return sendForm(request, reply, {
      "text/plain": () => formatRouteTable(view),
      "application/json": () => formatJson(view),
      "text/html": () => formatRouteTablePage(view, parameter(request, "q").trim()),
    });
  });
  get("/debug/explain", (request, reply) => sendExplanation(sources, request, reply));
  get("/livez", (_request, reply) => reply.type("text/plain; charset=utf-8").send("ok\n"));
  get("/readyz", (request, reply) => {
    const readiness = sources.readiness();
    reply.code(readiness.ready ? 200 : 503);
    return sendForm(request, reply, {
      "text/plain": () => formatReadiness(readiness),
      "application/json": () => formatJson(readiness),
    });
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    if (!paths.has(path)) return sendStatus(reply, Code.NOT_FOUND, noRoute(request));
    reply.header("allow", "GET, HEAD");
    return sendStatus(reply, Code.UNIMPLEMENTED, `${request.method} is not allowed on ${path}`, 405);
  });
  app.setErrorHandler((error, request, reply) => {
    sources.onError?.(error, `${request.method} ${request.url}`);
    return sendStatus(reply, Code.INTERNAL, "internal error");
  });
  await app.ready();
  return {
    handler: rawHandler(app),
    knows: (path) => paths.has(path),
    close: () => app.close(),
  };
}

/** Fastify's types know one version of HTTP per application; its router asks nothing of a request that both lack. */
function rawHandler(app: FastifyInstance): Admin["handler"] {
  type Raw = Parameters<FastifyInstance["routing"]>;
  return (request, response) => app.routing(request as Raw[0], response as Raw[1]);
}

function sendExplanation(sources: AdminSources, request: FastifyRequest, reply: FastifyReply): unknown {
  const asked = readAskedRequest(request);
  const answer = explain(sources, asked);
  // A browser that asks nothing yet is given the form.
  if (typeof answer === "string") {
    return sendForm(request, reply, {
      "text/plain": () => {
        reply.code(400);
        return `${answer}\n`;
      },
      "application/json": () => {
        reply.code(400);
        return formatStatus(Code.INVALID_ARGUMENT, answer);
      },
      "text/html": () => formatExplanationPage(asked.target === "" ? { asked } : { asked, answer }),
    });
  }
  if (answer instanceof RpcError) reply.code(httpStatusOf(answer.code));
  return sendForm(request, reply, {
    "text/plain": () => (answer instanceof RpcError ? `${answer.rawMessage}\n` : formatExplanation(answer)),
    "application/json": () =>
      answer instanceof RpcError ? formatStatus(answer.code, answer.rawMessage) : formatJson(answer),
    "text/html": () => formatExplanationPage({ asked, answer }),
  });
}

/** An expected failure, such as no schema yet, is an answer; a text says what is wrong with the question. */
function explain(sources: AdminSources, asked: AskedRequest): Explanation | RpcError | string {
  const request = parseAskedRequest(asked);
  if (typeof request === "string") return request;
  try {
    return sources.explain(request);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

function noRoute(request: FastifyRequest): string {
  return `no route for ${request.method} ${request.url.split("?", 1)[0] ?? ""}`;
}

function sendStatus(
  reply: FastifyReply,
  code: Code,
  message: string,
  httpStatus = httpStatusOf(code),
): unknown {
  return reply
    .code(httpStatus)
    .headers(pageHeader)
    .type("application/json; charset=utf-8")
    .send(formatStatus(code, message));
}
