// One answer in the form its reader likes: text for curl, JSON for programs, HTML for browsers.
// Source: issue 3 ("What people get"), RFC 9110 §12.5.1.
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Code } from "../rpc/code.ts";
import { negotiateMediaType } from "../wire/accept.ts";

/** In the order of preference where the client does not care, as curl does not. */
const forms = ["text/plain", "application/json", "text/html"] as const;
export type Form = (typeof forms)[number];

/** What `?format=` may say: a link cannot set Accept. */
const formNames = new Map<string, Form>([
  ["text", "text/plain"],
  ["json", "application/json"],
  ["html", "text/html"],
]);

/**
 * Sends the form that `?format=` names, else the one that Accept likes best. A client that accepts none of them gets
 * text: it is a person with an odd tool. Only the form that is sent is made.
 */
export function sendForm(
  request: FastifyRequest,
  reply: FastifyReply,
  answers: Partial<Record<Form, () => string>>,
): unknown {
  const offers = forms.filter((form) => answers[form] !== undefined);
  const asked = formNames.get(parameter(request, "format"));
  const form =
    asked !== undefined && offers.includes(asked)
      ? asked
      : (negotiateMediaType(request.headers.accept, offers) ?? "text/plain");
  const text = answers[form]?.() ?? "";
  return reply.header("vary", "accept").type(`${form}; charset=utf-8`).send(text);
}

/** A query parameter; the first one where it is repeated, empty where it is absent. */
export function parameter(request: FastifyRequest, name: string): string {
  return parameters(request, name)[0] ?? "";
}

/** Every value of a query parameter. */
export function parameters(request: FastifyRequest, name: string): readonly string[] {
  const query = request.query as Readonly<Record<string, unknown>>;
  const value = query[name];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((text) => typeof text === "string");
}

/** An error in the shape of google.rpc.Status. */
export function formatStatus(code: Code, message: string): string {
  return JSON.stringify({ code, message, details: [] });
}

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
