// Which requests are gRPC, and in which codec their messages are, by content type.
// Source: gRPC over HTTP/2, "Content-Type": "application/grpc" [("+proto" / "+json" / {custom})].
import type { MessageCodec } from "../../wire/grpc-call.ts";

export interface ContentType {
  /** Undefined for a codec that the gateway does not have. */
  readonly codec: MessageCodec | undefined;
  /** The type of the reply: the request's without parameters. */
  readonly reply: string;
}

/** The types that are served, for `accept-post`. */
export const servedTypes = "application/grpc, application/grpc+proto, application/grpc+json";

const bare: ContentType = { codec: "proto", reply: "application/grpc" };
const unknown: ContentType = { codec: undefined, reply: "application/grpc" };
const known: ReadonlyMap<string, ContentType> = new Map([
  ["application/grpc", bare],
  ["application/grpc+proto", { codec: "proto", reply: "application/grpc+proto" }],
  ["application/grpc+json", { codec: "json", reply: "application/grpc+json" }],
]);

/** Reads a content type; undefined where it is not gRPC's: gRPC-Web's has a `-` where a codec's has a `+`. */
export function parseContentType(text: string | undefined): ContentType | undefined {
  if (text === undefined || !/^application\/grpc(?:$|[+; \t])/i.test(text)) return undefined;
  const [type = ""] = text.split(";", 1);
  return known.get(type.trim().toLowerCase()) ?? unknown;
}
