// A WebSocket as protocols see it: frames in and out at the peer's pace, so that no protocol knows the library. The
// listener in server/ makes channels.
// Source: RFC 6455.
import type { HttpRequest, HttpResponse } from "./http-message.ts";

/** A text frame or a binary one. */
export type WebSocketFrame = string | Uint8Array;

export interface WebSocketChannel {
  /** Frames of the peer, pulled by one consumer; ends when the peer closes. A frame over the limit ends the channel. */
  readonly frames: AsyncIterable<WebSocketFrame>;
  /** Resolves when there is room for the next one, at once when the channel is closed. Never rejects. */
  send(frame: WebSocketFrame): Promise<void>;
  /** @param reason at most 123 bytes of UTF-8, cut by the channel */
  close(code: number, reason: string): void;
}

/** What a request to upgrade is answered with: a refusal in plain HTTP, or who takes the channel. */
export type UpgradeAnswer =
  | { readonly kind: "refused"; readonly response: HttpResponse }
  | {
      readonly kind: "accepted";
      /** One of those that the client offered; undefined where it offered none. */
      readonly subprotocol: string | undefined;
      /** Limit of one frame, in bytes. */
      readonly maxFrameBytes: number;
      /** Serves the channel to its end; never rejects. The request's signal fires when the peer is gone. */
      serve(channel: WebSocketChannel): Promise<void>;
    };

/** Looks at a request that asks for a WebSocket. `undefined` = nothing here has that path. Never rejects. */
export type UpgradeHandler = (
  request: HttpRequest,
  subprotocols: readonly string[],
) => Promise<UpgradeAnswer | undefined>;
