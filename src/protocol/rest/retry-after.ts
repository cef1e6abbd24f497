// `Retry-After` from a `google.rpc.RetryInfo` detail, so that plain HTTP clients wait as long as gRPC clients would.
// Source: RFC 9110 §10.2.3 (whole seconds).
import { fromBinary } from "@bufbuild/protobuf";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";

const retryInfoType = "/google.rpc.RetryInfo";
/** A year: a longer wait is a mistake of the backend's. */
const maxSeconds = 31_536_000;

/** Seconds to wait, rounded up, as text; undefined where the error carries no readable RetryInfo. */
export function retryAfterOf(error: RpcError): string | undefined {
  const detail = error.details.find(({ typeUrl }) => typeUrl.endsWith(retryInfoType));
  if (detail === undefined) return undefined;
  try {
    const delay = fromBinary(RetryInfoSchema, detail.value).retryDelay;
    if (delay === undefined) return undefined;
    const seconds = Number(delay.seconds) + (delay.nanos > 0 ? 1 : 0);
    return String(Math.min(Math.max(seconds, 0), maxSeconds));
  } catch {
    return undefined;
  }
}
