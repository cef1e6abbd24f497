// The update mask of a PATCH that brings none, filled with the fields that its body names, where the dialect asks for
// it: a client that sends `{"title":"x"}` means to change the title.
// Source: grpc-gateway v2, "PatchFeature"; https://google.aip.dev/134.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import { closeSubmessage, type FieldPath, fieldType, openSubmessage } from "./field-path.ts";
import { contentsOf } from "./field-tree.ts";
import { isHttpBody } from "./http-body.ts";
import { pathsOfJson, pathsOfMessage } from "./mask-paths.ts";
import { shortenText } from "./quote-text.ts";
import type { BindingStep } from "./route.ts";

/** A body that was read. */
export interface ReadBody {
  /** Its text where it is JSON, which knows of `null` and of explicit defaults. */
  readonly json: Uint8Array | undefined;
  /** What it has become, as fields of the request message: the bytes of the writer up to here. */
  readonly end: number;
}

export interface UpdateMask {
  /**
   * Appends the mask to what path and query have made of the message, unless they brought one.
   * @throws RpcError INVALID_ARGUMENT when the body is no such message, or names too many fields
   */
  fill(body: ReadBody, writer: ProtobufWriter): void;
  /** The same, told of what else was bound. */
  explain(body: ReadBody, writer: ProtobufWriter, steps: readonly BindingStep[]): BindingStep[];
}

/**
 * Undefined where the request has no mask to fill: it needs exactly one FieldMask field that the path does not bind,
 * and a body that is a message field whose fields a mask can name.
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
  if (pathFields.some(({ ancestors, leaf }) => (ancestors[0] ?? leaf) === mask)) return undefined;
  const { message } = updated;
  if (isHttpBody(message) || message.typeName.startsWith("google.protobuf.")) return undefined;

  const isEmpty = ({ json, end }: ReadBody): boolean => (json === undefined ? end === 0 : json.length === 0);
  const pathsOf = ({ json, end }: ReadBody, writer: ProtobufWriter): string[] =>
    json === undefined
      ? pathsOfMessage(
          contentsOf(writer.bytes.subarray(0, end), updated.number, Code.INVALID_ARGUMENT),
          message,
        )
      : // The codec has read it already: it is JSON, and not nested beyond the codec's limit.
        pathsOfJson(JSON.parse(new TextDecoder().decode(json)), message);

  return {
    fill(read, writer) {
      if (isEmpty(read) || holdsField(writer, mask)) return;
      const paths = pathsOf(read, writer);
      const mark = openSubmessage(writer, mask);
      for (const path of paths) {
        writer.tag(1, WireType.LENGTH);
        writer.string(path);
      }
      closeSubmessage(writer, mask, mark);
    },
    explain(read, writer, steps) {
      const brought = ({ outcome, field = "", text }: BindingStep) =>
        outcome === "bound" && text !== "" && (field === mask.name || field.startsWith(`${mask.name}.`));
      if (isEmpty(read) || steps.some(brought)) return [];
      const step = { from: "body", key: body, text: "", field: mask.name, type: fieldType(mask) } as const;
      try {
        const text = shortenText(pathsOf(read, writer).join(","));
        const reason = "the fields that the body names, as the mask came empty";
        return [{ ...step, text, outcome: "bound", reason }];
      } catch (reason) {
        return [{ ...step, outcome: "refused", reason: RpcError.from(reason).rawMessage }];
      }
    },
  };
}

/** Whether a message field has been written with something in it. */
function holdsField(writer: ProtobufWriter, field: DescField): boolean {
  const written = writer.bytes.subarray(0, writer.pos);
  return contentsOf(written, field.number, Code.INVALID_ARGUMENT).some(({ length }) => length > 0);
}
