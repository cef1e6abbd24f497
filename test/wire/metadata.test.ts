import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { decodeBinaryHeader, encodeBinaryHeader } from "../../src/wire/binary-header.ts";
import { appendForwarded, metadataFromHttp, metadataToHttp, trailerToHttp } from "../../src/wire/metadata.ts";
import { metadataRules } from "../../src/wire/metadata-rules.ts";

const inRows: readonly [name: string, value: string, passes: boolean, reason: string][] = [
  ["authorization", "Bearer x", true, "backends authenticate"],
  ["cookie", "a=b", true, "any other header passes"],
  ["traceparent", "00-x", true, "so do traces"],
  ["accept", "application/json", true, "harmless"],
  ["x-request-id", "7", true, "custom"],
  ["x_under.dot-1", "v", true, "all characters of a gRPC name"],
  ["host", "gateway", false, "becomes x-forwarded-host"],
  [":authority", "gateway", false, "pseudo header"],
  ["content-type", "application/json", false, "describes our body"],
  ["content-length", "2", false, "also"],
  ["content-encoding", "gzip", false, "also"],
  ["accept-encoding", "gzip", false, "between client and gateway"],
  ["te", "trailers", false, "hop by hop"],
  ["connection", "keep-alive", false, "hop by hop"],
  ["keep-alive", "timeout=5", false, "hop by hop"],
  ["transfer-encoding", "chunked", false, "hop by hop"],
  ["upgrade", "h2c", false, "hop by hop"],
  ["http2-settings", "AAMA", false, "hop by hop"],
  ["proxy-authorization", "Basic x", false, "for a proxy, not for the backend"],
  ["expect", "100-continue", false, "for us"],
  ["grpc-timeout", "1S", false, "the gateway writes its own"],
  ["grpc-encoding", "gzip", false, "between client and gateway"],
  ["connect-protocol-version", "1", false, "Connect's own"],
  ["x-grpc-web", "1", false, "gRPC-Web's own"],
  ["x-name", "Jürgen", false, "gRPC has no such value"],
  ["x$name", "v", false, "gRPC has no such name"],
];
for (const [name, value, passes, reason] of inRows) {
  test(`${name}: ${value} ${passes ? "passes" : "stays"} on the way in: ${reason}`, () => {
    assert.deepEqual([...metadataFromHttp(Header.of([[name, value]]))], passes ? [[name, value]] : []);
  });
}

test("duplicates keep their order", () => {
  const header = Header.of([
    ["x-a", "1"],
    ["x-b", "2"],
    ["x-a", "3"],
  ]);
  assert.deepEqual([...metadataFromHttp(header)], [...header]);
});

test("what connection lists stays behind", () => {
  const header = Header.of([
    ["connection", "close, X-Hop"],
    ["x-hop", "1"],
    ["x-end", "2"],
  ]);
  assert.deepEqual([...metadataFromHttp(header)], [["x-end", "2"]]);
});

const binaryRows: readonly [value: string, parts: readonly string[] | undefined, reason: string][] = [
  ["AAEC", ["AAEC"], "no padding needed"],
  ["AAE", ["AAE"], "unpadded"],
  ["AAE=", ["AAE"], "padded"],
  ["AA==", ["AA"], "padded twice"],
  ["", [""], "no bytes"],
  ["AA==,AAE", ["AA", "AAE"], "two values in one"],
  ["AAEC, AAE=", ["AAEC", "AAE"], "with a space after the comma"],
  ["AA=", undefined, "half the padding"],
  ["A", undefined, "not a whole number of bytes"],
  ["AAEC====", undefined, "too much padding"],
  ["AA-_", undefined, "the URL alphabet"],
  ["hello world", undefined, "text"],
];
for (const [value, parts, reason] of binaryRows) {
  test(`a -bin value ${JSON.stringify(value)} is ${parts ? JSON.stringify(parts) : "refused"}: ${reason}`, () => {
    const header = Header.of([["trace-bin", value]]);
    if (parts) {
      assert.deepEqual(metadataFromHttp(header).getAll("trace-bin"), parts);
    } else {
      assert.throws(
        () => metadataFromHttp(header),
        (error) => error instanceof RpcError && error.code === Code.INVALID_ARGUMENT,
      );
    }
  });
}

test("a -bin value that is not base64 is taken as raw bytes where the profile says so", () => {
  const metadata = metadataFromHttp(Header.of([["x-bin", "h\xe9llo, you"]]), metadataRules.google);
  assert.deepEqual(
    metadata.getAll("x-bin").map((value) => Buffer.from(value, "base64").toString("latin1")),
    ["h\xe9llo, you"],
  );
});

