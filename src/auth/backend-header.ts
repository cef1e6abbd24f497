// What a backend sees of who calls: the gateway's own word, and the credentials themselves where they are to be passed
// on. The names under `x-authenticated-` are the gateway's: where it verifies anybody, a client's are not passed on.
import { Header } from "../rpc/header.ts";
import type { Identity } from "../rpc/identity.ts";
import type { Verifier } from "./verifier.ts";

export interface ForwardOptions {
  /** The token: backends may verify it again or call others in the client's name. Default: true. */
  readonly token?: boolean;
  /** The API key, which only the gateway can verify: it knows the hash alone. Default: false. */
  readonly apiKey?: boolean;
}

const ownPrefix = "x-authenticated-";

/**
 * `x-authenticated-subject` is the subject, `x-authenticated-issuer` the issuer of its token, without which two
 * issuers' subjects are not to be told apart; an API key has none. Bytes that are not printable ASCII, spaces and `%`
 * are percent-encoded, as UTF-8.
 * @param schemes what is verified here; other credentials are the backend's own and pass
 * @returns of a header one of its own, or the same where nothing changes
 */
export function createBackendHeader(
  { token = true, apiKey = false }: ForwardOptions,
  schemes: ReadonlySet<Verifier["scheme"]>,
): (header: Header, identity: Identity | undefined) => Header {
  const heldSchemes = new Set<string | undefined>();
  if (!token && schemes.has("bearer")) heldSchemes.add("bearer");
  if (!apiKey && schemes.has("apikey")) heldSchemes.add("apikey");

  const isHeld = (name: string, value: string): boolean => {
    if (name.startsWith(ownPrefix)) return true;
    if (name === "x-api-key") return heldSchemes.has("apikey");
    // The second is what the profile `grpc-gateway` calls it beside the first.
    if (name !== "authorization" && name !== "grpcgateway-authorization") return false;
    return heldSchemes.has(/^\s*(\S*)/.exec(value)?.[1]?.toLowerCase());
  };

  return (header, identity) => {
    const { flat } = header;
    const kept: string[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] as string;
      const value = flat[i + 1] as string;
      if (!isHeld(name, value)) kept.push(name, value);
    }
    if (identity === undefined && kept.length === flat.length) return header;
    if (identity !== undefined) {
      kept.push(`${ownPrefix}subject`, encodeText(identity.subject));
      const issuer = Object.hasOwn(identity.claims, "iss") ? identity.claims.iss : undefined;
      if (typeof issuer === "string") kept.push(`${ownPrefix}issuer`, encodeText(issuer));
    }
    return new Header(kept);
  };
}

function encodeText(text: string): string {
  return text.replaceAll(/[^!-$&-~]+/gu, (piece) =>
    Buffer.from(piece).reduce(
      (all, byte) => `${all}%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
      "",
    ),
  );
}
