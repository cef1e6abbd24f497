// Rewrites of a binary message by field number, without its descriptor: fields that the path binds are dropped from a
// body, and the submessages that path, query and body brought for one field become one. Parsers ought to merge them,
// but protobuf.js, and with it most backends on Node, keeps the last.
// Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins
import { Code } from "../rpc/code.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";

/** Field numbers, each with those inside of it; a tree without branches is the field itself. */
export interface FieldTree extends Map<number, FieldTree> {}

export function addToTree(tree: FieldTree, fields: readonly { readonly number: number }[]): void {
  let branch = tree;
  for (const { number } of fields) {
    let next = branch.get(number);
    if (next === undefined) {
      next = new Map();
      branch.set(number, next);
    }
    branch = next;
  }
}

/**
 * Reads all fields of a message once. Bytes that end within a field would swallow what is appended to them.
 * @throws RpcError INVALID_ARGUMENT when the bytes are no message
 */
export function checkWellFormed(message: Uint8Array): void {
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  while (reader.pos < reader.end) reader.skip(reader.tag());
}

/**
 * The message without the leaves of a tree.
 * @throws RpcError INVALID_ARGUMENT when the bytes are no message
 */
export function dropFields(message: Uint8Array, tree: FieldTree): Uint8Array {
  const writer = new ProtobufWriter(message.length + 16);
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const branch = tree.get(tag >>> 3);
    const content = readField(reader, tag);
    if (branch === undefined || (branch.size > 0 && content === undefined)) {
      writer.rawRange(message, start, reader.pos);
    } else if (branch.size > 0 && content !== undefined) {
      writeSubmessage(writer, tag, dropFields(content, branch));
    }
  }
  return writer.finish();
}

/**
 * The message with the submessages of each branch of the tree joined into one, at the place of the last.
 * @throws RpcError INVALID_ARGUMENT when the bytes are no message
 */
export function joinSubmessages(message: Uint8Array, tree: FieldTree): Uint8Array {
  const pieces = new Map<number, Uint8Array[]>();
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  let repeated = false;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const content = readField(reader, tag);
    if (content === undefined || !tree.has(tag >>> 3)) continue;
    const known = pieces.get(tag >>> 3);
    repeated ||= known !== undefined;
    if (known === undefined) pieces.set(tag >>> 3, [content]);
    else known.push(content);
  }
  // Submessages inside of one that came once are one already: each value brought all of its ancestors.
  if (!repeated) return message;

  const writer = new ProtobufWriter(message.length + 16);
  reader.pos = 0;
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const content = readField(reader, tag);
    const contents = content === undefined ? undefined : pieces.get(tag >>> 3);
    const branch = tree.get(tag >>> 3);
    if (contents === undefined || branch === undefined || contents.length === 1) {
      writer.rawRange(message, start, reader.pos);
    } else if (content?.byteOffset === contents.at(-1)?.byteOffset) {
      writeSubmessage(writer, tag, joinSubmessages(Buffer.concat(contents), branch));
    }
  }
  return writer.finish();
}

/** Moves past the value of a tag; its content where it is a submessage or may be one. */
function readField(reader: ProtobufReader, tag: number): Uint8Array | undefined {
  const start = reader.pos;
  switch (tag & 7) {
    case WireType.LENGTH:
      return reader.lengthPrefixed();
    case WireType.GROUP_START:
      return reader.bytes.subarray(start, reader.groupEnd(tag));
    default:
      reader.skip(tag);
      return undefined;
  }
}

function writeSubmessage(writer: ProtobufWriter, tag: number, content: Uint8Array): void {
  writer.uint32(tag);
  if ((tag & 7) === WireType.LENGTH) {
    writer.lengthPrefixed(content);
  } else {
    writer.raw(content);
    writer.uint32(((tag & ~7) | WireType.GROUP_END) >>> 0);
  }
}
