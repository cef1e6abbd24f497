// One request and what becomes of it, the same for both versions of HTTP: the view that protocols get, and whether
// the client is still there. Everything a unary call does not need is made only when asked for.
import type { IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import type { Principal } from "../rpc/principal.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { principalOf } from "./connection-principal.ts";
import type { ExchangeSet, Resting } from "./exchange-set.ts";
import { RequestBody } from "./request-body.ts";

export interface ExchangeHead {
  readonly httpMethod: string;
  readonly path: string;
  readonly query: string;
  readonly header: Header;
  readonly httpVersion: "1.1" | "2";
  readonly scheme: "http" | "https";
  readonly bodyless: boolean;
}

export class Exchange implements HttpRequest, Resting {
  readonly httpMethod: string;
  readonly path: string;
  readonly query: string;
  readonly header: Header;
  readonly httpVersion: "1.1" | "2";
  readonly scheme: "http" | "https";
  readonly bodyless: boolean;
  readonly body: RequestBody;
  /** Set by the writer when the whole answer has been given to Node: from then on a disconnect is no news. */
  answered = false;
  /** Called once when the client goes before the answer is complete; the body pump puts itself here. */
  onGone: (() => void) | undefined;

  readonly #set: ExchangeSet;
  readonly #socket: Socket;
  readonly #source: IncomingMessage | ServerHttp2Stream;
  #requestDueMs = Number.POSITIVE_INFINITY;
  #roomDueMs = Number.POSITIVE_INFINITY;
  #gone: RpcError | undefined;
  #abort: AbortController | undefined;

  constructor(
    head: ExchangeHead,
    source: IncomingMessage | ServerHttp2Stream,
    socket: Socket,
    set: ExchangeSet,
    sendContinue: (() => void) | undefined,
  ) {
    this.httpMethod = head.httpMethod;
    this.path = head.path;
    this.query = head.query;
    this.header = head.header;
    this.httpVersion = head.httpVersion;
    this.scheme = head.scheme;
    this.bodyless = head.bodyless;
    this.#socket = socket;
    this.#set = set;
    this.#source = source;
    this.body = new RequestBody(source, this, sendContinue);
  }

  get principal(): Principal | undefined {
    return principalOf(this.#socket);
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  /** Why nobody is there to answer any more; undefined while somebody is. */
  get gone(): RpcError | undefined {
    return this.#gone;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone !== undefined) this.#abort.abort(this.#gone);
    }
    return this.#abort.signal;
  }

  /** When the client must have moved, in the clock of the set; Infinity while it owes nothing. */
  get expireAtMs(): number {
    return Math.min(this.#requestDueMs, this.#roomDueMs);
  }

  expire(): void {
    this.#end(`the client did not move for ${this.#set.stallMs} ms`);
  }

  giveUp(): void {
    this.#end("the client does not take its answer, and too many like it are held");
  }

  #end(why: string): void {
    this.cancel(why);
    // A stalled HTTP/2 stream costs its connection nothing, so only the stream goes.
    if (this.httpVersion === "1.1") this.#socket.destroy();
    else (this.#source as ServerHttp2Stream).close(constants.NGHTTP2_CANCEL);
  }

  /**
   * The consumer waits for bytes of the request. Only HTTP/1.1 has to hurry: on HTTP/2 a client stream may rest as
   * long as its connection lives, and gRPC clients let it.
   */
  waitForRequest(): void {
    if (this.httpVersion === "1.1") this.#requestDueMs = this.#set.dueMs();
  }

  requestMoved(): void {
    this.#requestDueMs = Number.POSITIVE_INFINITY;
  }

  /** Bytes of the answer wait for the client to take some: so many, where that is known. */
  waitForRoom(bytes = 0): void {
    this.#roomDueMs = this.#set.dueMs();
    this.#set.hold(this, bytes);
  }

  roomMade(): void {
    this.#roomDueMs = Number.POSITIVE_INFINITY;
    this.#set.release(this);
  }

  /** The transport has closed. Ends the work for this request if it was not done. */
  close(): void {
    if (!this.answered) this.cancel("the client went away");
    this.body.close();
    this.#set.release(this);
  }

  /** Nobody wants the answer, or what is left of it: all who work for it are told. */
  cancel(why: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = new RpcError(Code.CANCELLED, why);
    this.#abort?.abort(this.#gone);
    const { onGone } = this;
    this.onGone = undefined;
    onGone?.();
  }
}
