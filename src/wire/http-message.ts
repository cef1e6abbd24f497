// HTTP as the protocols see it: plain values and async iterables, so that no protocol knows a Node stream and each
// can be tested without a socket. The listener in server/ makes requests and writes responses.
import type { Header } from "../rpc/header.ts";
import type { Principal } from "../rpc/principal.ts";

export interface HttpRequest {
  /** As sent, upper case by convention: `GET`. */
  readonly httpMethod: string;
  /** The raw path, percent triples untouched, without the query: `/v1/shelves/7`. */
  readonly path: string;
  /** The raw query without `?`; empty where there is none. */
  readonly query: string;
  /** Names in lower case, duplicates in order, no pseudo headers; `host` holds `:authority` on HTTP/2. */
  readonly header: Header;
  readonly httpVersion: "1.1" | "2";
  readonly scheme: "http" | "https";
  /** IP address of the peer of the connection. */
  readonly remoteAddress: string;
  /** Who the client's certificate says it is; absent where none was asked for or shown. */
  readonly principal?: Principal | undefined;
  /** The body in pieces; one consumer. Ends early by an error where the client goes away. */
  readonly body: AsyncIterable<Uint8Array>;
  /** True where the request has no body at all (by its framing), so that nobody needs to wait for one. */
  readonly bodyless: boolean;
  /** Aborted when the client is gone; the reason is an `RpcError` CANCELLED. */
  readonly signal: AbortSignal;
}

/** Text is sent as UTF-8. */
export type BodyPiece = Uint8Array | string;

export interface HttpResponse {
  readonly httpStatus: number;
  /** `content-length` is added by the listener for a body that is not streamed. */
  readonly header: Header;
  /** A streamed body is pulled as the client reads; its header is flushed at once. */
  readonly body?: BodyPiece | AsyncIterable<BodyPiece>;
  /**
   * Asked for when the body has been sent; absent = there is none. Sent as HTTP/2 trailers, and on HTTP/1.1 where the
   * client said `TE: trailers`.
   */
  readonly trailer?: () => Promise<Header>;
}
