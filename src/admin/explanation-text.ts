// What a request would do, for a terminal: /debug/explain for curl, and `protogate explain`.
import type { Explanation } from "../gateway/explanation.ts";
import { kindText } from "./names.ts";
import { formatColumns, printable } from "./text-columns.ts";

/** Answer first, then the route, what binds, what the backend gets, and what else was tried. Ends with a newline. */
export function formatExplanation(explanation: Explanation): string {
  const sections = [
    [printable(`${explanation.httpMethod} ${explanation.target}`), `  ${printable(answer(explanation))}`],
    routeLines(explanation),
    bindingLines(explanation),
    backendLines(explanation),
    policyLines(explanation),
    trialLines(explanation),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function answer({ summary, error }: Explanation): string {
  if (error === null) return summary;
  const status = `answered with ${error.httpStatus} ${error.code}`;
  return summary === error.message ? `${status}: ${summary}` : `${summary}, ${status}: ${error.message}`;
}

function routeLines({ route, allow, success }: Explanation): string[] {
  if (route === null) return allow.length === 0 ? [] : [`allowed here: ${printable(allow.join(", "))}`];
  const rows = [
    ["rpc", `${route.rpc} (${kindText(route.kind)})`],
    ["request", route.requestType],
    ["reply", route.replyType],
    ["body", bodyText(route.body)],
    ["response body", route.responseBody],
    ["success", success === null ? "" : successText(success)],
    ["from", route.origin],
    ["upstream", route.upstreams.join(", ")],
  ].filter((row) => row[1] !== "");
  return ["route", ...formatColumns(rows, [], "  ")];
}

/** `*` and the empty text need their meaning beside them. */
export function bodyText(body: string): string {
  if (body === "") return "none";
  return body === "*" ? "* (the whole message)" : body;
}

/** `201 application/json, Location from name` */
export function successText(success: NonNullable<Explanation["success"]>): string {
  const { httpStatus, contentType, location } = success;
  const text = contentType === "" ? String(httpStatus) : `${httpStatus} ${contentType}`;
  return location === "" ? text : `${text}, Location from ${location}`;
}

/** What options and config have decided apart from what the profile says of every method. */
export function splitPolicy(policy: Explanation["policy"]): {
  readonly decided: Explanation["policy"];
  readonly others: Explanation["policy"];
  readonly profile: string;
} {
  const others = policy.filter(({ origin }) => origin.startsWith("profile "));
  const decided = policy.filter((entry) => !others.includes(entry));
  return { decided, others, profile: others[0]?.origin ?? "profile" };
}

function policyLines({ policy }: Explanation): string[] {
  const { decided, others, profile } = splitPolicy(policy);
  if (decided.length === 0) return [];
  const rows = decided.map(({ key, value, origin }) => [key, value, origin]);
  return ["policy", ...formatColumns(rows, [], "  "), printable(`  and ${others.length} more by ${profile}`)];
}

function bindingLines({ bindings }: Explanation): string[] {
  if (bindings.length === 0) return [];
  const rows = bindings.map((step) => [
    step.outcome,
    step.from,
    step.text === "" ? step.key : `${step.key} = ${step.text}`,
    [step.field === undefined ? "" : `→ ${step.field}: ${step.type ?? "?"}`, step.reason ?? ""]
      .filter((part) => part !== "")
      .join("  "),
  ]);
  return ["binding", ...formatColumns(rows, [], "  ")];
}

function backendLines({ backend }: Explanation): string[] {
  if (backend === null) return [];
  const upstreams =
    backend.upstreams.length === 0 ? "no upstream" : `upstream ${backend.upstreams.join(", ")}`;
  return [
    "the backend would receive",
    `  ${printable(`${backend.path}  (${upstreams})`)}`,
    `  ${printable(`${backend.messageType}, ${backend.messageBytes} bytes`)}`,
    ...indented(backend.json),
    ...(backend.header.length === 0
      ? []
      : ["  with metadata", ...backend.header.map((line) => `    ${printable(line)}`)]),
  ];
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `    ${printable(line)}`);
}

function trialLines({ trials }: Explanation): string[] {
  if (trials.length === 0) return [];
  const rows = trials.map((trial) => [
    outcomeText(trial.outcome),
    trial.httpMethod,
    trial.template,
    trial.outcome === "matched" && trial.reason === "" ? trial.rpc : trial.reason,
  ]);
  return ["tried, best first", ...formatColumns(rows, [], "  ")];
}

/** `less_specific` → `less specific` */
export function outcomeText(outcome: string): string {
  return outcome.replaceAll("_", " ");
}
