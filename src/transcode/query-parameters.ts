// The text of a query, or of a form in a body, split into parameters and bound: `view=FULL&book.title=x&labels[env]=prod`.
// Source: google/api/http.proto ("Rules for HTTP mapping"); the WHATWG URL standard §5 (urlencoded parsing), but for its
// leniency with malformed triples.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { Outcome, ParameterBinder, ParameterState } from "./parameter-binder.ts";
import { decodeQueryText } from "./path-text.ts";
import { quoteText, shortenText } from "./quote-text.ts";
import type { BindingStep } from "./route.ts";

/** Bounds of one query: no request by hand or by a client library comes near, and work and memory stay small. */
export const queryLimits = {
  /** Of forms too. */
  parameterCount: 1_000,
  /** Four times what most servers accept as a whole request head. A form is bounded as a body instead. */
  totalLength: 65_536,
} as const;

/** Where parameters stand, for messages. */
export type ParameterPlace = "query" | "form";

/**
 * Appends the fields of all parameters of a query or form.
 * @throws RpcError INVALID_ARGUMENT naming the parameter
 */
export function writeParameters(
  text: string,
  place: ParameterPlace,
  binder: ParameterBinder,
  state: ParameterState,
  writer: ProtobufWriter,
): void {
  each(text, place, binder, state, writer, (key, _text, outcome) => {
    if (outcome.outcome === "refused") throw parameterRefusal(place, key, outcome.reason);
  });
}

/** What would become of each parameter of a query. */
export function explainQuery(
  query: string,
  binder: ParameterBinder,
  state: ParameterState,
  writer: ProtobufWriter,
): BindingStep[] {
  const steps: BindingStep[] = [];
  each(query, "query", binder, state, writer, (key, text, outcome) => {
    const { target } = outcome;
    steps.push({
      from: "query",
      key: shortenText(key),
      text: shortenText(text),
      ...(target && { field: target.name, type: target.type }),
      outcome: outcome.outcome,
      ...(outcome.outcome !== "bound" && { reason: outcome.reason }),
    });
  });
  return steps;
}

export function parameterRefusal(place: ParameterPlace, key: string, reason: string): RpcError {
  const what =
    key === "" ? place : `${place === "form" ? "form field" : "query parameter"} ${quoteText(key)}`;
  return new RpcError(Code.INVALID_ARGUMENT, `${what}: ${reason}`);
}

/** Calls back for each parameter in order. */
function each(
  text: string,
  place: ParameterPlace,
  binder: ParameterBinder,
  state: ParameterState,
  writer: ProtobufWriter,
  visit: (key: string, text: string, outcome: Outcome) => void,
): void {
  if (text === "") return;
  if (place === "query" && text.length > queryLimits.totalLength) {
    const reason = `longer than ${queryLimits.totalLength} characters`;
    visit("", text, { outcome: "refused", reason });
    return;
  }
  let count = 0;
  for (let start = 0; start <= text.length; ) {
    const ampersand = text.indexOf("&", start);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end > start) {
      count += 1;
      if (count > queryLimits.parameterCount) {
        const reason = `more than ${queryLimits.parameterCount} parameters`;
        visit("", "", { outcome: "refused", reason });
        return;
      }
      // Looked for in the pair only: in the whole text, the search for each pair without one would run to the end.
      const pair = text.slice(start, end);
      const equals = pair.indexOf("=");
      const rawKey = equals < 0 ? pair : pair.slice(0, equals);
      const rawText = equals < 0 ? "" : pair.slice(equals + 1);
      const key = decodeQueryText(rawKey);
      const value = decodeQueryText(rawText);
      if (key === undefined || value === undefined) {
        const reason = `malformed percent-encoding in ${quoteText(key === undefined ? rawKey : rawText)}`;
        visit(key ?? rawKey, value ?? rawText, { outcome: "refused", reason });
      } else {
        visit(key, value, binder.bind(key, value, state, writer));
      }
    }
    start = end + 1;
  }
}
