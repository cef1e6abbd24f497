// Where a listener listens, as text: `8080`, `:8080`, `host:port`, `[::1]:8080`. Without a host it is loopback, unlike
// Go's `:8080`: to be reachable from elsewhere is something to write down.
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";

export interface ListenAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export const defaultHost = "127.0.0.1";

/** A host is not resolved here; that it exists shows when the listener opens. */
export function parseListen(text: string): Parsed<ListenAddress> {
  const match = /^(?:(?:\[([0-9a-f:.%]{2,60})\]|([a-z0-9._-]{0,253})):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null) return notParsed(`${expected(text)}, got ${quoted(text)}`);
  if (port > 65535) return notParsed(`expected a port from 0 to 65535, got ${quoted(match[3] ?? "")}`);
  return parsed({ host: match[1] ?? (match[2] || defaultHost), port });
}

function expected(text: string): string {
  if (/^https?:\/\//i.test(text)) return "expected HOST:PORT without a scheme (TLS comes from --tls-cert)";
  if (text.startsWith("*:")) return "expected HOST:PORT, where `0.0.0.0` or `[::]` means every interface";
  if (text.split(":").length > 2 && !text.startsWith("[")) {
    return "expected an IPv6 address in brackets, as in `[::1]:8080`";
  }
  return "expected HOST:PORT, as in `127.0.0.1:8080`, `8080` or `[::1]:8080`";
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function formatListen(address: ListenAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach the host. A name other than `localhost` counts as reachable from elsewhere. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^::ffff:/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    name === "0:0:0:0:0:0:0:1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}
