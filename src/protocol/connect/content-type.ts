// The content types of Connect: which codec a request's messages are in, and whether they come in envelopes.
// Source: Connect protocol, "Unary-Content-Type" and "Streaming-Content-Type"; connect-go for the charset of JSON.
import { mediaTypeOf } from "../../wire/accept.ts";

export interface ContentType {
  /** As the reply says it: `application/connect+json`. */
  readonly text: string;
  readonly codec: "proto" | "json";
  /** Messages come in envelopes. */
  readonly streaming: boolean;
}

/** By the codec's name, as `encoding` of a GET has it. */
export const unaryTypes: ReadonlyMap<string, ContentType> = new Map([
  ["proto", { text: "application/proto", codec: "proto", streaming: false }],
  ["json", { text: "application/json", codec: "json", streaming: false }],
]);

const types: ReadonlyMap<string, ContentType> = new Map<string, ContentType>([
  ...[...unaryTypes.values()].map((type): [string, ContentType] => [type.text, type]),
  ["application/connect+proto", { text: "application/connect+proto", codec: "proto", streaming: true }],
  ["application/connect+json", { text: "application/connect+json", codec: "json", streaming: true }],
]);

/** Undefined for a type that is none of Connect's, or a charset other than UTF-8. */
export function parseContentType(text: string | undefined): ContentType | undefined {
  if (text === undefined) return undefined;
  // What nearly every client says needs no closer look.
  const exact = types.get(text);
  if (exact !== undefined) return exact;
  const charset = /;\s*charset\s*=\s*("?)([^";\s]*)\1\s*(?:;|$)/i.exec(text)?.[2];
  if (charset !== undefined && charset.toLowerCase() !== "utf-8") return undefined;
  return types.get(mediaTypeOf(text));
}

/** For `Accept-Post` of a method that does, or does not, stream. */
export function acceptPost(streaming: boolean): string {
  const texts = [...types.values()].filter((type) => type.streaming === streaming).map(({ text }) => text);
  return texts.join(", ");
}
