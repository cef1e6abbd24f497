// The narrow waist: every protocol reads its requests into a call and writes a reply; everything between the edges
// and the upstream is a handler. Messages are protobuf binary, never decoded objects, never HTTP, never Node streams.
import type { Deadline } from "./deadline.ts";
import type { Header } from "./header.ts";
import type { Identity } from "./identity.ts";
import type { MethodInfo } from "./method.ts";
import type { Principal } from "./principal.ts";

export interface CallHead {
  readonly method: MethodInfo;
  /** Metadata for the backend; transport headers are already gone. */
  readonly header: Header;
  readonly deadline?: Deadline;
  /** IP address of the peer of the connection, which may be a proxy. */
  readonly peer?: string;
  /** Who calls, where the connection proves it. */
  readonly principal?: Principal;
  /** Who calls, where a token or a key proves it; set by authentication, so what stands before it does not know. */
  readonly identity?: Identity;
  /** Aborted when the client is gone or the deadline has passed; its reason is the `RpcError` to answer with. */
  readonly signal: AbortSignal;
}

/**
 * `unary` where the method takes one request message, else `stream`. The messages of a stream have one consumer,
 * are pulled one at a time, and `return()` tells the producer that nobody wants more.
 */
export type Call = CallHead &
  (
    | { readonly kind: "unary"; readonly message: Uint8Array }
    | { readonly kind: "stream"; readonly messages: AsyncIterable<Uint8Array> }
  );

export type UnaryReply = {
  readonly kind: "unary";
  readonly header: Header;
  readonly message: Uint8Array;
  readonly trailer: Header;
};

/** `trailer` settles when `messages` has ended, however it ended, and never rejects: a failure is thrown by `messages`. */
export type StreamReply = {
  readonly kind: "stream";
  readonly header: Header;
  readonly messages: AsyncIterable<Uint8Array>;
  readonly trailer: Promise<Header>;
};

/** `unary` where the method answers with one message, else `stream`. */
export type Reply = UnaryReply | StreamReply;

/**
 * Carries a call out. Resolves when the reply's header is known; for a unary reply that is when it is complete.
 * @throws RpcError whatever the backend or the gateway has to say instead of a reply
 */
export type Handler = (call: Call) => Promise<Reply>;

/** Wraps a handler in another. The first interceptor in a list is the outermost. */
export type Interceptor = (next: Handler) => Handler;

/** Composes interceptors around a handler, once per method; the first in the list sees the call first. */
export function composeHandler(interceptors: readonly Interceptor[], handler: Handler): Handler {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), handler);
}
