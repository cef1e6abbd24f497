import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type AddressRange,
  isInRange,
  parseAddress,
  parseAddressRange,
} from "../../../src/pipeline/limit-key/address-range.ts";
import { clientAddressOf } from "../../../src/pipeline/limit-key/client-address.ts";
import { Header } from "../../../src/rpc/header.ts";
import { appendForwarded } from "../../../src/wire/metadata.ts";

function rangeOf(text: string): AddressRange {
  const range = parseAddressRange(text);
  assert.ok(typeof range !== "string", String(range));
  return range;
}

/** As the gateway makes the metadata of a request: the peer appended to what the client has sent. */
function clientOf(
  peer: string,
  forwardedFor: readonly string[],
  trusted: readonly string[],
): string | undefined {
  const header = new Header(forwardedFor.flatMap((value) => ["x-forwarded-for", value]));
  appendForwarded(header, { remoteAddress: peer, host: "", scheme: "http" });
  return clientAddressOf({ peer, header }, trusted.map(rangeOf));
}

const walks: readonly [
  peer: string,
  forwardedFor: readonly string[],
  trusted: readonly string[],
  client: string | undefined,
  reason: string,
][] = [
  ["192.0.2.1", [], [], "192.0.2.1", "the peer is the client"],
  ["192.0.2.1", ["6.6.6.6"], [], "192.0.2.1", "nobody is trusted: what a client writes counts for nothing"],
  ["192.0.2.1", ["6.6.6.6"], ["10.0.0.0/8"], "192.0.2.1", "the peer is not a trusted proxy"],
  ["10.0.0.1", ["192.0.2.9"], ["10.0.0.0/8"], "192.0.2.9", "what a trusted proxy has appended"],
  [
    "10.0.0.1",
    ["6.6.6.6, 192.0.2.9"],
    ["10.0.0.0/8"],
    "192.0.2.9",
    "what stands left of it the client has forged",
  ],
  ["10.0.0.1", ["10.0.0.7, 192.0.2.9"], ["10.0.0.0/8"], "192.0.2.9", "a forged proxy too"],
  ["10.0.0.1", ["6.6.6.6, 192.0.2.9, 10.0.0.2"], ["10.0.0.0/8"], "192.0.2.9", "two proxies"],
  [
    "10.0.0.1",
    ["6.6.6.6", "192.0.2.9", "10.0.0.2"],
    ["10.0.0.0/8"],
    "192.0.2.9",
    "a list in several entries",
  ],
  ["10.0.0.1", [], ["10.0.0.0/8"], "10.0.0.1", "the proxy itself calls"],
  ["10.0.0.1", ["10.0.0.3, 10.0.0.2"], ["10.0.0.0/8"], "10.0.0.3", "all are trusted: the farthest"],
  ["10.0.0.1", ["10.0.0.1"], ["10.0.0.0/8"], "10.0.0.1", "the proxy names itself"],
  [
    "10.0.0.1",
    ["6.6.6.6, unknown"],
    ["10.0.0.0/8"],
    "10.0.0.1",
    "who cannot be named: the proxy that says so",
  ],
  ["10.0.0.1", ["6.6.6.6, , "], ["10.0.0.0/8"], "10.0.0.1", "an empty entry names nobody"],
  ["10.0.0.1", ["192.0.2.9:4711"], ["10.0.0.0/8"], "192.0.2.9", "a port does not make another client"],
  ["10.0.0.1", ["[2001:db8::1]:443"], ["10.0.0.0/8"], "2001:db8:0:0::/64", "brackets around IPv6"],
  ["10.0.0.1", ["[2001:db8::1"], ["10.0.0.0/8"], "10.0.0.1", "a bracket that does not close names nobody"],
  ["::ffff:10.0.0.1", ["192.0.2.9"], ["10.0.0.0/8"], "192.0.2.9", "a dual-stack socket's IPv4"],
  ["::ffff:192.0.2.9", [], [], "192.0.2.9", "IPv4 in IPv6 notation is that IPv4 address"],
  ["10.0.0.1", ["::ffff:c000:209"], ["10.0.0.0/8"], "192.0.2.9", "in hex, too"],
  ["2001:db8:1:2:3:4:5:6", [], [], "2001:db8:1:2::/64", "an IPv6 host has its /64"],
  ["2001:db8:1:2:ffff::1", [], [], "2001:db8:1:2::/64", "another address of it is the same client"],
  ["2001:db8:1:3::1", [], [], "2001:db8:1:3::/64", "the next network is another"],
  ["fe80::1%eth0", [], [], "fe80:0:0:0::/64", "a zone is ours, not the client's"],
  ["::1", ["192.0.2.9"], ["::1"], "192.0.2.9", "a proxy on the same machine"],
  ["fd00::5", ["192.0.2.9"], ["fd00::/8"], "192.0.2.9", "a range of IPv6"],
  ["", ["6.6.6.6"], ["0.0.0.0/0", "::/0"], undefined, "no address: nobody to trust"],
  ["10.0.0.1", [`${"10.0.0.9,".repeat(5000)}192.0.2.9`], ["10.0.0.0/8"], "192.0.2.9", "a long list"],
];
describe("the client's address", () => {
  for (const [peer, forwardedFor, trusted, client, reason] of walks) {
    const shown = forwardedFor.join(" | ").slice(0, 60);
    test(`is ${client} for ${peer || "no peer"} after "${shown}": ${reason}`, () => {
      assert.equal(clientOf(peer, forwardedFor, trusted), client);
    });
  }

  test("is what the nearest trusted proxy says, whatever the client writes", () => {
    const trusted = ["10.0.0.0/8"];
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 })), (forged) => {
        const client = clientOf("10.0.0.1", [...forged, "192.0.2.9"], trusted);
        assert.equal(client, "192.0.2.9");
        assert.equal(clientOf("192.0.2.9", forged, trusted), "192.0.2.9");
      }),
    );
  });
});

