// The contract of the listener: one port that speaks HTTP/1.1 and HTTP/2 with prior knowledge (or both by ALPN on TLS)
// and hands every request to one function as plain values.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { HttpRequest, HttpResponse } from "../wire/http-message.ts";
import type { UpgradeHandler } from "../wire/websocket-channel.ts";
import type { ListenerLimits } from "./listener-limits.ts";

/** Serves what the data plane does not know: the admin application's raw entry. */
export type RawHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

export interface TlsOptions {
  /** PEM text, the certificate and those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; absent = clients are not asked. */
  readonly clientCa?: string;
  /** Whether clients must have one. A certificate of another authority is refused in any case. Default `require`. */
  readonly clientAuth?: "require" | "optional";
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Absent = cleartext. */
  readonly tls?: TlsOptions;
  /**
   * Answers a request; `undefined` = not a path of the data plane, which goes to `fallback`. Must not reject; if it
   * does, the answer is a bare 500.
   */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse | undefined>;
  readonly fallback: RawHandler;
  /**
   * Asked about requests for a WebSocket (HTTP/1.1); where it has no answer, and by default, such a request goes to
   * `handle` like any other.
   */
  readonly upgrade?: UpgradeHandler;
  /** Told of connections that broke the protocol and of requests whose handling rejected. Must not throw. */
  readonly onError: (error: unknown, where: string) => void;
  /** Changes single limits; what is not named keeps `defaultLimits`. */
  readonly limits?: Partial<ListenerLimits>;
}

export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was bound. */
  readonly url: string;
  readonly port: number;
  /** Requests that are being answered. */
  readonly activeCount: number;
  /**
   * From now on new connections get these; those that are open go on. For a listener with TLS; whether clients are asked
   * for a certificate stays as it is.
   * @throws Error of OpenSSL when they are not usable; the old ones stay in use
   */
  replaceTls(tls: TlsOptions): void;
  /**
   * Stops accepting, lets running requests end, asks keep-alive and HTTP/2 clients to go, and after `graceMs` destroys
   * what is left. Resolves when every connection is closed; a second call waits for the first.
   */
  close(graceMs: number): Promise<void>;
}
