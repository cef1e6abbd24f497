// What a call shows of its client: a bearer token or an API key, and never two of a kind.
// Sources: RFC 9110 §11.4 (schemes are compared without case), RFC 6750 §2.1; `x-api-key` as API gateways have it.
import type { Header } from "../rpc/header.ts";
import type { Verifier } from "./verifier.ts";

export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "shown"; readonly scheme: Verifier["scheme"]; readonly credential: string }
  /** Nobody can say which of them counts; a backend might choose another one than we do. */
  | { readonly kind: "ambiguous"; readonly reason: string };

const none: Credentials = { kind: "none" };

/**
 * A token beats an API key, whether or not it is valid. What nobody verifies here (another scheme, a key where there is
 * no file of keys) is the backend's affair, and as good as not there.
 */
export function readCredentials(header: Header, schemes: ReadonlySet<Verifier["scheme"]>): Credentials {
  const { flat } = header;
  let authorization: string | undefined;
  let apiKey: string | undefined;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    if (name === "authorization") {
      if (authorization !== undefined) return ambiguous("the header authorization occurs more than once");
      authorization = flat[i + 1];
    } else if (name === "x-api-key" && schemes.has("apikey")) {
      if (apiKey !== undefined) return ambiguous("the header x-api-key occurs more than once");
      apiKey = flat[i + 1];
    }
  }
  const shown = authorization === undefined ? none : parseAuthorization(authorization, schemes);
  if (apiKey === undefined || shown.kind !== "shown") {
    return apiKey === undefined ? shown : { kind: "shown", scheme: "apikey", credential: apiKey };
  }
  if (shown.scheme === "apikey") return ambiguous("the call has two API keys");
  return shown;
}

function parseAuthorization(value: string, schemes: ReadonlySet<Verifier["scheme"]>): Credentials {
  const text = value.trim();
  const space = text.indexOf(" ");
  const scheme = (space < 0 ? text : text.slice(0, space)).toLowerCase();
  if ((scheme !== "bearer" && scheme !== "apikey") || !schemes.has(scheme)) return none;
  return { kind: "shown", scheme, credential: space < 0 ? "" : text.slice(space + 1).trim() };
}

function ambiguous(reason: string): Credentials {
  return { kind: "ambiguous", reason };
}
