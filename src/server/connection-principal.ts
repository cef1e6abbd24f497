// Who a TLS connection's client is, by the certificate that it has proved to own. Computed once per connection, when
// the handshake is done: later the HTTP/2 session owns the connection.
// Source: RFC 5280 §4.1.2.6 (subject) and §4.2.1.6 (alternative names), in the words of Node's X509Certificate.
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Principal } from "../rpc/principal.ts";

const principals = new WeakMap<Socket, Principal>();

/** Undefined for a client without a certificate, and on connections without TLS. */
export function principalOf(socket: Socket): Principal | undefined {
  return principals.get(socket);
}

/** Remembers who the client is; nobody, where no authority of ours has signed its certificate. */
export function introducePrincipal(socket: TLSSocket): void {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate !== undefined) principals.set(socket, readPrincipal(certificate));
}

/** Total: what a certificate says is its owner's to choose. */
export function readPrincipal(certificate: X509Certificate): Principal {
  return {
    // One name a line, what is special in RFC 2253 escaped by OpenSSL.
    subject: (certificate.subject ?? "").split("\n").join(","),
    alternativeNames: parseAlternativeNames(certificate.subjectAltName ?? ""),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

/** `DNS:a, URI:"x, y"`: names with commas and quotes are JSON strings (CVE-2021-44532). */
export function parseAlternativeNames(text: string): readonly string[] {
  const names: string[] = [];
  for (const [, kind = "", plain, quoted] of text.matchAll(
    /([A-Za-z ]+):(?:([^",][^,]*|)|("(?:[^"\\]|\\.)*"))(?:, |$)/gy,
  )) {
    const value = quoted === undefined ? plain : fromJson(quoted);
    if (value !== undefined) names.push(`${kind}:${value}`);
  }
  return names;
}

function fromJson(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}
