// An error as the JSON that REST clients get, in the dialect's shape.
// Source: google/rpc/status.proto; AIP-193 for the `google` shape.
import type { DescMessage } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { Codec } from "../../codec/codec.ts";
import { codeName } from "../../rpc/code.ts";
import type { ErrorDetail, RpcError } from "../../rpc/rpc-error.ts";
import type { Dialect } from "../../transcode/dialect.ts";
import { httpStatusOf } from "../../wire/http-status.ts";

export interface StatusFormat {
  /**
   * The status of an error as one JSON object.
   * @param httpStatus what HTTP says beside it, where that does not follow from the code (404, 405, 413, 415)
   */
  (error: RpcError, httpStatus?: number): string;
  /** The same under the key `error`, as it stands among the messages of a stream. */
  readonly wrapped: (error: RpcError) => string;
  /** The details alone, a JSON list. */
  readonly details: (details: readonly ErrorDetail[]) => string;
}

/** @param codec its registry decodes the details; a type that it does not know is printed as base64 */
export function createStatusFormat(codec: Codec, dialect: Dialect): StatusFormat {
  const any: DescMessage = AnySchema;
  const formatDetail = (detail: ErrorDetail): string => {
    try {
      return codec
        .message(any)
        .encodeJson(toBinary(AnySchema, { $typeName: "google.protobuf.Any", ...detail }));
    } catch {
      // Bytes that are not what their type says must not cost the client the error itself.
      return JSON.stringify({
        "@type": detail.typeUrl,
        value: Buffer.from(detail.value).toString("base64"),
      });
    }
  };
  const details = (list: readonly ErrorDetail[]): string => `[${list.map(formatDetail).join(",")}]`;
  const plain = (error: RpcError): string =>
    `{"code":${error.code},"message":${JSON.stringify(error.rawMessage)},"details":${details(error.details)}}`;
  const google = (error: RpcError, httpStatus = httpStatusOf(error.code)): string => {
    const status = JSON.stringify(codeName(error.code));
    return `{"error":{"code":${httpStatus},"message":${JSON.stringify(error.rawMessage)},"status":${status},"details":${details(error.details)}}}`;
  };
  if (dialect.errorShape === "google") return Object.assign(google, { wrapped: google, details });
  return Object.assign(plain, { wrapped: (error: RpcError) => `{"error":${plain(error)}}`, details });
}
