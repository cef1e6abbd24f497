// The transport over grpc-js: one channel per target, opened by the first call, kept open and reopened with backoff.
// Sources: https://github.com/grpc/grpc-node/tree/master/packages/grpc-js (channel options);
// https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md.
import { Channel, type ChannelOptions, credentials, logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { Handler } from "../rpc/call.ts";
import type { Header } from "../rpc/header.ts";
import { type MethodInfo, streamsReplies } from "../rpc/method.ts";
import type { RpcError } from "../rpc/rpc-error.ts";
import { discardMessages } from "../rpc/stream.ts";
import { omitAddressName } from "./address-name.ts";
import { watchChannel } from "./channel-watch.ts";
import { type CallSetting, refusalOf } from "./grpc-js-call.ts";
import { limitHandshake } from "./handshake-limit.ts";
import { createHeaderLimit } from "./header-limit.ts";
import { invokeStream } from "./invoke-stream.ts";
import { invokeUnary } from "./invoke-unary.ts";
import { keepConnected } from "./keep-connected.ts";
import { formatTarget } from "./target.ts";
import type { Address, Target, Transport } from "./upstream.ts";

export interface GrpcJsTransportOptions {
  readonly target: Target;
  /** Where to connect, where that is one address of several that the target's name has. Default: the target. */
  readonly address?: Address;
  /** Is told of each call that is sent. */
  readonly observer?: CallObserver;
  /**
   * The largest reply message, decompressed; a larger one fails with RESOURCE_EXHAUSTED. Default 64 MiB: a gateway
   * should pass what its backend may send (gRPC's own default of 4 MiB is the client's, not the server's), and yet
   * not let one reply exhaust its memory. At most 2^32 - 1, which is what an envelope can say.
   */
  readonly maxReplyBytes?: number;
  /** How to verify the backend and be known to it; only where the target says TLS. */
  readonly tls?: UpstreamTls;
  /** Header of every call; replaces what a call says of the same names. */
  readonly header?: Header;
  /**
   * Pings while calls run, so that a peer that vanished without a word is noticed. Default every 330 s with 20 s for
   * the answer: gRPC servers close connections that ping more often than every 5 minutes.
   * @see https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md
   */
  readonly keepalive?: { readonly timeMs: number; readonly timeoutMs: number };
  /**
   * Time between attempts to connect: the first, growing by 1.6 to the last. Default 500 ms to 5 s, less than gRPC's
   * 1 s to 120 s: people restart backends and expect the gateway to follow.
   */
  readonly reconnect?: { readonly initialMs: number; readonly maxMs: number };
  /** How long a backend may take from accepting a connection to speaking HTTP/2. Default 10 s. */
  readonly handshakeLimitMs?: number;
}

/** Sees calls begin and end, streams included; each `began` is followed by one `ended`. */
export interface CallObserver {
  began(method: MethodInfo): void;
  /** `error` is absent where the call ended well. */
  ended(method: MethodInfo, error: RpcError | undefined): void;
}

/** PEM. */
export interface UpstreamTls {
  /** Default: the certificate authorities that Node trusts. */
  readonly ca?: Uint8Array;
  /** Our certificate chain and key, where the backend wants to know us. */
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  /** Name in the backend's certificate and in `:authority`, where it is not the target's host. */
  readonly serverName?: string;
}

const defaults = {
  maxReplyBytes: 64 * 1024 * 1024,
  keepalive: { timeMs: 330_000, timeoutMs: 20_000 },
  reconnect: { initialMs: 500, maxMs: 5_000 },
  handshakeLimitMs: 10_000,
};

// What grpc-js has to complain of it prints: a line on stderr for each header that is not ASCII, between the lines of
// our JSON log and as often as a backend likes. Whoever asks for its log by its own variables gets it.
if ((process.env.GRPC_NODE_VERBOSITY ?? process.env.GRPC_VERBOSITY) === undefined) {
  setLogVerbosity(logVerbosity.NONE);
}

/**
 * Creates a transport; it connects at the first call or `connect()`.
 * @throws Error for TLS material that cannot be read
 */
export function createGrpcJsTransport(options: GrpcJsTransportOptions): Transport {
  const { observer } = options;
  const target = formatTarget(options.address ?? options.target);
  const channel = new Channel(`dns:///${target}`, createCredentials(options), channelOptions(options));
  const watch = watchChannel(channel, target);
  const keeper = keepConnected(channel, watch, (options.reconnect ?? defaults.reconnect).initialMs);
  const limit = createHeaderLimit(target, options.header);
  const unsubscribe = watch.onStatus(({ state }) => {
    if (state !== "ready") limit.forget();
  });
  const idle = Promise.withResolvers<void>();
  let runningCount = 0;
  let closed: Promise<void> | undefined;

  const setting: CallSetting = {
    channel,
    target,
    header: options.header,
    onAnswered: limit.learn,
    onUnreachable: watch.sawFailure,
    onEnd: (method, error) => {
      runningCount--;
      observer?.ended(method, error);
      if (closed && runningCount === 0) idle.resolve();
    },
  };
  const invoke: Handler = (call) => {
    const refusal = refusalOf(call, closed !== undefined) ?? limit.refusalOf(call.method.path, call.header);
    if (refusal) {
      discardMessages(call);
      return Promise.reject(refusal);
    }
    runningCount++;
    observer?.began(call.method);
    return streamsReplies(call.method.kind) ? invokeStream(setting, call) : invokeUnary(setting, call);
  };
  const close = async (): Promise<void> => {
    keeper.stop();
    if (runningCount > 0) await idle.promise;
    channel.close();
    unsubscribe();
  };

  return {
    invoke,
    status: watch.status,
    onStatus: watch.onStatus,
    connect: () => {
      if (!closed) keeper.start();
    },
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function createCredentials({ target, tls, handshakeLimitMs }: GrpcJsTransportOptions) {
  const limitMs = handshakeLimitMs ?? defaults.handshakeLimitMs;
  if (!target.tls) return limitHandshake(credentials.createInsecure(), limitMs);
  const [ca, key, cert] = [tls?.ca, tls?.key, tls?.cert].map((pem) => (pem ? Buffer.from(pem) : null));
  return limitHandshake(omitAddressName(credentials.createSsl(ca, key, cert)), limitMs);
}

function channelOptions(options: GrpcJsTransportOptions): ChannelOptions {
  const keepalive = options.keepalive ?? defaults.keepalive;
  const reconnect = options.reconnect ?? defaults.reconnect;
  const { target, address } = options;
  const serverName = options.tls?.serverName;
  // Who connects to an address of a name still asks for the name.
  const tlsName = serverName ?? (address && target.tls ? target.host : undefined);
  const authority = serverName ?? (address && formatTarget(target));
  return {
    "grpc.max_receive_message_length": options.maxReplyBytes ?? defaults.maxReplyBytes,
    // Requests are limited where they come in.
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": keepalive.timeMs,
    "grpc.keepalive_timeout_ms": keepalive.timeoutMs,
    "grpc.initial_reconnect_backoff_ms": reconnect.initialMs,
    "grpc.max_reconnect_backoff_ms": reconnect.maxMs,
    "grpc.dns_min_time_between_resolutions_ms": reconnect.maxMs,
    // A gateway keeps its connections: reconnecting is the first caller's latency.
    "grpc.client_idle_timeout_ms": 2 ** 31 - 1,
    // The global pool would share connections with whoever else uses grpc-js, beyond close().
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    // Without a service config there are no retries but transparent ones: of calls that never reached the backend.
    "grpc.service_config_disable_resolution": 1,
    // What may be sent before the backend answers, kept for those; beyond it each message waits for flow control.
    "grpc.per_rpc_retry_buffer_size": 64 * 1024,
    "grpc.enable_channelz": 0,
    // What one stream may hold unread. Node's 64 KiB stalls large replies on slow links.
    "grpc-node.flow_control_window": 256 * 1024,
    ...(tlsName !== undefined && { "grpc.ssl_target_name_override": tlsName }),
    ...(authority !== undefined && { "grpc.default_authority": authority }),
  };
}
