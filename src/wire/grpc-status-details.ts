// `grpc-status-details-bin`: a google.rpc.Status in base64, which carries what grpc-status and grpc-message cannot.
// Read totally because a backend wrote it: a value that is no status is `undefined`, never an error.
// Sources: google/rpc/status.proto (code = 1, message = 2, details = 3); google/protobuf/any.proto.
import type { ErrorDetail } from "../rpc/rpc-error.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { decodeBinaryHeader, encodeBinaryHeader } from "./binary-header.ts";
import { ProtobufReader } from "./protobuf-reader.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

/** More details than any backend sends; a limit, so that a hostile one cannot make us hold a great many objects. */
const maxDetailCount = 1000;

// Tags: field number times eight plus wire type.
const codeTag = 0x08;
const messageTag = 0x12;
const detailsTag = 0x1a;
const typeUrlTag = 0x0a;
const valueTag = 0x12;

const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads the header's text: base64, padded or not, of a `google.rpc.Status`. Unknown fields are skipped; text that is
 * not UTF-8 gets replacement characters. The values of the details are views on one buffer.
 * @returns the status, or `undefined` where the text is not one
 */
export function decodeGrpcStatusDetails(text: string): GrpcStatus | undefined {
  const bytes = decodeBinaryHeader(text);
  if (bytes === undefined) return undefined;
  try {
    return readStatus(new ProtobufReader(bytes));
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

/** Writes the header's text: base64 without padding of the `google.rpc.Status`. */
export function encodeGrpcStatusDetails(status: GrpcStatus): string {
  const writer = new ProtobufWriter();
  if (status.code !== 0) {
    writer.uint32(codeTag);
    writer.int32(status.code);
  }
  if (status.message !== "") {
    writer.uint32(messageTag);
    writer.string(status.message);
  }
  for (const detail of status.details) {
    writer.uint32(detailsTag);
    const mark = writer.begin();
    writer.uint32(typeUrlTag);
    writer.string(detail.typeUrl);
    writer.uint32(valueTag);
    writer.lengthPrefixed(detail.value);
    writer.end(mark);
  }
  return encodeBinaryHeader(writer.finish());
}

function readStatus(reader: ProtobufReader): GrpcStatus | undefined {
  let code = 0;
  let message = "";
  const details: ErrorDetail[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === codeTag) code = reader.int32();
    else if (tag === messageTag) message = lenientUtf8.decode(reader.lengthPrefixed());
    else if (tag !== detailsTag) reader.skip(tag);
    else if (details.length === maxDetailCount) return undefined;
    else details.push(readAny(new ProtobufReader(reader.lengthPrefixed())));
  }
  return { code, message, details };
}

function readAny(reader: ProtobufReader): ErrorDetail {
  let typeUrl = "";
  let value: Uint8Array = new Uint8Array();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === typeUrlTag) typeUrl = lenientUtf8.decode(reader.lengthPrefixed());
    else if (tag === valueTag) value = reader.lengthPrefixed();
    else reader.skip(tag);
  }
  return { typeUrl, value };
}
