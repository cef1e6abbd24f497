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

/** The status of an error as one JSON object. */
export type StatusFormat = (error: RpcError) => string;

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
  return (error) => {
    const message = JSON.stringify(error.rawMessage);
    const details = `[${error.details.map(formatDetail).join(",")}]`;
    if (dialect.errorShape === "plain") {
      return `{"code":${error.code},"message":${message},"details":${details}}`;
    }
    const status = JSON.stringify(codeName(error.code));
    return `{"error":{"code":${httpStatusOf(error.code)},"message":${message},"status":${status},"details":${details}}}`;
  };
}
