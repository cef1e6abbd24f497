// Which requests are gRPC-Web, in which codec their messages are, and whether the envelopes are bytes or base64 text.
// Source: gRPC-Web protocol, "Content-Type" and "Text-encoded Streams".
import type { MessageCodec } from "../../wire/enveloped-call.ts";

export interface ContentType {
  readonly codec: MessageCodec;
  /** Whether the envelopes are base64 text. */
  readonly text: boolean;
  /** The type itself, without parameters. */
  readonly name: string;
}

const binary = "application/grpc-web";
const base64 = "application/grpc-web-text";

export const servedTypes: readonly ContentType[] = [
  { codec: "proto", text: false, name: binary },
  { codec: "proto", text: false, name: `${binary}+proto` },
  { codec: "json", text: false, name: `${binary}+json` },
  { codec: "proto", text: true, name: base64 },
  { codec: "proto", text: true, name: `${base64}+proto` },
  { codec: "json", text: true, name: `${base64}+json` },
];

/** A codec that the gateway does not have. */
const unserved: ContentType = { codec: "proto", text: false, name: binary };
const byName = new Map(servedTypes.map((type) => [type.name, type]));

/** Reads a content type: one of `servedTypes`, or another one for a codec that is not served; undefined for others. */
export function parseContentType(text: string | undefined): ContentType | undefined {
  if (text === undefined || !/^application\/grpc-web(?:-text)?(?:$|[+; \t])/i.test(text)) return undefined;
  const [name = ""] = text.split(";", 1);
  return byName.get(name.trim().toLowerCase()) ?? unserved;
}

/** The type of the reply: the request's, as text or as bytes where `Accept` has another opinion. */
export function chooseReplyType(request: ContentType, accept: string | undefined): ContentType {
  const asked = accept === undefined ? null : /application\/grpc-web(-text)?(?![-\w])/i.exec(accept);
  if (asked === null || (asked[1] !== undefined) === request.text) return request;
  const suffix = request.name.slice((request.text ? base64 : binary).length);
  return byName.get((request.text ? binary : base64) + suffix) ?? request;
}
