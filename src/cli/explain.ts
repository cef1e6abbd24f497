// `protogate explain 'GET /v1/x?y=z'`: what the gateway would do with a request, and why, without sending anything.
import { readFileSync } from "node:fs";
import { formatExplanation } from "../admin/explanation-text.ts";
import { whyUnreadable } from "../config/file-problem.ts";
import { gatewayFlags } from "../config/flag-spec.ts";
import type { ParsedArguments } from "../config/parse-arguments.ts";
import { quoted } from "../config/parsed.ts";
import type { Problem } from "../schema/problem.ts";
import type { Command } from "./command.ts";
import { inspectInputs } from "./inspect-inputs.ts";
import { reportUsage } from "./report.ts";

export const explainCommand: Command = {
  name: "explain",
  summary: "Say what a request would do, and why.",
  usage: "protogate explain 'METHOD /path?query' [UPSTREAM …] [flags]",
  about: `Takes the same inputs as \`serve\` and says which route matches the request, which others were tried and
why they lost, what binds to which field, and what the backend would receive. Nothing is sent.

Exits 0 when the request would reach a backend, 1 when it would be answered with an error.`,
  examples: [
    ["protogate explain 'GET /v1/shelves/1/books/2?view=FULL'", "on the demo"],
    [`protogate explain 'POST /v1/shelves' localhost:50051 --data '{"theme":"poetry"}'`, "with a body"],
    ["protogate explain 'PUT /v1/shelves' --config protogate.yaml --json", "for programs"],
  ],
  flags: [
    ...gatewayFlags,
    { name: "data", value: "BODY", description: "Body of the request; `@FILE` reads it from a file." },
    { name: "json", description: "Print the explanation as JSON, as /debug/explain does." },
  ],

  async run(args, context) {
    const [requestText, ...upstreams] = args.positionals;
    const request = parseRequest(requestText);
    const body = readBody(args);
    const problems = [request, body].filter((outcome) => "message" in outcome);
    if ("message" in request || "message" in body) {
      return reportUsage(context.terminal, [...args.problems, ...problems], "explain");
    }
    return inspectInputs(args, { command: "explain", upstreams, context }, (inspection) => {
      const explanation = inspection.explain(request.httpMethod, request.target, body.bytes);
      const json = args.values.has("json");
      const text = json ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation);
      context.terminal.print(text.trimEnd());
      return explanation.outcome === "route" && explanation.error === null ? 0 : 1;
    });
  },
};

interface RequestLine {
  readonly httpMethod: string;
  /** Raw path and query. */
  readonly target: string;
}

/** `GET /v1/x?y=z`; the method may be left out, and a whole URL is taken for its path. */
export function parseRequest(text: string | undefined): RequestLine | Problem {
  const place = text === undefined ? "argument 1" : `argument ${quoted(text)}`;
  const match = /^(?:([!#$%&'*+.^_`|~0-9a-z-]+)\s+)?(?:https?:\/\/[^/\s?#]+)?(\/[^\s#]*)$/i.exec(
    text?.trim() ?? "",
  );
  if (match === null) {
    return { place, message: "expected a request such as 'GET /v1/shelves/1', quoted as one argument" };
  }
  return { httpMethod: (match[1] ?? "GET").toUpperCase(), target: match[2] ?? "/" };
}

function readBody(args: ParsedArguments): { readonly bytes?: Uint8Array } | Problem {
  const text = args.values.get("data")?.at(0);
  if (text === undefined) return {};
  if (!text.startsWith("@")) return { bytes: new TextEncoder().encode(text) };
  const file = text.slice(1);
  const why = whyUnreadable(file, "file");
  if (why !== undefined) return { place: "--data", message: `${file}: ${why}` };
  return { bytes: readFileSync(file) };
}
