// A multipart body, told part by part: which field each binds to, what is ignored or refused, where the form breaks, and
// the messages that come of it. Of a client stream each file is told as one message, though each piece of it that
// arrives is one.
// Source: protocol/rest/read-form.ts, which does this to a form while it arrives.
import { isUtf8 } from "node:buffer";
import { streamsRequests } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type FieldPath, fieldType, resolveFieldPath } from "../transcode/field-path.ts";
import { createParameterBinder } from "../transcode/parameter-binder.ts";
import { shortenText } from "../transcode/quote-text.ts";
import type { BindingStep, FormPart, RequestParts, Route } from "../transcode/route.ts";
import { parseTemplate } from "../transcode/template.ts";
import { createTextFields } from "../transcode/text-fields.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { FormParts } from "./explain-form-parts.ts";
import type { Snapshot } from "./snapshot.ts";

type HeadParts = Omit<RequestParts, "body">;

/** Parts that are told whatever becomes of them; refused ones always are, and a form has a limit of its own. */
const maxSteps = 100;

/**
 * The messages of a form.
 * @throws RpcError as `protocol/rest` would: a stream has sent what comes before the place that breaks
 */
export function bindFormMessages(route: Route, form: FormParts, head: HeadParts): readonly Uint8Array[] {
  const { parts, broken } = form;
  const streamed = streamsRequests(route.info.kind);
  if (!streamed && broken !== undefined) throw broken.error;
  const messages = (streamed ? groupParts(parts) : [parts]).map((group, index) =>
    index === 0 ? route.bindForm(group, head) : route.bindForm(group),
  );
  if (broken !== undefined) throw broken.error;
  return messages;
}

/** A message has the texts that come before a file, and the file. */
function groupParts(parts: readonly FormPart[]): readonly (readonly FormPart[])[] {
  const groups: FormPart[][] = [];
  let held: FormPart[] = [];
  for (const part of parts) {
    held.push(part);
    if (!part.file) continue;
    groups.push(held);
    held = [];
  }
  if (held.length > 0 || groups.length === 0) groups.push(held);
  return groups;
}

/** What becomes of each part; never throws. */
export function explainForm(snapshot: Snapshot, route: Route, form: FormParts): readonly BindingStep[] {
  const steps: BindingStep[] = [];
  const told = (step: BindingStep): void => {
    if (steps.length < maxSteps || step.outcome === "refused") steps.push(step);
  };
  const streamed = streamsRequests(route.info.kind);
  const binderOf = createGroupBinder(snapshot, route);
  for (const group of streamed ? groupParts(form.parts) : [form.parts]) {
    const bindPart = binderOf(group);
    for (const part of group) {
      const outcome = bindPart(part);
      const reason = outcome.reason ?? (streamed && part.file ? perPiece : undefined);
      const { field, type } = outcome;
      told({
        from: "body",
        key: shortenText(part.name),
        text: textOf(part),
        ...(field !== undefined && { field }),
        ...(type !== undefined && { type }),
        outcome: outcome.outcome,
        ...(reason !== undefined && { reason }),
      });
    }
  }
  if (steps.length < form.parts.length) {
    const rest = `${form.parts.length - steps.length} more parts are not told here`;
    steps.push({ from: "body", key: "", text: "", outcome: "ignored", reason: rest });
  }
  if (form.broken !== undefined) {
    const { error, place, hint } = form.broken;
    const reason = hint === "" ? error.rawMessage : `${error.rawMessage}; ${hint}`;
    steps.push({ from: "body", key: place, text: "", outcome: "refused", reason });
  }
  return steps;
}

const perPiece = "each piece of the file that arrives is a message";

type PartOutcome = Pick<BindingStep, "field" | "type" | "outcome" | "reason">;

/** What the form of one message makes of each of its parts, in order. */
type GroupBinder = (group: readonly FormPart[]) => (part: FormPart) => PartOutcome;

function createGroupBinder({ codecOf, dialect }: Snapshot, route: Route): GroupBinder {
  const { input } = route.method;
  const field = input.fields.find(({ name }) => name === route.body);
  // A field that is no message has room for one file and no names.
  if (field !== undefined && field.fieldKind !== "message") {
    const bound = { field: field.name, type: fieldType(field), outcome: "bound" } as const;
    return (group) => {
      const reason = refusalOf(() => route.bindForm(group));
      return () => (reason === undefined ? bound : { ...bound, outcome: "refused", reason });
    };
  }
  const binder = createParameterBinder({
    input,
    under: field === undefined ? [] : [field],
    body: route.body,
    pathFields: pathFieldsOf(route),
    unknownFields: route.policy.json.unknownFields,
    textFields: createTextFields({ codec: codecOf(dialect.policy.json), dialect }),
  });
  const writer = new ProtobufWriter();
  return () => {
    const state = binder.start(false, new Map());
    return (part) => {
      writer.reset();
      const outcome = binder.bindPart(part, state, writer);
      const { target } = outcome;
      return {
        ...(target && { field: target.name, type: target.type }),
        outcome: outcome.outcome,
        ...(outcome.outcome !== "bound" && { reason: outcome.reason }),
      };
    };
  };
}

function pathFieldsOf(route: Route): readonly FieldPath[] {
  const template = parseTemplate(route.template);
  if (template.kind === "refusal") return [];
  return template.variables
    .map(({ fieldPath }) => resolveFieldPath(route.method.input, fieldPath))
    .filter((path) => typeof path !== "string");
}

function refusalOf(bind: () => void): string | undefined {
  try {
    bind();
    return undefined;
  } catch (reason) {
    return RpcError.from(reason).rawMessage;
  }
}

function textOf({ file, bytes, contentType }: FormPart): string {
  const head = bytes.subarray(0, 200);
  if (file)
    return `file of ${bytes.length} bytes${contentType === "" ? "" : `, ${shortenText(contentType)}`}`;
  return isUtf8(bytes) ? shortenText(new TextDecoder().decode(head)) : `${bytes.length} bytes`;
}
