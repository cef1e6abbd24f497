// Shows what of a call arrives at the backend, keeps it waiting, or fails it as asked.
import { setTimeout as sleep } from "node:timers/promises";
import type { Any } from "@bufbuild/protobuf/wkt";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import type { Metadata } from "@grpc/grpc-js";
import { Code, CodeSchema } from "../../src/gen/google/rpc/code_pb.ts";
import {
  BadRequestSchema,
  DebugInfoSchema,
  HelpSchema,
  LocalizedMessageSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { detail, errorInfo, invalidArgument, StatusError } from "./status-error.ts";

const maxDelayMs = 60_000;

export function createInspectHandler(): Pick<LibraryHandlers, "inspect"> {
  return {
    async inspect({ path, delay, failWith }, call) {
      const leftMs = call.deadline === undefined ? undefined : call.deadline.getTime() - Date.now();
      const delayMs = delay === undefined ? 0 : durationMs(delay);
      if (delayMs < 0 || delayMs > maxDelayMs) {
        throw invalidArgument({ field: "delay", description: "must be between 0s and 60s" });
      }
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: call.signal });
      if (failWith !== Code.OK) throw failure(failWith);
      return {
        path,
        peer: call.peer,
        metadata: entriesOf(call.metadata),
        ...(leftMs === undefined ? {} : { timeLeft: durationFromMs(Math.max(0, Math.round(leftMs))) }),
      };
    },
  };
}

function entriesOf(metadata: Metadata): { key: string; value: string }[] {
  return Object.keys(metadata.getMap())
    .sort()
    .flatMap((key) =>
      metadata
        .get(key)
        .map((value) => ({ key, value: typeof value === "string" ? value : value.toString("base64") })),
    );
}

function failure(code: Code): StatusError {
  const name = CodeSchema.value[code]?.name;
  if (name === undefined) {
    return invalidArgument({ field: "fail_with", description: "must be a code of google.rpc.Code" });
  }
  return new StatusError(code, `${name}, as you asked`, everyDetail(name));
}

/** One of each kind in google/rpc/error_details.proto. */
function everyDetail(reason: string): Any[] {
  return [
    errorInfo(reason, { asked: "fail_with" }),
    detail(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }),
    detail(DebugInfoSchema, { stackEntries: ["inspect", "library"], detail: "nothing is really wrong" }),
    detail(QuotaFailureSchema, { violations: [{ subject: "readers/ada", description: "an example" }] }),
    detail(PreconditionFailureSchema, {
      violations: [{ type: "EXAMPLE", subject: "inspect", description: "an example" }],
    }),
    detail(BadRequestSchema, { fieldViolations: [{ field: "fail_with", description: "an example" }] }),
    detail(RequestInfoSchema, { requestId: "example-1" }),
    detail(ResourceInfoSchema, { resourceType: "example", resourceName: "example/1" }),
    detail(HelpSchema, { links: [{ description: "Error model", url: "https://google.aip.dev/193" }] }),
    detail(LocalizedMessageSchema, { locale: "de", message: "Wie bestellt: es geht nicht." }),
  ];
}
