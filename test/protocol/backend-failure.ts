// What a grpc-js backend says with metadata: a failure with its details and trailer.
import { Metadata } from "@grpc/grpc-js";
import type { ErrorDetail } from "../../src/rpc/rpc-error.ts";
import { encodeGrpcStatusDetails } from "../../src/wire/grpc-status-details.ts";

export function metadataOf(entries: Readonly<Record<string, string | Buffer>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.add(name, value);
  return metadata;
}

/** What grpc-js takes for a failure with details. */
export function failureOf(
  code: number,
  message: string,
  details: readonly ErrorDetail[] = [],
  trailer: Readonly<Record<string, string>> = {},
): { code: number; details: string; metadata: Metadata } {
  const metadata = metadataOf(trailer);
  if (details.length > 0) {
    const text = encodeGrpcStatusDetails({ code, message, details });
    metadata.add("grpc-status-details-bin", Buffer.from(text, "base64"));
  }
  return { code, details: message, metadata };
}
