// The client's side of a call, frame by frame: first maybe a header, then messages, then maybe a half-close, and nothing
// after it. Pulled: while nobody asks for the next frame, the socket is not read.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import type { WebSocketFrame } from "../../wire/websocket-channel.ts";
import { type ClientFrame, parseClientFrame } from "./client-frame.ts";
import { ClientMessages, type OnFailure } from "./client-messages.ts";
import type { BindMessage } from "./websocket-target.ts";

type Entries = Extract<ClientFrame, { readonly kind: "header" }>["entries"];
type Message = Extract<ClientFrame, { readonly kind: "message" }>;

export class ClientFrames {
  readonly #frames: AsyncIterator<WebSocketFrame>;
  readonly #maxMessageBytes: number;
  /** The first frame, where it is no header. */
  #pending: ClientFrame | undefined;
  #messageCount = 0;

  constructor(frames: AsyncIterable<WebSocketFrame>, maxMessageBytes: number) {
    this.#frames = frames[Symbol.asyncIterator]();
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * Waits for the first frame, with which a call begins.
   * @returns the entries of the header frame, none where the first frame is another; undefined where the client left
   * @throws RpcError INVALID_ARGUMENT for a frame that is none
   */
  async readHeader(): Promise<Entries | undefined> {
    const frame = await this.#next();
    if (frame === undefined) return undefined;
    if (frame.kind === "header") return frame.entries;
    this.#pending = frame;
    return [];
  }

  /**
   * The message of a method that takes one.
   * @returns undefined where the client left
   * @throws RpcError INVALID_ARGUMENT, RESOURCE_EXHAUSTED as `readMessages`; UNIMPLEMENTED where there is none
   */
  async readOnly(bind: BindMessage): Promise<Uint8Array | undefined> {
    const frame = await this.#next();
    if (frame === undefined) return undefined;
    if (frame.kind === "half_close") {
      throw new RpcError(Code.UNIMPLEMENTED, "the method takes one message, got none");
    }
    return this.#bind(frame, bind, true);
  }

  /**
   * The messages of a method that takes a stream of them, up to the half-close.
   * @throws RpcError from `next`: INVALID_ARGUMENT with the message's number, field path and position; RESOURCE_EXHAUSTED
   *   when one is larger than the limit; CANCELLED when the client leaves before the half-close
   */
  readMessages(bind: BindMessage, onFailure: OnFailure): AsyncIterableIterator<Uint8Array, undefined> {
    return new ClientMessages({
      next: async () => {
        const frame = await this.#next();
        if (frame === undefined) {
          throw new RpcError(Code.CANCELLED, "the client closed the WebSocket before its half-close");
        }
        return frame.kind === "half_close" ? undefined : this.#bind(frame, bind, false);
      },
      onHalfClose: () => void this.watch(onFailure, false),
      onFailure,
      letGo: () => void this.#frames.return?.(),
    });
  }

  /**
   * Reads on when all is said, so that a client is seen that leaves, or that says more.
   * @param halfClose whether a half-close may still come
   */
  async watch(onFailure: OnFailure, halfClose: boolean): Promise<void> {
    try {
      let frame = await this.#next();
      if (frame?.kind === "half_close" && halfClose) frame = await this.#next();
      if (frame === undefined) return;
      if (frame.kind === "message" && halfClose) {
        throw new RpcError(Code.UNIMPLEMENTED, "the method takes one message, got more");
      }
      throw new RpcError(Code.INVALID_ARGUMENT, `unexpected frame: a ${frame.kind} after the last message`);
    } catch (reason) {
      onFailure(RpcError.from(reason));
    }
  }

  async #next(): Promise<ClientFrame | undefined> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) return pending;
    const step = await this.#frames.next();
    if (step.done === true) return undefined;
    const frame = parseClientFrame(step.value);
    if (frame.kind !== "malformed") return frame;
    throw new RpcError(Code.INVALID_ARGUMENT, `malformed frame: ${frame.reason}`);
  }

  #bind(frame: ClientFrame, bind: BindMessage, isOnly: boolean): Uint8Array {
    if (frame.kind !== "message") {
      throw new RpcError(Code.INVALID_ARGUMENT, "unexpected frame: a header is the first frame or none");
    }
    const number = ++this.#messageCount;
    this.#checkSize(frame, number);
    try {
      return bind(frame.bytes, frame.form, number === 1);
    } catch (reason) {
      if (isOnly || !(reason instanceof RpcError)) throw reason;
      throw new RpcError(reason.code, `message ${number}: ${reason.rawMessage}`, reason);
    }
  }

  #checkSize({ bytes }: Message, number: number): void {
    const maxBytes = this.#maxMessageBytes;
    if (bytes.length <= maxBytes) return;
    throw new RpcError(
      Code.RESOURCE_EXHAUSTED,
      `message ${number} is larger than the limit of ${maxBytes} bytes`,
    );
  }
}
