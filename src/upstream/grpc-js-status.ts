// The end of a backend call as an error of ours: code, text, details and trailer.
// Sources: gRPC over HTTP/2, "Status"; grpc-status-details-bin as google.rpc.Status.
import type { Metadata, StatusObject } from "@grpc/grpc-js";
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { type ErrorDetail, RpcError } from "../rpc/rpc-error.ts";
import { decodeGrpcMessage } from "../wire/grpc-message.ts";
import { decodeGrpcStatusDetails } from "../wire/grpc-status-details.ts";
import { formatConnectFailure, NotConnected, parseConnectFailure } from "./connect-failure.ts";
import { headerFromMetadata } from "./grpc-js-metadata.ts";
import type { LateStatus } from "./late-status.ts";

export interface EndedCall {
  readonly status: StatusObject;
  /** The true status where `status` only stands in for it. */
  readonly late: LateStatus | undefined;
  /** Header that came before the end. */
  readonly header: Header | undefined;
  /** The target in words, for a failure to connect. */
  readonly target: string;
}

/** The error that a call ended with; undefined where it ended well. */
export function rpcErrorFromStatus(ended: EndedCall): RpcError | undefined {
  const { status, late, header } = ended;
  const code = status.code === 0 && late ? parseCode(late.grpcStatus) : knownCode(status);
  if (code === Code.OK) return undefined;
  const text = status.code === 0 && late ? decodeGrpcMessage(late.grpcMessage) : textOf(status);
  return new RpcError(code, messageFor(code, text, ended.target), {
    details: detailsFrom(status.metadata),
    trailer: headerFromMetadata(status.metadata),
    ...(header && { header }),
    ...(code === Code.UNAVAILABLE && { cause: causeFor(text, ended.target) }),
  });
}

/**
 * The error of a call that was answered by something else than gRPC (a proxy's page, a web server) or in a codec that was
 * not asked for. An HTTP status other than 200 says most, and so does the status of whoever speaks gRPC; the body, which
 * grpc-js takes for messages, says nothing.
 * @param type the `content-type` of the answer
 * @returns undefined where grpc-js's own status says it already
 */
export function errorOfForeignReply(status: StatusObject, type: string): RpcError | undefined {
  const shown = JSON.stringify(type.slice(0, 80));
  if (/^application\/grpc\+/i.test(type)) {
    if (status.code !== 0) return undefined;
    return new RpcError(Code.INTERNAL, `the backend answered with content-type ${shown}, and was sent proto`);
  }
  if (status.code !== 0 && /^Received HTTP status code (?!200\b)/.test(status.details)) return undefined;
  return new RpcError(Code.UNKNOWN, `the backend answered with content-type ${shown}, which is not gRPC`);
}

const endedConnection = /^Received RST_STREAM with code 2 triggered by internal client error: Session closed/;

/** Texts of grpc-js that name addresses inside our network are put in words that a client may read. */
function messageFor(code: Code, text: string, target: string): string {
  if (code === Code.UNAVAILABLE) {
    const failure = parseConnectFailure(text, target);
    if (failure) return `cannot reach the backend: ${failure.reason}`;
    if (endedConnection.test(text)) return "the backend closed the connection";
  }
  const local = code === Code.DEADLINE_EXCEEDED && /^Deadline exceeded after [\d.]+s,/.test(text);
  return local ? "deadline exceeded" : text;
}

function causeFor(text: string, target: string): Error {
  const failure = parseConnectFailure(text, target);
  return failure ? new NotConnected(formatConnectFailure(failure)) : new Error(`${text} (${target})`);
}

function parseCode(text: string): Code {
  return /^\d{1,9}$/.test(text) ? Number(text) : Code.UNKNOWN;
}

/**
 * grpc-js reads `grpc-status` with Number(): what is no number comes out as NaN, and google.rpc.Status holds no more
 * than an int32. Where it cannot decompress a message it ends the call without any code or text. A connection that the
 * backend ended with an error (GOAWAY) is INTERNAL to it; like any lost connection it is UNAVAILABLE, to be tried again.
 */
function knownCode({
  code,
  details,
}: {
  readonly code: number | undefined;
  readonly details?: string;
}): Code {
  if (code === undefined) return Code.INTERNAL;
  if (code === Code.INTERNAL && endedConnection.test(details ?? "")) return Code.UNAVAILABLE;
  return Number.isInteger(code) && code >= 0 && code <= 0x7fffffff ? code : Code.UNKNOWN;
}

function textOf({ details }: { readonly details: string | undefined }): string {
  return (
    details ??
    "the backend sent a message compressed in a way that it does not name or that is not known here"
  );
}

function detailsFrom(metadata: Metadata): readonly ErrorDetail[] {
  const [value] = metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(value)) return [];
  return decodeGrpcStatusDetails(value.toString("base64"))?.details ?? [];
}
