// The request that /debug/explain is asked about, from the parameters of its own: method, path, header, body.
import type { FastifyRequest } from "fastify";
import type { ExplainedRequest } from "../gateway/explain-request.ts";
import { parseHeaderLine } from "../gateway/parse-header-line.ts";
import { Header } from "../rpc/header.ts";
import { parameter, parameters } from "./send-form.ts";

/** As it was asked, for the form that asks the next question. */
export interface AskedRequest {
  readonly httpMethod: string;
  readonly target: string;
  /** `name: value` lines. */
  readonly header: string;
  readonly body: string;
}

export function readAskedRequest(request: FastifyRequest): AskedRequest {
  return {
    httpMethod: parameter(request, "method").trim().toUpperCase() || "GET",
    target: parameter(request, "path").trim(),
    header: parameters(request, "header")
      .flatMap((text) => text.split(/\r?\n/))
      .filter((line) => line.trim() !== "")
      .join("\n"),
    // A browser sends a line break as two characters, which JSON does not mind.
    body: parameter(request, "body"),
  };
}

/** The request, or what is wrong with the way it is asked. */
export function parseAskedRequest(asked: AskedRequest): ExplainedRequest | string {
  const { httpMethod, target, body } = asked;
  if (target === "") {
    return "say which request: /debug/explain?method=GET&path=/v1/… (with the query percent-encoded)";
  }
  const header = new Header();
  for (const line of asked.header === "" ? [] : asked.header.split("\n")) {
    const entry = parseHeaderLine(line);
    if (entry === undefined)
      return `header: expected \`name: value\`, got ${JSON.stringify(line.slice(0, 80))}`;
    header.append(...entry);
  }
  return { httpMethod, target, header, ...(body !== "" && { body: new TextEncoder().encode(body) }) };
}

/** The link to the same question in another form. */
export function explainLink(asked: AskedRequest, format: string): string {
  const query = new URLSearchParams({ method: asked.httpMethod, path: asked.target });
  if (asked.header !== "") query.set("header", asked.header);
  if (asked.body !== "") query.set("body", asked.body);
  query.set("format", format);
  return `/debug/explain?${query}`;
}