const outRows: readonly [name: string, value: string, passes: boolean, reason: string][] = [
  ["x-request-id", "7", true, "custom"],
  ["set-cookie", "a=b", true, "a backend may set one"],
  ["location", "/v1/x", true, "an HTTP header that a backend may set"],
  ["trace-bin", "AAE", true, "binary as base64"],
  ["content-type", "application/grpc", false, "the gateway writes its own"],
  ["content-length", "5", false, "also"],
  ["grpc-status", "0", false, "never reaches an HTTP client as a header"],
  ["grpc-message", "x", false, "neither"],
  ["grpc-encoding", "gzip", false, "between gateway and backend"],
  ["trailer", "x", false, "hop by hop"],
  ["connection", "close", false, "hop by hop"],
  ["transfer-encoding", "chunked", false, "smuggling"],
  ["date", "now", false, "the listener's"],
  [":status", "200", false, "pseudo header"],
  ["x-evil", "a\r\nset-cookie: b", false, "header injection"],
];
for (const [name, value, passes, reason] of outRows) {
  test(`${name}: ${JSON.stringify(value)} ${passes ? "passes" : "stays"} on the way out: ${reason}`, () => {
    assert.deepEqual([...metadataToHttp(Header.of([[name, value]]))], passes ? [[name, value]] : []);
  });
}

test("binary values have an inverse", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = encodeBinaryHeader(bytes);
      assert.ok(!text.includes("="));
      assert.deepEqual(decodeBinaryHeader(text), Uint8Array.from(bytes));
    }),
  );
});

test("the forwarded headers are written, without an entry for an unknown host", () => {
  const metadata = new Header();
  appendForwarded(metadata, { remoteAddress: "::ffff:192.0.2.1", host: "", scheme: "http" });
  assert.deepEqual(
    [...metadata],
    [
      ["x-forwarded-for", "192.0.2.1"],
      ["x-forwarded-proto", "http"],
    ],
  );
});

test("the forwarded headers grow by one entry at each gateway", () => {
  const metadata = Header.of([
    ["x-forwarded-for", "198.51.100.1"],
    ["x-forwarded-for", "198.51.100.2"],
    ["x-forwarded-host", "example.com"],
  ]);
  appendForwarded(metadata, { remoteAddress: "2001:db8::1", host: "gateway", scheme: "https" });
  assert.equal(metadata.get("x-forwarded-for"), "198.51.100.1, 198.51.100.2, 2001:db8::1");
  assert.equal(metadata.get("x-forwarded-host"), "example.com, gateway");
  assert.equal(metadata.get("x-forwarded-proto"), "https");
});

test("a request is not changed by taking its metadata", () => {
  const header = Header.of([["x-a", "1"]]);
  appendForwarded(metadataFromHttp(header), { remoteAddress: "192.0.2.1", host: "h", scheme: "http" });
  assert.deepEqual([...header], [["x-a", "1"]]);
});

const gatewayRows: readonly [
  name: string,
  value: string,
  want: readonly [string, string][],
  reason: string,
][] = [
  ["accept", "a/b", [["grpcgateway-accept", "a/b"]], "a permanent header gets the prefix"],
  ["user-agent", "curl", [["grpcgateway-user-agent", "curl"]], "likewise"],
  ["content-type", "a/b", [["grpcgateway-content-type", "a/b"]], "under its prefix it is no transport name"],
  ["cookie", "a=b", [["grpcgateway-cookie", "a=b"]], "likewise"],
  [
    "authorization",
    "Bearer x",
    [
      ["authorization", "Bearer x"],
      ["grpcgateway-authorization", "Bearer x"],
    ],
    "the one that passes under both names",
  ],
  ["x-request-id", "7", [], "no permanent header"],
  ["host", "gateway", [], "Go has it nowhere among the headers"],
  ["grpc-metadata-tenant", "acme", [["tenant", "acme"]], "what stands after the prefix is the name"],
  ["grpc-metadata-blob-bin", "AAE=", [["blob-bin", "AAE"]], "base64 as everywhere"],
  ["grpc-metadata-grpc-timeout", "1S", [], "a name of the transport's does not come in under the prefix"],
  ["grpc-metadata-content-type", "a/b", [], "nor this one"],
  ["grpc-metadata-te", "trailers", [], "nor this one"],
  ["grpc-metadata-", "x", [], "no name at all"],
  ["grpc-metadata-host", "h", [], "nor the transport's"],
  ["grpc-metadata-connection", "close", [], "likewise"],
  ["grpc-metadata-grpc-metadata-tenant", "acme", [], "one prefix is enough"],
  ["grpc-metadata-x-forwarded-for", "10.0.0.9", [], "a client does not say where it comes from"],
  ["grpc-metadata-x-forwarded-host", "admin", [], "nor which host it called"],
  ["grpc-metadata-x-forwarded-proto", "https", [], "nor how"],
  ["grpc-metadata-x-forwarded-port", "443", [], "nor anything of that family"],
  ["grpc-metadata-forwarded", "for=10.0.0.9", [], "nor in RFC 7239's words"],
  ["grpc-metadata-x-real-ip", "10.0.0.9", [], "nor in nginx's"],
  ["grpc-metadata-grpcgateway-authorization", "Bearer x", [], "what the gateway passed on has its prefix"],
  ["grpc-metadata-forwarded-by", "x", [["forwarded-by", "x"]], "a name of the client's that only begins so"],
  [
    "grpc-metadata-authorization",
    "Bearer x",
    [["authorization", "Bearer x"]],
    "what a client may say anyway",
  ],
  ["grpc-metadata-traceparent", "00-x", [["traceparent", "00-x"]], "how grpc-gateway's clients send a trace"],
  ["grpc-metadata-last-event-id", "4", [["last-event-id", "4"]], "likewise"],
  ["grpc-timeout", "1S", [], "the gateway writes its own"],
  ["grpc-metadata-name", "Jürgen", [], "gRPC has no such value"],
  ["x-forwarded-for", "192.0.2.1", [["x-forwarded-for", "192.0.2.1"]], "the gateway appends to it"],
  ["traceparent", "00-x", [["traceparent", "00-x"]], "a trace goes on through every hop"],
  ["last-event-id", "4", [["last-event-id", "4"]], "where a stream of events is resumed"],
];
for (const [name, value, want, reason] of gatewayRows) {
  test(`${name}: ${value} is ${JSON.stringify(want)} in the grpc-gateway profile: ${reason}`, () => {
    assert.deepEqual([...metadataFromHttp(Header.of([[name, value]]), metadataRules["grpc-gateway"])], want);
  });
}

