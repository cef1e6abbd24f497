// The metadata that a backend gets of a request: what its header says, and what only the gateway knows of the client.
// Sources: semantics.md "Headers and metadata"; Envoy's x-forwarded-client-cert, of which this is the subset without
// the certificate itself.
import type { Header } from "../rpc/header.ts";
import type { Principal } from "../rpc/principal.ts";
import type { HttpRequest } from "./http-message.ts";
import { appendForwarded, metadataFromHttp } from "./metadata.ts";
import type { MetadataRules } from "./metadata-rules.ts";

/** What of a request tells of its client. */
export type ClientRequest = Pick<HttpRequest, "header" | "scheme" | "remoteAddress" | "principal">;

const certificateName = "x-forwarded-client-cert";

/**
 * What the client itself says.
 * @param rules default: every header but the transport's
 * @throws RpcError INVALID_ARGUMENT for a `-bin` value that is not base64
 */
export function clientMetadata(header: Header, rules?: MetadataRules): Header {
  const metadata = metadataFromHttp(header, rules);
  // Backends trust it, so a client may not write it.
  if (metadata.has(certificateName)) metadata.delete(certificateName);
  return metadata;
}

/** The same, and what the gateway adds: `x-forwarded-*`, and the certificate where the client has shown one. */
export function requestMetadata(request: ClientRequest, rules?: MetadataRules): Header {
  const metadata = clientMetadata(request.header, rules);
  appendForwarded(metadata, {
    remoteAddress: request.remoteAddress,
    host: request.header.get("host") ?? "",
    scheme: request.scheme,
  });
  if (request.principal !== undefined) metadata.append(certificateName, formatPrincipal(request.principal));
  return metadata;
}

function formatPrincipal({ subject, alternativeNames, fingerprint }: Principal): string {
  const parts = [`Hash=${fingerprint}`, `Subject=${quote(subject)}`];
  for (const name of alternativeNames) {
    const [kind = "", value = ""] = split(name);
    if (kind === "URI" || kind === "DNS")
      parts.push(`${kind}=${/^[^;,="\\]*$/.test(value) ? value : quote(value)}`);
  }
  return printable(parts.join(";"));
}

function split(name: string): readonly string[] {
  const colon = name.indexOf(":");
  return [name.slice(0, colon), name.slice(colon + 1)];
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Metadata is printable ASCII; a name in another script is percent-encoded. */
function printable(text: string): string {
  return text.replace(/[^ -~]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
