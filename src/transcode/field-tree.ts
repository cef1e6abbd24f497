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

/** Joining is synchronous, so one buffer serves all messages. */
const joined = new ProtobufWriter();

/**
 * A copy of the message in which the submessages of each branch of the tree are one, at the place of the last.
 * @throws RpcError INVALID_ARGUMENT when the bytes are no message
 */
export function joinSubmessages(message: Uint8Array, tree: FieldTree): Uint8Array {
  joined.reset();
  writeJoined(message, tree, joined);
  return joined.finish();
}

function writeJoined(message: Uint8Array, tree: FieldTree, writer: ProtobufWriter): void {
  const left = countSubmessages(message, tree);
  if (left === undefined) {
    writer.raw(message);
    return;
  }
  // Contents are gathered as bytes, not as a list of places: a body of two million empty submessages is 4 MB.
  const gathered = new Map<number, ProtobufWriter>();
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  let copied = 0;
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const number = tag >>> 3;
    const branch = left.has(number) ? tree.get(number) : undefined;
    if (branch === undefined) {
      reader.skip(tag);
      continue;
    }
    const content = readField(reader, tag);
    if (content === undefined) continue;
    writer.rawRange(message, copied, start);
    copied = reader.pos;
    let contents = gathered.get(number);
    if (contents === undefined) {
      contents = new ProtobufWriter(64);
      gathered.set(number, contents);
    }
    contents.raw(content);
    const rest = (left.get(number) ?? 1) - 1;
    left.set(number, rest);
    if (rest > 0) continue;
    writer.uint32(tag);
    const mark = (tag & 7) === WireType.LENGTH ? writer.begin() : -1;
    writeJoined(contents.bytes.subarray(0, contents.pos), branch, writer);
    if (mark >= 0) writer.end(mark);
    else writer.uint32(groupEndOf(tag));
  }
  writer.rawRange(message, copied, message.length);
}

/**
 * How often each submessage of the tree comes, of those that come more than once; undefined where none does. What
 * comes once stays as it is: submessages inside of it came once too, since each value brought all of its ancestors.
 */
function countSubmessages(message: Uint8Array, tree: FieldTree): Map<number, number> | undefined {
  if (tree.size === 0) return undefined;
  const counts = new Map<number, number>();
  const reader = new ProtobufReader(message, Code.INVALID_ARGUMENT);
  let repeated = false;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
    const wireType = tag & 7;
    if (wireType !== WireType.LENGTH && wireType !== WireType.GROUP_START) continue;
    if (!tree.has(tag >>> 3)) continue;
    const count = counts.get(tag >>> 3) ?? 0;
    counts.set(tag >>> 3, count + 1);
    repeated ||= count > 0;
  }
  if (!repeated) return undefined;
  for (const [number, count] of counts) if (count === 1) counts.delete(number);
  return counts;
}

/**
 * What each record of a field holds that is a submessage or may be one.
 * @throws RpcError of the code when the bytes are no message
 */
export function contentsOf(message: Uint8Array, number: number, code: Code): Uint8Array[] {
  const reader = new ProtobufReader(message, code);
  const contents: Uint8Array[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const content = readField(reader, tag);
    if (tag >>> 3 === number && content !== undefined) contents.push(content);
  }
  return contents;
}

/** Moves past the value of a tag; its content where it is a submessage or may be one. */
export function readField(reader: ProtobufReader, tag: number): Uint8Array | undefined {
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
    writer.uint32(groupEndOf(tag));
  }
}

function groupEndOf(startTag: number): number {
  return ((startTag & ~7) | WireType.GROUP_END) >>> 0;
}
