// The one error class of the gateway: thrown inside, written once at a protocol's edge.
// Source: google/rpc/status.proto (code, message, details).
import { Code, codeName } from "./code.ts";
import { Header } from "./header.ts";

/** One entry of `google.rpc.Status.details`, undecoded: a `google.protobuf.Any`. */
export interface ErrorDetail {
  /** `type.googleapis.com/google.rpc.BadRequest` */
  readonly typeUrl: string;
  /** The message, protobuf binary. */
  readonly value: Uint8Array;
}

export interface RpcErrorOptions {
  readonly details?: readonly ErrorDetail[];
  /** Trailer metadata that came with the status; empty by default. */
  readonly trailer?: Header;
  /** Header metadata, where the backend sent some before it failed; empty by default. */
  readonly header?: Header;
  /** What went wrong underneath. Logged, never sent. */
  readonly cause?: unknown;
}

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: Code;
  /** The text for the peer, without the code's name in front. */
  readonly rawMessage: string;
  readonly details: readonly ErrorDetail[];
  readonly header: Header;
  readonly trailer: Header;

  constructor(code: Code, message: string, options: RpcErrorOptions = {}) {
    // The message begins with the code because most tools show nothing else of an error.
    super(
      `${codeName(code)}: ${message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.rawMessage = message;
    this.details = options.details ?? [];
    this.header = options.header ?? new Header();
    this.trailer = options.trailer ?? new Header();
  }

  /**
   * Turns anything that was thrown into an `RpcError`. An unknown error becomes INTERNAL with a bare text and the
   * original as `cause`: what it says may be about our insides and is not for the peer.
   */
  static from(reason: unknown): RpcError {
    if (reason instanceof RpcError) return reason;
    return new RpcError(Code.INTERNAL, "internal error", { cause: reason });
  }
}

/** The error of a signal that was aborted; whoever aborts without a reason of ours has cancelled. */
export function abortReason(signal: AbortSignal): RpcError {
  if (signal.reason instanceof RpcError) return signal.reason;
  return new RpcError(Code.CANCELLED, "the call was cancelled", { cause: signal.reason });
}
