// Which requests are gRPC, and in which codec their messages are, by content type.
// Source: gRPC over HTTP/2, "Content-Type": "application/grpc" [("+proto" / "+json" / {custom})].
import type { MessageCodec } from "../../wire/enveloped-call.ts";

export interface ContentType {
  readonly codec: MessageCodec;
  /** The type of the reply: the request's without parameters. */
  readonly reply: string;
}

export const servedTypes: readonly ContentType[] = [
  { codec: "proto", reply: "application/grpc" },
  { codec: "proto", reply: "application/grpc+proto" },
  { codec: "json", reply: "application/grpc+json" },
];

/** A codec that the gateway does not have. */
const unserved: ContentType = { codec: "proto", reply: "application/grpc" };
const byText = new Map(servedTypes.map((type) => [type.reply, type]));

/**
 * Reads a content type: one of `servedTypes`, or another one for a codec that is not served. Undefined where it is not
 * gRPC's: gRPC-Web's has a `-` where a codec's has a `+`.
 */
export function parseContentType(text: string | undefined): ContentType | undefined {
  if (text === undefined || !/^application\/grpc(?:$|[+; \t])/i.test(text)) return undefined;
  const [type = ""] = text.split(";", 1);
  return byText.get(type.trim().toLowerCase()) ?? unserved;
}
