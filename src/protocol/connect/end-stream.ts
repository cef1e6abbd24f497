// The last envelope of a stream: how it ended, and the trailer metadata.
// Source: Connect protocol, "Error and EndStreamResponse".
import type { Header } from "../../rpc/header.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import { encodeEnvelope, envelopeFlag } from "../../wire/envelope.ts";
import { trailerToHttp } from "../../wire/metadata.ts";
import { type DetailFormat, formatError } from "./error-json.ts";

/** @param error undefined = the stream has ended well */
export function encodeEndStream(
  trailer: Header,
  error: RpcError | undefined,
  formatDetail: DetailFormat,
): Uint8Array {
  const members: string[] = [];
  if (error !== undefined) members.push(`"error":${formatError(error, formatDetail)}`);
  const metadata = trailerToHttp(trailer);
  if (metadata.size > 0) members.push(`"metadata":${formatMetadata(metadata)}`);
  return encodeEnvelope(envelopeFlag.endStream, Buffer.from(`{${members.join(",")}}`));
}

/** Text by hand, since a name such as `__proto__` is legal metadata. */
function formatMetadata(metadata: Header): string {
  const members = [...metadata.groups()].map(
    ([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`,
  );
  return `{${members.join(",")}}`;
}
