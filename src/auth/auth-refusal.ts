// How a call is refused that may not be made: code, challenge and detail.
// Sources: RFC 6750 §3 (WWW-Authenticate and its error codes), RFC 9110 §11.6.1; google/rpc/error_details.proto
// (ErrorInfo; its fields are reason = 1, domain = 2, metadata = 3).
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { type ErrorDetail, RpcError } from "../rpc/rpc-error.ts";
import { ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { Verdict, Verifier } from "./verifier.ts";

type Scheme = Verifier["scheme"];

const schemeNames: Readonly<Record<Scheme, string>> = { bearer: "Bearer", apikey: "ApiKey" };

/** Nothing was shown: the challenge has no error code, and names each way there is. */
export function refuseMissing(method: MethodInfo, schemes: ReadonlySet<Scheme>): RpcError {
  const challenges = [...schemes].map((scheme) => schemeNames[scheme]);
  const ways = [
    ...(schemes.has("bearer") ? ["a bearer token"] : []),
    ...(schemes.has("apikey") ? ["an API key"] : []),
  ];
  const message =
    ways.length === 0
      ? "the method demands a principal, and this gateway has no way to verify one"
      : `the method demands ${ways.join(" or ")}`;
  return refuse(Code.UNAUTHENTICATED, message, challenges, "CREDENTIALS_MISSING", method);
}

/** What was shown is wrong, or cannot be judged now. */
export function refuseCredential(
  method: MethodInfo,
  scheme: Scheme,
  verdict: Exclude<Verdict, { readonly kind: "verified" }>,
): RpcError {
  if (verdict.kind === "unavailable") return new RpcError(Code.UNAVAILABLE, verdict.reason);
  const { reason, expired = false } = verdict;
  if (scheme === "apikey") {
    return refuse(Code.UNAUTHENTICATED, reason, ["ApiKey"], "API_KEY_INVALID", method);
  }
  const challenge = `Bearer error="invalid_token", error_description="${quotable(reason)}"`;
  const name = expired ? "ACCESS_TOKEN_EXPIRED" : "ACCESS_TOKEN_INVALID";
  return refuse(Code.UNAUTHENTICATED, reason, [challenge], name, method);
}

/** @param scopes all that the method demands; `missing` are those that the client has not */
export function refuseScopes(
  method: MethodInfo,
  scheme: Scheme,
  scopes: readonly string[],
  missing: readonly string[],
): RpcError {
  const message = `the ${scheme === "bearer" ? "token" : "API key"} lacks ${missing.length === 1 ? "the scope" : "the scopes"} ${missing.join(", ")}`;
  const challenge = `Bearer error="insufficient_scope", scope="${quotable(scopes.join(" "))}"`;
  const challenges = scheme === "bearer" ? [challenge] : [];
  const reason = scheme === "bearer" ? "ACCESS_TOKEN_SCOPE_INSUFFICIENT" : "API_KEY_SCOPE_INSUFFICIENT";
  return refuse(Code.PERMISSION_DENIED, message, challenges, reason, method, scopes);
}

/** Two credentials of one kind are a mistake in the request, not in one of them: `invalid_request`, which is a 400. */
export function refuseAmbiguous(reason: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, reason);
}

function refuse(
  code: Code,
  message: string,
  challenges: readonly string[],
  reason: string,
  method: MethodInfo,
  scopes: readonly string[] = [],
): RpcError {
  const header = new Header();
  for (const challenge of challenges) header.appendOwn("www-authenticate", challenge);
  const metadata: [string, string][] = [["method", method.path.slice(1)]];
  if (scopes.length > 0) metadata.push(["scopes", scopes.join(" ")]);
  return new RpcError(code, message, { header, details: [errorInfo(reason, metadata)] });
}

/** Text for a quoted string; scopes come from descriptors, which may say anything. */
function quotable(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, "?");
}

function errorInfo(reason: string, metadata: readonly (readonly [string, string])[]): ErrorDetail {
  const writer = new ProtobufWriter(256);
  writer.tag(1, WireType.LENGTH);
  writer.string(reason);
  writer.tag(2, WireType.LENGTH);
  writer.string("protogate");
  for (const [key, value] of metadata) {
    writer.tag(3, WireType.LENGTH);
    const entry = writer.begin();
    writer.tag(1, WireType.LENGTH);
    writer.string(key);
    writer.tag(2, WireType.LENGTH);
    writer.string(value);
    writer.end(entry);
  }
  return { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: writer.finish() };
}
