// How much of the listener one client may hold: header sizes, times, streams, floods. Each number with its reason.
// Sources: Node's http, http2 and tls options; RFC 9113 §6.5.2 and §10.5; what Envoy, nginx and Go have by default.

export interface ListenerLimits {
  /**
   * Names and values of one request's header, both protocols. 32 KiB: a large cookie and a token with many claims are
   * 8 KiB each; Node's own 16 KiB is met by real people, Go's 1 MiB is a gift to others.
   */
  readonly maxHeaderBytes: number;
  /** Entries of one HTTP/2 request header, pseudo headers included. 256: real gRPC metadata has tens. */
  readonly maxHeaderPairs: number;
  /**
   * From accept to the protocol being known (24 bytes of preface, or three bytes that are none), and from the HTTP/2
   * preface to the client's SETTINGS. 10 s: three retransmissions of a lost first segment, and no more.
   */
  readonly firstBytesMs: number;
  /** For a TLS handshake. 10 s for the same reason; Node's 120 s would hold a socket and a key operation. */
  readonly handshakeMs: number;
  /** From a request's first byte (or the accept) to the end of its header, HTTP/1.1. 20 s, checked every `sweepMs`. */
  readonly headerMs: number;
  /**
   * A client that has yet to send (HTTP/1.1 body that is being waited for) or to take (bytes of an answer waiting in
   * its full socket or flow-control window) and moves nothing for so long. 5 min, Envoy's `stream_idle_timeout`. A
   * stream on which the *backend* is silent is not idle in this sense and lives as long as it likes; there is no limit
   * on a whole request, which would kill uploads and streams that are well.
   */
  readonly stallMs: number;
  /**
   * How long what remains of an HTTP/1.1 upload is read and dropped after the answer, so that the client sees the
   * answer and not a reset. 5 s, nginx's `lingering_timeout`.
   */
  readonly lingerMs: number;
  /**
   * Between two pings of a WebSocket; a client from which nothing came since the last one, its pong least of all, is
   * gone. 30 s: half of the 60 s after which common load balancers cut a silent connection.
   */
  readonly pingMs: number;
  /** HTTP/1.1 connection between two requests. 75 s: longer than the 60 s of common load balancers, who must be first. */
  readonly keepAliveMs: number;
  /** HTTP/2 connection without streams. 15 min: gRPC channels idle long and reconnecting is cheap for them. */
  readonly http2IdleMs: number;
  /** How often the times above are checked, so each may be late by that much. 5 s costs nothing. */
  readonly sweepMs: number;
  /**
   * Requests at once on one connection: HTTP/2 streams, HTTP/1.1 pipelined requests. 128: RFC 9113 says no less than
   * 100; with 64 KiB of window each a connection cannot make us hold more than 8 MiB of request bodies.
   */
  readonly maxConcurrentRequests: number;
  /**
   * Bytes of answers that wait for their clients to take them, all clients together, and what a stream that nobody reads
   * holds behind them. Above it those that have rested longest are cut off before `stallMs`. 256 MiB: some hundred
   * resting streams, a fraction of the heap that Node gives itself.
   */
  readonly maxBufferedBytes: number;
  /** How long even then a client may rest: it may be on a train. 2 s. */
  readonly leastStallMs: number;
  /** Connections at once; more are closed when accepted. Infinity: the file limit of the process decides. */
  readonly maxConnections: number;
}

export const defaultLimits: ListenerLimits = {
  maxHeaderBytes: 32 * 1024,
  maxHeaderPairs: 256,
  firstBytesMs: 10_000,
  handshakeMs: 10_000,
  headerMs: 20_000,
  stallMs: 300_000,
  lingerMs: 5_000,
  pingMs: 30_000,
  keepAliveMs: 75_000,
  http2IdleMs: 900_000,
  sweepMs: 5_000,
  maxConcurrentRequests: 128,
  maxBufferedBytes: 256 * 1024 * 1024,
  leastStallMs: 2_000,
  maxConnections: Number.POSITIVE_INFINITY,
};
