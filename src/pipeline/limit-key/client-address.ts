// Which address a client has, seen through the proxies that the operator trusts. What stands in `x-forwarded-for` left of
// the first hop that is not trusted was written by that hop or by whoever is behind it, and counts for nothing.
// Sources: RFC 7239 §8.1 (what a client can forge); the walk from the right is nginx's real_ip_recursive.
import type { CallHead } from "../../rpc/call.ts";
import type { Header } from "../../rpc/header.ts";
import { type AddressRange, type IpAddress, isInRange, isIpv4, parseAddress } from "./address-range.ts";

/**
 * The client's address as text to count by: `192.0.2.7`, or the /64 of an IPv6 address. A network gives each of its
 * hosts a /64 or more, and the host takes as many addresses of it as it likes: counted one by one, it would have a limit
 * of its own for every call (RFC 6177, RFC 8981).
 * @param trusted proxies whose word in `x-forwarded-for` counts
 * @returns undefined where the connection has no IP address
 */
export function clientAddressOf(
  call: Pick<CallHead, "peer" | "header">,
  trusted: readonly AddressRange[],
): string | undefined {
  const peer = call.peer === undefined ? undefined : parseAddress(call.peer);
  if (peer === undefined) return undefined;
  return formatClient(trusted.length === 0 ? peer : walk(peer, call, trusted));
}

function walk(
  peer: IpAddress,
  { header }: Pick<CallHead, "header">,
  trusted: readonly AddressRange[],
): IpAddress {
  let client = peer;
  if (!isTrusted(client, trusted)) return client;
  const list = forwardedFor(header);
  let end = list.length;
  let own = true;
  while (end > 0) {
    const comma = list.lastIndexOf(",", end - 1);
    const hop = parseHop(list.slice(comma + 1, end));
    end = comma;
    // The last entry is the peer, which the gateway itself has appended.
    const isOwn = own && hop !== undefined && isInRange(hop, { first: peer, bits: 128 });
    own = false;
    if (isOwn) continue;
    // `unknown`, or rubbish: its writer is the last of whom anything is known.
    if (hop === undefined) return client;
    client = hop;
    if (!isTrusted(client, trusted)) return client;
  }
  return client;
}

function isTrusted(address: IpAddress, trusted: readonly AddressRange[]): boolean {
  for (const range of trusted) if (isInRange(address, range)) return true;
  return false;
}

/** One entry as the gateway leaves it; several are one list (RFC 9110 §5.3). */
function forwardedFor({ flat }: Header): string {
  let list: string | undefined;
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] === "x-forwarded-for") list = list === undefined ? flat[i + 1] : `${list},${flat[i + 1]}`;
  }
  return list ?? "";
}

/** An entry of the list; some proxies add the port, then an IPv6 address stands in brackets. */
function parseHop(entry: string): IpAddress | undefined {
  const text = entry.trim();
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    return close === -1 ? undefined : parseAddress(text.slice(1, close));
  }
  const colon = text.indexOf(":");
  return parseAddress(colon !== -1 && colon === text.lastIndexOf(":") ? text.slice(0, colon) : text);
}

function formatClient(address: IpAddress): string {
  if (isIpv4(address)) {
    const high = address[6] ?? 0;
    const low = address[7] ?? 0;
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const [a = 0, b = 0, c = 0, d = 0] = address;
  return `${a.toString(16)}:${b.toString(16)}:${c.toString(16)}:${d.toString(16)}::/64`;
}
