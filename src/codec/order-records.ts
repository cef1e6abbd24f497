// Puts the records of a message in order, as a serializer would have written them: the records of a repeated field
// together, singular fields once (last one wins), embedded messages merged, one member of a oneof.
// Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins and #oneofs; merging two embedded messages
// is concatenating their bytes.
import type { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import { accepts, type FieldEncoder, type FieldTable } from "./field-encoder.ts";

/** What is kept of a field: tag, start and end of each record, without its tag; and of its content where it merges. */
interface Kept {
  readonly field: FieldEncoder;
  /** tag, start, end, tag, start, end … of record values. */
  readonly spans: number[];
}

/**
 * The records from the reader's position to its end in order, or undefined where they are in order already. Does not move
 * the reader. Unknown fields are left out.
 * @throws RpcError when the bytes are malformed
 */
export function orderRecords(reader: ProtobufReader, table: FieldTable): Uint8Array | undefined {
  const start = reader.pos;
  const kept = new Map<FieldEncoder, Kept>();
  let inOrder = true;
  let last: FieldEncoder | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const valueStart = reader.pos;
    reader.skip(tag);
    const field = table.get(tag >>> 3);
    if (field === undefined || !accepts(field, tag)) {
      // An unknown field between two records of one field splits them.
      last = undefined;
      continue;
    }
    if (field.known !== undefined && !field.known.has(enumAt(reader, valueStart))) {
      inOrder = false;
      continue;
    }
    if (field.oneof !== undefined && dropRivals(kept, field)) inOrder = false;
    let entry = kept.get(field);
    if (entry === undefined) {
      entry = { field, spans: [] };
      kept.set(field, entry);
    } else if (field.many !== "add" || last !== field) inOrder = false;
    if (field.many === "last") entry.spans.length = 0;
    entry.spans.push(tag, valueStart, reader.pos);
    last = field;
  }
  reader.pos = start;
  return inOrder ? undefined : writeInOrder(reader, kept);
}

/** The int32 that stands at a position. */
function enumAt(reader: ProtobufReader, pos: number): number {
  const after = reader.pos;
  reader.pos = pos;
  const value = reader.int32();
  reader.pos = after;
  return value;
}

function dropRivals(kept: Map<FieldEncoder, Kept>, field: FieldEncoder): boolean {
  let dropped = false;
  for (const other of kept.keys()) {
    if (other !== field && other.oneof === field.oneof) dropped = kept.delete(other) || dropped;
  }
  return dropped;
}

function writeInOrder(reader: ProtobufReader, kept: ReadonlyMap<FieldEncoder, Kept>): Uint8Array {
  const { bytes } = reader;
  const writer = new ProtobufWriter();
  for (const { field, spans } of kept.values()) {
    if (field.many === "merge" && spans.length > 3) {
      writeMerged(writer, reader, field, spans);
      continue;
    }
    for (let i = 0; i < spans.length; i += 3) {
      writer.uint32(spans[i] as number);
      writer.rawRange(bytes, spans[i + 1] as number, spans[i + 2] as number);
    }
  }
  return writer.finish();
}

/** One record with the contents of several, one after another. */
function writeMerged(
  writer: ProtobufWriter,
  reader: ProtobufReader,
  field: FieldEncoder,
  spans: readonly number[],
): void {
  const isGroup = field.wireType === WireType.GROUP_START;
  writer.tag(field.number, field.wireType);
  const mark = isGroup ? 0 : writer.begin();
  const after = reader.pos;
  for (let i = 0; i < spans.length; i += 3) {
    reader.pos = spans[i + 1] as number;
    const contentEnd = isGroup ? reader.groupEnd(spans[i] as number) : reader.lengthEnd();
    const contentStart = isGroup ? (spans[i + 1] as number) : reader.pos;
    writer.rawRange(reader.bytes, contentStart, contentEnd);
  }
  reader.pos = after;
  if (isGroup) writer.tag(field.number, WireType.GROUP_END);
  else writer.end(mark);
}
