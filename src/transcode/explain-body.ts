// What became of a request's body, told: the body as a whole, and the JSON keys in it that name no field and are
// ignored.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { RpcError } from "../rpc/rpc-error.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import { fieldsByName, missingField } from "./field-path.ts";
import { shortenText } from "./quote-text.ts";
import { bodyFormat, type RequestBody } from "./request-body.ts";
import type { BindingStep, RequestParts } from "./route.ts";

export interface BodySteps {
  /** The rule's body: empty, `*`, or a field. */
  readonly bodyName: string;
  readonly body: RequestBody;
}

/** More ignored keys than this say nothing new. */
const maxIgnored = 20;

export function explainBody(
  { bodyName, body }: BodySteps,
  { body: bytes, contentType }: RequestParts,
  writer: ProtobufWriter,
): BindingStep[] {
  if (bytes.length === 0) return [];
  const step = {
    from: "body",
    key: bodyName,
    text: shortenText(new TextDecoder().decode(bytes.subarray(0, 200))),
    ...(body.field && { field: body.field.name }),
    ...(body.type !== "" && { type: body.type }),
  } as const;
  try {
    writer.reset();
    body.write(bytes, contentType, writer, new Map());
  } catch (reason) {
    return [{ ...step, outcome: "refused", reason: RpcError.from(reason).rawMessage }];
  }
  if (bodyName === "") return [{ ...step, outcome: "ignored", reason: "the rule has no body" }];
  const ignored: BindingStep[] = [];
  if (!body.raw && bodyFormat(contentType) === "json") {
    // The codec has read it: it is JSON, and not nested beyond the codec's limit.
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (body.field !== undefined) collectField(json, body.field, "", ignored);
    else if (body.message !== undefined) collectMessage(json, body.message, "", ignored);
  }
  return [{ ...step, outcome: "bound" }, ...ignored];
}

function collectMessage(json: unknown, desc: DescMessage, prefix: string, ignored: BindingStep[]): void {
  // Well-known types have a JSON form of their own, and no unknown keys.
  if (typeof json !== "object" || json === null || desc.typeName.startsWith("google.protobuf.")) return;
  const fields = fieldsByName(desc);
  for (const [key, value] of Object.entries(json)) {
    if (ignored.length === maxIgnored) return;
    const field = fields.get(key);
    // Extensions are spelled in brackets.
    if (field === undefined && key.startsWith("[")) continue;
    if (field !== undefined) collectField(value, field, `${prefix}${field.name}`, ignored);
    else {
      ignored.push({
        from: "body",
        key: shortenText(prefix + key),
        text: shortenText(JSON.stringify(value)),
        outcome: "ignored",
        reason: missingField(desc, shortenText(key)),
      });
    }
  }
}

function collectField(json: unknown, field: DescField, path: string, ignored: BindingStep[]): void {
  const { message } = field;
  if (message === undefined || typeof json !== "object" || json === null) return;
  const prefix = path === "" ? "" : `${path}.`;
  if (field.fieldKind === "message") collectMessage(json, message, prefix, ignored);
  else if (Array.isArray(json)) {
    for (const [index, element] of json.entries()) {
      if (ignored.length < maxIgnored) collectMessage(element, message, `${path}[${index}].`, ignored);
    }
  } else {
    for (const [key, value] of Object.entries(json)) {
      if (ignored.length < maxIgnored) collectMessage(value, message, `${path}[${key}].`, ignored);
    }
  }
}
