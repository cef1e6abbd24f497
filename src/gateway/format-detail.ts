// The details of an error in JSON, for the people who read a Connect error.
// Source: Connect, "Error Details": `debug` is the message in ProtoJSON, without a type.
import type { Registry } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import type { ErrorDetail } from "../rpc/rpc-error.ts";

/** @returns never throws: undefined for a type that the schema lacks and for bytes that are no such message */
export function createDetailFormat(
  codec: Codec,
  registry: Registry,
): (detail: ErrorDetail) => string | undefined {
  return ({ typeUrl, value }) => {
    const desc = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    if (desc === undefined) return undefined;
    try {
      return codec.message(desc).encodeJson(value);
    } catch {
      return undefined;
    }
  };
}
