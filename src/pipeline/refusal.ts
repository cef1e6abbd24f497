// What the gateway answers where it will not carry a call out: the code, and in machine-readable form when to come back
// and which quota was used up. Sources: google/rpc/error_details.proto (RetryInfo, QuotaFailure); gRPC proposal A6
// ("Pushback": `grpc-retry-pushback-ms`, where a negative number means never).
import type { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { type ErrorDetail, RpcError } from "../rpc/rpc-error.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";

export interface RefusalOptions {
  /** How long the client should wait; infinite where it need not come back with the same; absent where nobody knows. */
  readonly retryAfterMs?: number;
  /** The quotas that were used up; the first sixteen are told. */
  readonly violations?: readonly QuotaViolation[];
  /** Header metadata of the answer. */
  readonly header?: Header;
  /** What went wrong underneath. Logged, never sent. */
  readonly cause?: unknown;
}

export interface QuotaViolation {
  /** Whose quota: `ip`, `method`. */
  readonly subject: string;
  /** For humans: `limit "1": 10 calls per 1 s`. */
  readonly description: string;
}

/** A year: what is further away is as good as never, and every client can hold the number. */
const maxRetryMs = 365 * 24 * 3600 * 1000;
/** Java's client reads the pushback as an int32 and takes what it cannot read for "never". */
const maxPushbackMs = 2 ** 31 - 1;
/** Details travel in a trailer, which has its limits. */
const maxViolations = 16;

// Tags: field number times eight plus wire type 2.
const retryDelayTag = 0x0a;
const violationTag = 0x0a;
const subjectTag = 0x0a;
const descriptionTag = 0x12;
const secondsTag = 0x08;
const nanosTag = 0x10;

/** The error to throw: RetryInfo and the pushback trailer from `retryAfterMs`, QuotaFailure from `violations`. */
export function refuse(code: Code, message: string, options: RefusalOptions = {}): RpcError {
  const { retryAfterMs, violations = [], header, cause } = options;
  const details: ErrorDetail[] = [];
  const trailer = new Header();
  if (retryAfterMs !== undefined) {
    // Rounded up, as who comes back a fraction too early is refused again.
    const waitMs = Math.ceil(Math.min(Math.max(retryAfterMs, 0), maxRetryMs));
    const never = retryAfterMs === Number.POSITIVE_INFINITY;
    if (!never) details.push(retryInfo(waitMs));
    trailer.append("grpc-retry-pushback-ms", never ? "-1" : String(Math.min(waitMs, maxPushbackMs)));
  }
  if (violations.length > 0) details.push(quotaFailure(violations));
  return new RpcError(code, message, {
    details,
    trailer,
    ...(header && { header }),
    ...(cause !== undefined && { cause }),
  });
}

/** One for all: a refusal is made when there is much to refuse, and should cost little. */
const writer = new ProtobufWriter(256);

function retryInfo(waitMs: number): ErrorDetail {
  writer.reset();
  writer.uint32(retryDelayTag);
  const mark = writer.begin();
  const seconds = Math.floor(waitMs / 1000);
  const nanos = (waitMs % 1000) * 1_000_000;
  if (seconds > 0) {
    writer.uint32(secondsTag);
    writer.uint32(seconds);
  }
  if (nanos > 0) {
    writer.uint32(nanosTag);
    writer.uint32(nanos);
  }
  writer.end(mark);
  return { typeUrl: "type.googleapis.com/google.rpc.RetryInfo", value: writer.finish() };
}

function quotaFailure(violations: readonly QuotaViolation[]): ErrorDetail {
  writer.reset();
  for (const { subject, description } of violations.slice(0, maxViolations)) {
    writer.uint32(violationTag);
    const mark = writer.begin();
    writer.uint32(subjectTag);
    writer.string(subject);
    writer.uint32(descriptionTag);
    writer.string(description);
    writer.end(mark);
  }
  return { typeUrl: "type.googleapis.com/google.rpc.QuotaFailure", value: writer.finish() };
}
