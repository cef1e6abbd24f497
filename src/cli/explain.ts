// `protogate explain 'GET /v1/x?y=z'`: what the gateway would do with a request, and why, without sending anything.
import { readFileSync } from "node:fs";
import { formatExplanation } from "../admin/explanation-text.ts";
import { whyUnreadable } from "../config/file-problem.ts";
import { gatewayFlags } from "../config/flag-spec.ts";
import type { ParsedArguments } from "../config/parse-arguments.ts";
import { quoted } from "../config/parsed.ts";
import { parseHeaderLine } from "../gateway/parse-header-line.ts";
import { Header } from "../rpc/header.ts";
import type { Problem } from "../schema/problem.ts";
import type { Command } from "./command.ts";
import { inspectInputs } from "./inspect-inputs.ts";
import { reportUsage } from "./report.ts";

export const explainCommand: Command = {
  name: "explain",
  summary: "Say what a request would do, and why.",
  usage: "protogate explain 'METHOD /path?query' [UPSTREAM …] [flags]",
  about: `Takes the same inputs as \`serve\` and says which route matches the request, which others were tried and
why they lost, what binds to which field, what the backend would receive, and which settings of the
method are in force and whose word they are. Nothing is sent.

Exits 0 when the request would reach a backend, 1 when it would be answered with an error.`,
  examples: [
    ["protogate explain 'GET /v1/shelves/1/books/2?view=FULL'", "on the demo"],
    [`protogate explain 'POST /v1/shelves' localhost:50051 --data '{"theme":"poetry"}'`, "with a body"],
    ["protogate explain '/v1/shelves' --header 'x-user-id: ada' localhost:50051", "with a header"],
    ["protogate explain 'PUT /v1/shelves' --config protogate.yaml --json", "for programs"],
  ],
  flags: [
    ...gatewayFlags,
    {
      name: "header",
      value: "'NAME: VALUE'",
      repeats: true,
      description: "Header of the request. A body is taken for JSON unless `content-type` says otherwise.",
    },
    { name: "data", value: "BODY", description: "Body of the request; `@FILE` reads it from a file." },
    { name: "json", description: "Print the explanation as JSON, as /debug/explain does." },
  ],

  async run(args, context) {
    const [requestText, ...upstreams] = args.positionals;
    const request = parseRequest(requestText);
    const body = readBody(args);
    const header = readHeader(args);
    const problems = [request, header, body].filter((outcome) => "message" in outcome);
    if ("message" in request || "message" in header || "message" in body) {
      return reportUsage(context.terminal, [...args.problems, ...problems], "explain");
    }
    return inspectInputs(args, { command: "explain", upstreams, context }, (inspection) => {
      const explanation = inspection.explain({ ...request, header, ...body });
      const json = args.values.has("json");
      const text = json ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation);
      context.terminal.print(text.trimEnd());
      return explanation.route === null && explanation.outcome !== "method"
        ? 1
        : explanation.error === null
          ? 0
          : 1;
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

function readHeader(args: ParsedArguments): Header | Problem {
  const header = new Header();
  for (const line of args.values.get("header") ?? []) {
    const entry = parseHeaderLine(line);
    if (entry === undefined) {
      return {
        place: "--header",
        message: `expected 'NAME: VALUE', as in 'x-user-id: ada', got ${quoted(line)}`,
      };
    }
    header.append(...entry);
  }
  return header;
}

function readBody(args: ParsedArguments): { readonly body?: Uint8Array } | Problem {
  const text = args.values.get("data")?.at(0);
  if (text === undefined) return {};
  if (!text.startsWith("@")) return { body: new TextEncoder().encode(text) };
  const file = text.slice(1);
  const why = whyUnreadable(file, "file");
  if (why !== undefined) return { place: "--data", message: `${file}: ${why}` };
  return { body: readFileSync(file) };
}