const ranges: readonly [
  range: string,
  inside: readonly string[],
  outside: readonly string[],
  reason: string,
][] = [
  ["10.0.0.0/8", ["10.255.0.1", "::ffff:10.1.2.3"], ["11.0.0.0", "::10.1.2.3"], "whole octets"],
  ["192.0.2.64/26", ["192.0.2.64", "192.0.2.127"], ["192.0.2.128", "192.0.2.63"], "bits within an octet"],
  ["10.1.2.3/8", ["10.9.9.9"], ["11.1.2.3"], "bits behind the prefix do not count"],
  ["192.0.2.7", ["192.0.2.7"], ["192.0.2.8"], "one address"],
  ["0.0.0.0/0", ["1.2.3.4"], ["::1"], "all of IPv4, none of IPv6"],
  ["::/0", ["::1", "1.2.3.4"], [], "everything"],
  ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::"], "a bit within a group"],
  ["::ffff:10.0.0.0/104", ["10.1.1.1"], ["11.1.1.1"], "IPv4 in IPv6 notation, with IPv6's bits"],
];
for (const [text, inside, outside, reason] of ranges) {
  test(`the range ${text} has what it should: ${reason}`, () => {
    const range = rangeOf(text);
    const isInside = (address: string) => isInRange(parseAddress(address) ?? [], range);
    for (const address of inside) assert.equal(isInside(address), true, address);
    for (const address of outside) assert.equal(isInside(address), false, address);
  });
}

for (const text of [
  "",
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "::/129",
  "fe80::%1/64",
  "proxy",
  "/8",
]) {
  test(`${JSON.stringify(text)} is no range, and the reason is told`, () => {
    assert.match(String(parseAddressRange(text)), /no IP address|prefix length/);
  });
}

test("what is an address is what node:net takes for one", () => {
  const group = fc.constantFrom("0", "1", "ffff", "0db8", "", "10000", "g", "1.2.3.4", "::", "01.2.3.4");
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(group, { maxLength: 10 }).map((groups) => groups.join(":")),
    fc
      .array(fc.constantFrom("0", "01", "255", "256", "", "1e1", "+1"), { maxLength: 5 })
      .map((o) => o.join(".")),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 2000 },
  );
});
