// Reads the parts of a ServerReflectionResponse that we ask for, straight from the wire: no object per list entry, so
// that an answer that is all tiny entries costs no more than its bytes. v1 and v1alpha are the same on the wire.
// Source: protos/grpc/reflection/v1/reflection.proto
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export type ReflectionResponse =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "services"; readonly services: readonly string[] }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "other" };

/** Entries of one answer beyond this are not read; a read is limited to fewer anyway. */
const maxEntries = 20_000;

/**
 * Decodes an answer.
 * @throws Error when the bytes are no protobuf
 */
export function decodeReflectionResponse(bytes: Uint8Array): ReflectionResponse {
  let response: ReflectionResponse = { kind: "other" };
  for (const [field, part] of lengthDelimited(bytes)) {
    if (field === 4) response = { kind: "files", files: entries(part, (entry) => entry) };
    else if (field === 6) response = { kind: "services", services: entries(part, serviceName) };
    else if (field === 7) response = { kind: "error", ...errorOf(part) };
  }
  return response;
}

function entries<T>(bytes: Uint8Array, read: (entry: Uint8Array) => T): T[] {
  const list: T[] = [];
  for (const [field, part] of lengthDelimited(bytes)) {
    if (list.length >= maxEntries) break;
    if (field === 1) list.push(read(part));
  }
  return list;
}

function serviceName(bytes: Uint8Array): string {
  let name = "";
  for (const [field, part] of lengthDelimited(bytes)) if (field === 1) name = textOf(part);
  return name;
}

function errorOf(bytes: Uint8Array): { code: number; message: string } {
  const reader = new BinaryReader(bytes);
  let [code, message] = [2, ""];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) code = reader.int32();
    else if (field === 2 && type === WireType.LengthDelimited) message = textOf(reader.bytes());
    else reader.skip(type, field);
  }
  return { code, message };
}

function* lengthDelimited(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) yield [field, reader.bytes()];
    else reader.skip(type, field);
  }
}

const utf8 = new TextDecoder();

/** Text from a peer: what is no UTF-8 becomes replacement characters instead of an error. */
function textOf(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
