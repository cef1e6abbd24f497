// One HTTP/2 connection: its settings, its protection against floods, and when it has idled long enough.
// Source: RFC 9113 §6.5 (SETTINGS), §6.9 (flow control), §10.5; CVE-2023-44487 (rapid reset), CVE-2019-9512…9518.
import type { ServerHttp2Session, ServerOptions } from "node:http2";
import type { ListenerContext } from "./listener-context.ts";
import type { ListenerLimits } from "./listener-limits.ts";

/** One stream's window bounds what we hold of its body; the connection's is refilled as bytes arrive, not as they are read. */
const connectionWindowBytes = 1024 * 1024;

export function http2Options(limits: ListenerLimits): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.maxConcurrentRequests,
      maxHeaderListSize: limits.maxHeaderBytes,
      // The protocol's own default: what a client may make us hold per stream whose body nobody reads.
      initialWindowSize: 65_535,
      enablePush: false,
    },
    maxHeaderListPairs: limits.maxHeaderPairs,
    // MB of queued answers and stream state, after which new streams are refused. Node's 10 would refuse on a few large
    // unary replies in flight.
    maxSessionMemory: 16,
    // Frames no sane peer sends more than a few of. Node's 1,000 lets a client try for long.
    maxSessionInvalidFrames: 100,
    // Streams beyond maxConcurrentStreams; a client may not know the limit until our SETTINGS arrive.
    maxSessionRejectedStreams: 100,
    // Rapid reset: 1,000 cancelled calls at once are a client that shuts down, then 33 a second is a busy one
    // (nghttp2's numbers). Above that the connection ends with ENHANCE_YOUR_CALM.
    streamResetBurst: 1000,
    streamResetRate: 33,
    // A backend may well answer with a header twice that Node holds for single; that is no reason to throw.
    strictSingleValueFields: false,
  };
}

/** Limits in time: SETTINGS must follow the preface, and a connection without streams ends some day. */
export function watchSession(session: ServerHttp2Session, context: ListenerContext): void {
  const { exchanges, limits, options } = context;
  const settingsTimer = setTimeout(() => {
    options.onError(new Error(`no SETTINGS within ${limits.firstBytesMs} ms of the preface`), "HTTP/2");
    session.destroy();
  }, limits.firstBytesMs);
  session.setLocalWindowSize(connectionWindowBytes);

  // Node's session.setTimeout would do but for one thing: once it has fired on a busy session it stays off.
  let openCount = 0;
  const idle = {
    expireAtMs: exchanges.nowMs + limits.http2IdleMs,
    expire: () => session.close(),
  };
  const onStreamClose = (): void => {
    openCount--;
    if (openCount === 0) idle.expireAtMs = exchanges.nowMs + limits.http2IdleMs;
  };
  session.on("stream", (stream) => {
    openCount++;
    idle.expireAtMs = Number.POSITIVE_INFINITY;
    stream.once("close", onStreamClose);
  });
  exchanges.watch(idle);
  session.once("remoteSettings", () => clearTimeout(settingsTimer));
  session.once("close", () => {
    clearTimeout(settingsTimer);
    exchanges.unwatch(idle);
  });
}
