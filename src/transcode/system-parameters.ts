// Google's system parameters, taken out of a query before it binds: some say how the reply is to look, the others are
// for a front end that we are not, and no field of any request. Of those that a header may carry instead only
// X-Goog-FieldMask concerns the reply; the others (X-Goog-Api-Key, X-Goog-User-Project, X-Goog-Quota-User …) are metadata
// like any header, and X-HTTP-Method-Override changes what the request is, which we do not.
// Source: https://cloud.google.com/apis/docs/system-parameters; the "parameters" of Google's discovery documents.
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { Dialect } from "./dialect.ts";
import { fieldsByName } from "./field-path.ts";
import type { ParameterScope } from "./parameter-target.ts";
import { parseFields } from "./partial-response.ts";
import { decodeQueryText } from "./path-text.ts";
import { quoteText, shortenText } from "./quote-text.ts";
import type { BindingStep, ReplyForm, Route } from "./route.ts";

export interface SystemParameters {
  /** The query that is left to bind. */
  readonly query: string;
  readonly form: ReplyForm;
}

/** What a value says of the reply; a reason where it says nothing that can be done. */
type ReadValue = (text: string) => ReplyForm | string;

interface SystemParameter {
  readonly read: ReadValue;
  /** Whether `name` means the same as `$name`. */
  readonly plain: boolean;
}

/** By name without `$`, as which each is known. */
const readers: ReadonlyMap<string, SystemParameter> = new Map<string, SystemParameter>([
  ["alt", { read: readAlt, plain: true }],
  ["fields", { read: readFields, plain: true }],
  ["prettyPrint", { read: readPrettyPrint, plain: true }],
  ...namedAlike(true, "access_token", "callback", "key", "oauth_token", "quotaUser", "userIp", "userProject"),
  ...namedAlike(true, "uploadType", "upload_protocol"),
  ...namedAlike(false, ".xgafv", "apiFormat", "apiVersion", "outputDefaults", "req", "trace", "unique"),
]);
// `$httpMethod` and `$ct` change what the request is. We do not, so they stay and are refused as unknown keys.

const howPrinted = "says how the reply is printed";
const nothing: ReplyForm = {};
const noNames: ReadonlySet<string> = new Set();

/** As a FieldMask in a header, what `$fields` says. */
const fieldsHeader = "x-goog-fieldmask";

/**
 * Takes the system parameters of the dialect out of a raw query, and what the header says besides. A name that is a
 * field of the request message, which the query of this route binds, stays that field; its `$` form is always the
 * system's. What the query says beats the header.
 * @throws RpcError INVALID_ARGUMENT naming the parameter or the header
 */
export function takeSystemParameters(
  query: string,
  dialect: Dialect,
  route: Pick<Route, "ownParameters">,
  header?: Header,
): SystemParameters {
  if (dialect.systemParameters === "none") return { query, form: nothing };
  const taken =
    query === ""
      ? { query, form: nothing }
      : take(query, route.ownParameters, (key, _text, reason) => {
          if (reason === undefined) return;
          throw new RpcError(Code.INVALID_ARGUMENT, `query parameter ${quoteText(key)}: ${reason}`);
        });
  const mask = header && fieldsOf(header);
  if (mask === undefined || taken.form.fields !== undefined) return taken;
  const said = readFields(mask);
  if (typeof said === "string")
    throw new RpcError(Code.INVALID_ARGUMENT, `header "${fieldsHeader}": ${said}`);
  return { query: taken.query, form: { ...taken.form, ...said, fieldsFrom: fieldsHeader } };
}

/** The same, told. */
export function explainSystemParameters(
  query: string,
  dialect: Dialect,
  ownParameters: ReadonlySet<string>,
  header: Header,
): { readonly query: string; readonly steps: readonly BindingStep[] } {
  if (dialect.systemParameters === "none") return { query, steps: [] };
  const steps: BindingStep[] = [];
  const { query: left, form } = take(query, ownParameters, (key, text, reason, read) => {
    const step = { from: "system", key: shortenText(key), text: shortenText(text) } as const;
    if (reason !== undefined) steps.push({ ...step, outcome: "refused", reason });
    else if (read === ignored) {
      steps.push({ ...step, outcome: "ignored", reason: "a system parameter of Google's front end" });
    } else steps.push({ ...step, outcome: "bound", reason: howPrinted });
  });
  const mask = fieldsOf(header);
  if (mask !== undefined) {
    const step = { from: "system", key: fieldsHeader, text: shortenText(mask) } as const;
    const said = readFields(mask);
    if (form.fields !== undefined) {
      steps.push({ ...step, outcome: "ignored", reason: "the query says which fields" });
    } else if (typeof said === "string") steps.push({ ...step, outcome: "refused", reason: said });
    else steps.push({ ...step, outcome: "bound", reason: howPrinted });
  }
  return { query: left, steps };
}

