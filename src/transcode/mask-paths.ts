// Which fields a body names, as the paths of an update mask: the leaves of its JSON, or the fields that are there in a
// protobuf or form body. Proto3 does not send a field at its default, so of a protobuf body no path says "clear this":
// a client of that kind sends a mask. A form's field is there even where it is empty, as in JSON.
// Source: grpc-gateway v2, "PatchFeature" (JSON); google/protobuf/field_mask.proto, "Field Masks in Update Operations".
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { depthLimit } from "../codec/decode-state.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { fieldsByName } from "./field-path.ts";
import { addToTree, type FieldTree, readField } from "./field-tree.ts";

/**
 * Characters of all paths together. A thousand fields of long names are half of it; without a bound a leaf of two bytes,
 * nested a hundred deep, would become kilobytes.
 */
const maxPathsLength = 1 << 16;

/**
 * Paths of the leaves of a parsed JSON object, which is not nested beyond the codec's limit.
 * @throws RpcError INVALID_ARGUMENT when they are too long
 */
export function pathsOfJson(json: unknown, desc: DescMessage): string[] {
  const tree: FieldTree = new Map();
  collectJson(json, desc, [], tree);
  return formatPaths(tree, desc);
}

/**
 * Paths of the fields that are there in a binary message.
 * @throws RpcError INVALID_ARGUMENT when they are too long, or the bytes are no message
 */
export function pathsOfMessage(contents: readonly Uint8Array[], desc: DescMessage): string[] {
  const tree: FieldTree = new Map();
  for (const content of contents) collectRecords(content, desc, [], tree);
  return formatPaths(tree, desc);
}

function collectJson(json: unknown, desc: DescMessage, above: readonly DescField[], tree: FieldTree): void {
  if (typeof json !== "object" || json === null) return;
  const fields = fieldsByName(desc);
  for (const [key, member] of Object.entries(json)) {
    const field = fields.get(key);
    if (field === undefined) continue;
    const path = [...above, field];
    const isObject = typeof member === "object" && member !== null && Object.keys(member).length > 0;
    if (isObject && hasPaths(field)) collectJson(member, field.message, path, tree);
    else addToTree(tree, path);
  }
}

function collectRecords(
  message: Uint8Array,
  desc: DescMessage,
  above: readonly DescField[],
  tree: FieldTree,
): void {
  const fields = new Map(desc.fields.map((field) => [field.number, field]));
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const content = readField(reader, tag);
    const field = fields.get(tag >>> 3);
    if (field === undefined) continue;
    const path = [...above, field];
    const inside = content !== undefined && content.length > 0 && path.length < depthLimit;
    if (inside && hasPaths(field)) collectRecords(content, field.message, path, tree);
    else addToTree(tree, path);
  }
}

/** Whether a mask may name fields inside of a field. */
function hasPaths(field: DescField): field is DescField & { fieldKind: "message" } {
  return field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
}

function formatPaths(tree: FieldTree, desc: DescMessage): string[] {
  const paths: string[] = [];
  let length = 0;
  const visit = (branch: FieldTree, { fields }: DescMessage, prefix: string): void => {
    for (const [number, inside] of branch) {
      const field = fields.find((candidate) => candidate.number === number);
      if (field === undefined) continue;
      const path = prefix + field.name;
      if (inside.size > 0 && field.fieldKind === "message") {
        visit(inside, field.message, `${path}.`);
        continue;
      }
      length += path.length;
      if (length > maxPathsLength) {
        const reason = `it names so many fields that their update mask is longer than ${maxPathsLength} characters`;
        throw new RpcError(Code.INVALID_ARGUMENT, `body: ${reason}; send a mask`);
      }
      paths.push(path);
    }
  };
  visit(tree, desc, "");
  return paths;
}
