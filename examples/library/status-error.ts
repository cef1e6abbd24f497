// How this backend fails: a code, a text and details of google.rpc, carried as gRPC carries them.
// Source: google/rpc/status.proto; gRPC over HTTP/2, `grpc-status-details-bin`.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

/** The `domain` of every ErrorInfo. */
const domain = "library.demo.example";

/** Thrown by handlers; everything else that is thrown is INTERNAL and its text stays here. */
export class StatusError extends Error {
  readonly code: status;
  readonly details: readonly Any[];

  constructor(code: status, message: string, details: readonly Any[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** As google.rpc.Status, for replies that report failures of parts. */
  toStatus(): Status {
    return create(StatusSchema, { code: this.code, message: this.message, details: [...this.details] });
  }
}

/** Packs a message as a detail. */
export function detail<T extends DescMessage>(schema: T, init: MessageInitShape<T>): Any {
  return anyPack(schema, create(schema, init));
}

export interface FieldViolation {
  /** Path of the field, `book.title`. */
  readonly field: string;
  readonly description: string;
}

/** INVALID_ARGUMENT with a BadRequest that names each field. */
export function invalidArgument(...violations: readonly FieldViolation[]): StatusError {
  const [first] = violations;
  const message = first === undefined ? "invalid request" : `invalid ${first.field}: ${first.description}`;
  return new StatusError(status.INVALID_ARGUMENT, message, [
    detail(BadRequestSchema, { fieldViolations: violations.map((violation) => ({ ...violation })) }),
  ]);
}

/** NOT_FOUND with ResourceInfo and ErrorInfo. `kind` is `Book` or `Shelf`. */
export function notFound(kind: string, name: string): StatusError {
  const message = `${kind.toLowerCase()} ${name} does not exist`;
  return new StatusError(status.NOT_FOUND, message, [
    detail(ResourceInfoSchema, {
      resourceType: `${domain}/${kind}`,
      resourceName: name,
      description: message,
    }),
    errorInfo(`${kind.toUpperCase()}_NOT_FOUND`, { name }),
  ]);
}

/** ALREADY_EXISTS with ResourceInfo. */
export function alreadyExists(kind: string, name: string): StatusError {
  const message = `${kind.toLowerCase()} ${name} exists already`;
  return new StatusError(status.ALREADY_EXISTS, message, [
    detail(ResourceInfoSchema, {
      resourceType: `${domain}/${kind}`,
      resourceName: name,
      description: message,
    }),
  ]);
}

/** FAILED_PRECONDITION with PreconditionFailure and whatever else explains it. */
export function failedPrecondition(
  type: string,
  subject: string,
  description: string,
  ...more: readonly Any[]
): StatusError {
  return new StatusError(status.FAILED_PRECONDITION, description, [
    detail(PreconditionFailureSchema, { violations: [{ type, subject, description }] }),
    ...more,
  ]);
}

/** RESOURCE_EXHAUSTED with QuotaFailure and, where waiting helps, RetryInfo. */
export function quotaExceeded(subject: string, description: string, retrySeconds?: number): StatusError {
  const details = [detail(QuotaFailureSchema, { violations: [{ subject, description }] })];
  if (retrySeconds !== undefined) {
    details.push(detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(retrySeconds) } }));
  }
  return new StatusError(status.RESOURCE_EXHAUSTED, description, details);
}

/** An ErrorInfo of this API: `reason` is for programs. */
export function errorInfo(reason: string, metadata: Record<string, string>): Any {
  return detail(ErrorInfoSchema, { reason, domain, metadata });
}

/** What grpc-js sends for whatever was thrown. */
export function toServiceError(reason: unknown): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  if (!(reason instanceof StatusError)) {
    process.stderr.write(`library: ${reason instanceof Error ? reason.stack : reason}\n`);
    return { code: status.INTERNAL, details: "internal error", metadata };
  }
  if (reason.details.length > 0) {
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, reason.toStatus())));
  }
  return { code: reason.code, details: reason.message, metadata };
}
