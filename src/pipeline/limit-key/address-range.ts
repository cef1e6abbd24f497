// IP addresses and ranges of them, as an operator or a proxy writes them. Total: what is no address is undefined. By
// hand because `node:net` is the listeners' door. Sources: RFC 4291 §2.2 (text of IPv6), §2.5.5.2 (IPv4-mapped),
// RFC 4632 (CIDR), RFC 6943 §3.1.1 (numbers with leading zeros are read as octal by some, so they are refused).

/** Eight groups of 16 bits; an IPv4 address in its IPv6 notation, `::ffff:a.b.c.d`, so that both spellings are one. */
export type IpAddress = readonly number[];

export interface AddressRange {
  readonly first: IpAddress;
  /** Leading bits that count, of 128. */
  readonly bits: number;
}

/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` is the longest; a zone may follow. */
const maxAddressChars = 64;

/** An address, which may have a zone (`fe80::1%eth0`); undefined where it is none. */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > maxAddressChars) return undefined;
  if (!text.includes(":")) return mapped(parseIpv4(text));
  // As sockets that take both families write IPv4; the rest of IPv6 is rarer and may take longer.
  if (text.startsWith("::ffff:")) {
    const ipv4 = parseIpv4(text.slice(7));
    if (ipv4 >= 0) return mapped(ipv4);
  }
  const zone = text.indexOf("%");
  return parseIpv6(zone === -1 ? text : text.slice(0, zone));
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; a reason where it is neither. Bits behind the prefix do not count. */
export function parseAddressRange(text: string): AddressRange | string {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined || text.includes("%"))
    return `${JSON.stringify(text.slice(0, 80))} is no IP address`;
  if (slash === -1) return { first: address, bits: 128 };
  const length = text.slice(slash + 1);
  const most = text.includes(":") ? 128 : 32;
  const bits = /^(?:0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
  if (bits > most) return `the prefix length of ${JSON.stringify(text.slice(0, 80))} is not 0 to ${most}`;
  return { first: address, bits: bits + 128 - most };
}

export function isInRange(address: IpAddress, { first, bits }: AddressRange): boolean {
  for (let group = 0, left = bits; left > 0; group++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if ((((address[group] ?? 0) ^ (first[group] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

export function isIpv4(address: IpAddress): boolean {
  for (let i = 0; i < 5; i++) if (address[i] !== 0) return false;
  return address[5] === 0xffff;
}

/** The four octets as one number; -1 where it is no IPv4 address. */
function parseIpv4(text: string): number {
  let value = 0;
  let octet = -1;
  let count = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = i === text.length ? dot : text.charCodeAt(i);
    if (char === dot) {
      if (octet < 0 || count === 4) return -1;
      value = value * 256 + octet;
      octet = -1;
      count++;
    } else {
      const digit = char - 0x30;
      // Octet 0 takes no further digit, so that `010` is neither 10 nor 8.
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return count === 4 ? value : -1;
}

const dot = 0x2e;

function mapped(ipv4: number): IpAddress | undefined {
  return ipv4 < 0 ? undefined : [0, 0, 0, 0, 0, 0xffff, ipv4 >>> 16, ipv4 & 0xffff];
}

function parseIpv6(text: string): IpAddress | undefined {
  const { length } = text;
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < length) {
    const start = at;
    let value = 0;
    let digit = hexDigit(text.charCodeAt(at));
    while (digit >= 0) {
      if (at - start === 4) return undefined;
      value = value * 16 + digit;
      digit = hexDigit(text.charCodeAt(++at));
    }
    if (text.charCodeAt(at) === dot) {
      // The last two groups may be written as IPv4.
      const ipv4 = parseIpv4(text.slice(start));
      if (ipv4 < 0) return undefined;
      groups.push(ipv4 >>> 16, ipv4 & 0xffff);
      break;
    }
    if (at === start) return undefined;
    groups.push(value);
    if (at === length) break;
    if (text.charCodeAt(at++) !== colon || at === length) return undefined;
    if (text.charCodeAt(at) !== colon) continue;
    if (gap !== -1) return undefined;
    gap = groups.length;
    at++;
  }
  if (gap === -1) return groups.length === 8 ? groups : undefined;
  if (groups.length > 7) return undefined;
  const zeros = new Array<number>(8 - groups.length).fill(0);
  return [...groups.slice(0, gap), ...zeros, ...groups.slice(gap)];
}

const colon = 0x3a;

/** -1 for what is none, such as NaN behind the end. */
function hexDigit(char: number): number {
  if (char >= 0x30 && char <= 0x39) return char - 0x30;
  const lower = char | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
