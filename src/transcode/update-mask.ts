// The update mask of a PATCH that brings none, filled with the fields that its JSON body names, where the dialect asks
// for it: a client that sends `{"title":"x"}` means to change the title.
// Source: grpc-gateway v2, "PatchFeature"; https://google.aip.dev/134.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import { closeSubmessage, type FieldPath, fieldsByName, fieldType, openSubmessage } from "./field-path.ts";
import { shortenText } from "./quote-text.ts";
import type { BindingStep } from "./route.ts";

export interface UpdateMask {
  /** Appends the mask to what path and query have made of the message, unless they brought one. */
  fill(body: Uint8Array, writer: ProtobufWriter): void;
  /** The same, told of a body that was read and of what else was bound. */
  explain(body: Uint8Array, steps: readonly BindingStep[]): BindingStep[];
}

/**
 * Undefined where the request has no mask to fill: it needs exactly one FieldMask field that the path does not bind,
 * and a body that is a message field.
 */
export function compileUpdateMask(
  input: DescMessage,
  body: string,
  pathFields: readonly FieldPath[],
): UpdateMask | undefined {
  const masks = input.fields.filter(
    (field) => field.fieldKind === "message" && field.message.typeName === "google.protobuf.FieldMask",
  );
  const [mask] = masks;
  const updated = input.fields.find(({ name }) => name === body);
  if (mask === undefined || masks.length > 1 || updated?.fieldKind !== "message") return undefined;
  if (mask === updated || pathFields.some(({ ancestors, leaf }) => (ancestors[0] ?? leaf) === mask))
    return undefined;
  const { message } = updated;
  const pathsOf = (bytes: Uint8Array): string[] => {
    const paths: string[] = [];
    // The codec has read the body already: it is JSON, and not nested beyond the codec's limit.
    collectPaths(JSON.parse(new TextDecoder().decode(bytes)), message, "", paths);
    return paths;
  };
  return {
    fill(bytes, writer) {
      if (bytes.length === 0 || holdsField(writer, mask)) return;
      const paths = pathsOf(bytes);
      const mark = openSubmessage(writer, mask);
      for (const path of paths) {
        writer.tag(1, WireType.LENGTH);
        writer.string(path);
      }
      closeSubmessage(writer, mask, mark);
    },
    explain(bytes, steps) {
      const brought = ({ outcome, field, text }: BindingStep) =>
        outcome === "bound" && field === mask.name && text !== "";
      if (bytes.length === 0 || steps.some(brought)) return [];
      const text = shortenText(pathsOf(bytes).join(","));
      const step = { from: "body", key: body, text, field: mask.name, type: fieldType(mask) } as const;
      return [
        { ...step, outcome: "bound", reason: "the fields that the body names, as the mask came empty" },
      ];
    },
  };
}

/** Whether a message field has been written with something in it. */
function holdsField(writer: ProtobufWriter, field: DescField): boolean {
  const reader = new ProtobufReader(writer.bytes.subarray(0, writer.pos), Code.INVALID_ARGUMENT);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const start = reader.pos;
    reader.skip(tag);
    // One byte is the length of nothing; the end tag of an empty group is as long as the start tag.
    if (tag >>> 3 === field.number && reader.pos - start > 1) return true;
  }
  return false;
}

function collectPaths(value: unknown, desc: DescMessage, prefix: string, paths: string[]): void {
  if (typeof value !== "object" || value === null) return;
  const fields = fieldsByName(desc);
  for (const [key, member] of Object.entries(value)) {
    const field = fields.get(key);
    if (field === undefined) continue;
    const path = prefix + field.name;
    const isMessage = field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
    const isObject = typeof member === "object" && member !== null && Object.keys(member).length > 0;
    if (isMessage && isObject) collectPaths(member, field.message, `${path}.`, paths);
    else paths.push(path);
  }
}