test("of a trace that comes under the prefix and as itself, the header counts, whatever their order", () => {
  const own: [string, string] = ["traceparent", "00-own"];
  const prefixed: [string, string] = ["grpc-metadata-traceparent", "00-prefixed"];
  for (const entries of [
    [own, prefixed],
    [prefixed, own],
  ]) {
    assert.deepEqual([...metadataFromHttp(Header.of(entries), metadataRules["grpc-gateway"])], [own]);
  }
  const hop = Header.of([["connection", "traceparent"], own, prefixed]);
  const want = [["traceparent", "00-prefixed"]];
  assert.deepEqual(
    [...metadataFromHttp(hop, metadataRules["grpc-gateway"])],
    want,
    "one of this hop only is none",
  );
});

test("x-forwarded-for of the grpc-gateway profile holds what proxies said and our peer's address, nothing of the prefix", () => {
  const header = Header.of([
    ["grpc-metadata-x-forwarded-for", "10.0.0.9"],
    ["x-forwarded-for", "203.0.113.9"],
    ["Grpc-Metadata-X-Forwarded-For".toLowerCase(), "10.0.0.8"],
  ]);
  const metadata = metadataFromHttp(header, metadataRules["grpc-gateway"]);
  appendForwarded(metadata, { remoteAddress: "192.0.2.1", host: "h", scheme: "http" });
  assert.deepEqual(metadata.getAll("x-forwarded-for"), ["203.0.113.9, 192.0.2.1"]);
});

test("names under the prefix may be as long and as many as they like", () => {
  const many = Array.from({ length: 20_000 }, (_, i): [string, string] => [
    `grpc-metadata-x-forwarded-${i}`,
    "x",
  ]);
  const long: [string, string] = [`grpc-metadata-${"a".repeat(1_000_000)}`, "x".repeat(1_000_000)];
  const metadata = metadataFromHttp(Header.of([...many, long]), metadataRules["grpc-gateway"]);
  assert.equal(metadata.size, 1);
});

test("the grpc-gateway profile has its prefixes on the way out", () => {
  const metadata = Header.of([
    ["x-cost", "2"],
    ["blob-bin", "AAE"],
    ["grpc-status", "0"],
    ["content-type", "application/grpc"],
  ]);
  const rules = metadataRules["grpc-gateway"];
  assert.deepEqual(
    [...metadataToHttp(metadata, rules)],
    [
      ["grpc-metadata-x-cost", "2"],
      ["grpc-metadata-blob-bin", "AAE"],
    ],
  );
  assert.deepEqual(
    [...trailerToHttp(metadata, rules)],
    [
      ["grpc-trailer-x-cost", "2"],
      ["grpc-trailer-blob-bin", "AAE"],
    ],
  );
});

test("the google profile passes what the standard one does, but for what -bin may hold", () => {
  const header = Header.of([
    ["x-goog-user-project", "p"],
    ["x-bin", "AAE="],
  ]);
  assert.deepEqual(
    [...metadataFromHttp(header, metadataRules.google)],
    [
      ["x-goog-user-project", "p"],
      ["x-bin", "AAE"],
    ],
  );
});

test("what connection lists stays behind in the grpc-gateway profile too", () => {
  const header = Header.of([
    ["connection", "cookie"],
    ["cookie", "a=b"],
  ]);
  assert.deepEqual([...metadataFromHttp(header, metadataRules["grpc-gateway"])], []);
});