/** Which fields of the reply a header asks for; undefined for all. */
function fieldsOf(header: Header): string | undefined {
  if (!header.has(fieldsHeader)) return undefined;
  const mask = header.getAll(fieldsHeader).join(",").trim();
  return mask === "" ? undefined : mask;
}

/** Names without `$` that the query of a route binds to fields. */
export function ownParametersOf(
  { input, body, pathFields }: ParameterScope,
  dialect: Dialect,
): ReadonlySet<string> {
  if (dialect.systemParameters === "none" || body === "*") return noNames;
  const fields = fieldsByName(input);
  const own = new Set<string>();
  for (const [name, { plain }] of readers) {
    const field = plain ? fields.get(name) : undefined;
    if (field === undefined || field.name === body) continue;
    if (pathFields.some(({ ancestors, leaf }) => ancestors.length === 0 && leaf === field)) continue;
    own.add(name);
  }
  return own;
}

function namedAlike(plain: boolean, ...names: string[]): (readonly [string, SystemParameter])[] {
  return names.map((name) => [name, { read: ignored, plain }]);
}

function ignored(): ReplyForm {
  return {};
}

/** Of a parameter that is given twice the last counts. */
function take(
  query: string,
  own: ReadonlySet<string>,
  visit: (key: string, text: string, reason: string | undefined, read: ReadValue) => void,
): SystemParameters {
  const left: string[] = [];
  let form: ReplyForm = nothing;
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const key = decodeQueryText(equals < 0 ? pair : pair.slice(0, equals));
    const reader = key === undefined ? undefined : readerOf(key, own);
    if (key === undefined || reader === undefined) {
      left.push(pair);
      continue;
    }
    const raw = equals < 0 ? "" : pair.slice(equals + 1);
    const text = decodeQueryText(raw);
    const said = text === undefined ? `malformed percent-encoding in ${quoteText(raw)}` : reader(text);
    visit(key, text ?? raw, typeof said === "string" ? said : undefined, reader);
    if (typeof said !== "string") form = { ...form, ...said };
  }
  return { query: left.join("&"), form };
}

function readerOf(key: string, own: ReadonlySet<string>): ReadValue | undefined {
  if (key.startsWith("$")) return readers.get(key.slice(1))?.read;
  const reader = readers.get(key);
  return reader?.plain && !own.has(key) ? reader.read : undefined;
}

/** `json`, `proto`, `media`, `sse`; of JSON's parameters `enum-encoding=int`, which Google's generated clients send. */
function readAlt(text: string): ReplyForm | string {
  const [format = "", ...parameters] = text.split(";").map((part) => part.trim());
  let form: ReplyForm;
  switch (format.toLowerCase()) {
    case "":
    case "json":
    // The bytes of an HttpBody are sent as they are anyway, and any other reply has no other bytes.
    case "media":
      form = { format: "json" };
      break;
    case "proto":
      form = { format: "protobuf" };
      break;
    case "sse":
      form = { format: "json", streamFormat: "sse" };
      break;
    default:
      return `expected json, proto, media or sse, got ${quoteText(format)}`;
  }
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=", 2).map((part) => part.trim().toLowerCase());
    if (name === "") continue;
    if (name !== "enum-encoding" || (value !== "int" && value !== "string")) {
      return `expected enum-encoding=int or string, got ${quoteText(parameter)}`;
    }
    form = { ...form, enumNumbers: value === "int" };
  }
  return form;
}

function readFields(text: string): ReplyForm | string {
  const fields = parseFields(text);
  return fields.kind === "refusal" ? `column ${fields.column}: ${fields.reason}` : { fields: text };
}

function readPrettyPrint(text: string): ReplyForm | string {
  switch (text) {
    case "":
    case "true":
    case "True":
    case "1":
      return { pretty: true };
    case "false":
    case "False":
    case "0":
      return { pretty: false };
    default:
      return `expected true or false, got ${quoteText(text)}`;
  }
}
