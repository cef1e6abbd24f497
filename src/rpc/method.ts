// What every room knows of an RPC method without its descriptor.

export type StreamKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

export interface MethodInfo {
  /** `/demo.library.v1.Library/GetBook`, as it stands in `:path`. */
  readonly path: string;
  /** `demo.library.v1.Library` */
  readonly service: string;
  /** `GetBook` */
  readonly name: string;
  readonly kind: StreamKind;
  /** From `idempotency_level`; `unknown` where the proto does not say. */
  readonly idempotency: "unknown" | "no_side_effects" | "idempotent";
}

/** The kind of a method from its two `stream` keywords. */
export function streamKind(clientStreaming: boolean, serverStreaming: boolean): StreamKind {
  if (clientStreaming) return serverStreaming ? "bidi_streaming" : "client_streaming";
  return serverStreaming ? "server_streaming" : "unary";
}

/** Whether the call of such a method carries a stream of request messages. */
export function streamsRequests(kind: StreamKind): boolean {
  return kind === "client_streaming" || kind === "bidi_streaming";
}

/** Whether the reply of such a method carries a stream of messages. */
export function streamsReplies(kind: StreamKind): boolean {
  return kind === "server_streaming" || kind === "bidi_streaming";
}
