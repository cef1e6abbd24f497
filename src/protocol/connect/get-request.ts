// Reads the query of a unary GET: which codec, which compression, and the message itself.
// Source: Connect protocol, "Unary-Get-Request": parameters in any order, unknown ones ignored, the first of a name.
import { Code } from "../../rpc/code.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { decodeQueryText } from "../../transcode/path-text.ts";
import { quoteText } from "../../transcode/quote-text.ts";
import { decodeBinaryHeader } from "../../wire/binary-header.ts";

export interface GetRequest {
  /** `proto` or `json`, or whatever else the client says. */
  readonly encoding: string;
  /** As in `content-encoding`; undefined where the client says nothing. */
  readonly compression: string | undefined;
  /** As sent: in the codec, compressed. */
  readonly message: Uint8Array;
}

/** Many more than the five that there are; what follows is not looked at. */
const maxParameterCount = 100;

/** @throws RpcError INVALID_ARGUMENT naming the parameter */
export function parseGetRequest(query: string): GetRequest {
  const parameters = parseQuery(query);
  const version = parameters.get("connect");
  if (version !== undefined && version !== "v1") {
    throw refusal(`query parameter connect must be "v1", got ${quoteText(version)}`);
  }
  const encoding = parameters.get("encoding");
  if (encoding === undefined) throw refusal("query parameter encoding is missing: expected proto or json");
  const text = parameters.get("message");
  if (text === undefined) throw refusal("query parameter message is missing");
  const message = parameters.get("base64") === "1" ? decodeUrlBase64(text) : Buffer.from(text);
  if (message === undefined) throw refusal("query parameter message: expected URL-safe base64");
  return { encoding, compression: parameters.get("compression"), message };
}

function parseQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&", maxParameterCount)) {
    const equals = pair.indexOf("=");
    const key = decodeQueryText(equals < 0 ? pair : pair.slice(0, equals));
    if (key === undefined || !known.has(key) || parameters.has(key)) continue;
    const value = equals < 0 ? "" : decodeQueryText(pair.slice(equals + 1));
    // Binary messages are base64 by the protocol, so everything is text.
    if (value === undefined) throw refusal(`query parameter ${key}: expected percent-encoded UTF-8`);
    parameters.set(key, value);
  }
  return parameters;
}

const known: ReadonlySet<string> = new Set(["connect", "encoding", "message", "base64", "compression"]);

function decodeUrlBase64(text: string): Uint8Array | undefined {
  return decodeBinaryHeader(text.replaceAll("-", "+").replaceAll("_", "/"));
}

function refusal(message: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, message);
}
