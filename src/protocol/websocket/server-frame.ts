// The frames that a client gets: header, messages, end. Built as text, so that names from a backend are never keys of an
// object of ours.
// Source: semantics.md "RPC protocols"; the frames are described in websocket-protocol.ts.
import type { Header } from "../../rpc/header.ts";
import type { ErrorDetail, RpcError } from "../../rpc/rpc-error.ts";
import { metadataToHttp } from "../../wire/metadata.ts";

/** The details of an error as a JSON list. */
export type FormatDetails = (details: readonly ErrorDetail[]) => string;

export function formatHeaderFrame(header: Header): string {
  return `{"header":${formatMetadata(header)}}`;
}

/** @param json one JSON value */
export function formatMessageFrame(json: string): string {
  return `{"message":${json}}`;
}

export function formatEndFrame(trailer: Header): string {
  return `{"end":{"code":0,"message":"","details":[],"trailer":${formatMetadata(trailer)}}}`;
}

export function formatErrorFrame(error: RpcError, formatDetails: FormatDetails): string {
  const { code, rawMessage, details, trailer } = error;
  return `{"end":{"code":${code},"message":${JSON.stringify(rawMessage)},"details":${formatDetails(details)},"trailer":${formatMetadata(trailer)}}}`;
}

/** Details as any JSON that cannot decode them has them, see semantics.md "Errors". */
export const formatUndecoded: FormatDetails = (details) =>
  JSON.stringify(
    details.map(({ typeUrl, value }) => ({ "@type": typeUrl, value: Buffer.from(value).toString("base64") })),
  );

/** `{"a":"1","b":["1","2"]}`, without what belongs to the transport. */
function formatMetadata(metadata: Header): string {
  const members = [...metadataToHttp(metadata).groups()].map(
    ([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list.length === 1 ? list[0] : list)}`,
  );
  return `{${members.join(",")}}`;
}
