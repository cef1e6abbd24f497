// Calls over the matrix backend: methods as people write them, errors with details, streams, metadata, deadlines.
import { gets, type ParityCase } from "./parity-case.ts";

const codes = Array.from({ length: 17 }, (_, code) => code).slice(1);

function headers(
  rows: readonly (readonly [what: string, header: NonNullable<ParityCase["header"]>])[],
): ParityCase[] {
  return rows.map(([what, header]) => ({ what: `header: ${what}`, path: "/v1/header", header }));
}

function watches(
  rows: readonly (readonly [what: string, query: string, header?: ParityCase["header"]])[],
): ParityCase[] {
  return rows.map(([what, query, header]) => ({
    what: `stream: ${what}`,
    path: `/v1/shelves/1/items:watch?${query}`,
    message: "compared",
    ...(header !== undefined && { header }),
  }));
}

export const callCases: readonly ParityCase[] = [
  ...gets([
    ["a matrix GET", "/v1/shelves/1/items/2?view=FULL&tags=a&tags=b&filter.count=7"],
    ["a matrix GET with an unknown key", "/v1/shelves/1/items/2?shade=7"],
  ]),
  {
    what: "a matrix POST",
    path: "/v1/shelves/1/items?itemId=x",
    body: { view: "FULL", count: 5, weight: 0.1 },
  },
  {
    what: "a matrix POST of all",
    path: "/v1/items:create",
    body: { parent: "shelves/1", itemId: "y", item: {} },
  },
  ...codes.map(
    (code): ParityCase => ({
      what: `error: code ${code}`,
      path: `/v1/fail/${code}?message=n%C3%A4h`,
      message: "compared",
    }),
  ),
  { what: "error: code 99", path: "/v1/fail/99?message=m", message: "compared" },
  { what: "error: with details", path: "/v1/fail/9?message=m&withDetails=true", message: "compared" },
  { what: "error: with RetryInfo", path: "/v1/fail/14?retryAfterMs=1500", message: "compared" },
  { what: "error: without a message", path: "/v1/fail/5", message: "compared" },
  ...watches([
    ["three items", "count=3"],
    ["an error at once", "count=-1&failCode=5"],
    ["an error after two items", "count=2&failCode=9"],
    ["Accept NDJSON", "count=2", { accept: "application/x-ndjson" }],
    ["Accept event-stream", "count=2", { accept: "text/event-stream" }],
    ["Accept JSON", "count=1", { accept: "application/json" }],
  ]),
  {
    what: "stream: client, NDJSON",
    path: "/v1/items:import",
    body: '{"item":{"name":"a"}}\n{"item":{"name":"b"}}\n',
  },
  {
    what: "stream: client, concatenated",
    path: "/v1/items:import",
    body: '{"item":{"name":"a"}}{"item":{"name":"b"}}',
  },
  {
    what: "stream: client, an array",
    path: "/v1/items:import",
    body: '[{"item":{"name":"a"}},{"item":{"name":"b"}}]',
  },
  { what: "stream: client, nothing", path: "/v1/items:import", httpMethod: "POST", body: "" },
  {
    what: "stream: client, bad JSON second",
    path: "/v1/items:import",
    body: '{"item":{"name":"a"}}\n{"item":',
  },
  { what: "stream: both ways", path: "/v1/chat", body: '{"text":"a"}\n{"text":"b"}\n' },
  ...headers([
    ["Grpc-Metadata-", { "Grpc-Metadata-X-Echo-A": "1", "grpc-metadata-foo": "2" }],
    ["Grpc-Metadata- twice", { "Grpc-Metadata-X-Echo-A": ["1", "2"] }],
    ["a -bin under the prefix", { "Grpc-Metadata-X-Echo-A-Bin": "AP8=" }],
    ["a -bin without padding", { "Grpc-Metadata-X-Echo-A-Bin": "AP8" }],
    ["a -bin that is no base64", { "Grpc-Metadata-X-Echo-A-Bin": "***" }],
    ["a header of one's own", { "X-Custom": "1" }],
    ["Authorization", { Authorization: "Bearer x" }],
    ["Authorization under the prefix", { Authorization: "Bearer x", "Grpc-Metadata-Authorization": "y" }],
    [
      "permanent headers",
      { "Accept-Language": "de", Cookie: "a=b", Referer: "r", Origin: "o", "If-Match": "e" },
    ],
    [
      "headers that are not permanent",
      { "Accept-Encoding": "gzip", DNT: "1", "X-Request-Id": "r", TE: "trailers" },
    ],
    [
      "permanent headers, the rest",
      { From: "f", Via: "1.1 x", Warning: "w", Pragma: "p", "Cache-Control": "c" },
    ],
    ["X-Forwarded-For", { "X-Forwarded-For": "10.0.0.1" }],
    ["X-Forwarded-For twice", { "X-Forwarded-For": ["10.0.0.1", "10.0.0.2"] }],
    ["X-Forwarded-Host", { "X-Forwarded-Host": "example.com" }],
    ["X-Forwarded-Proto", { "X-Forwarded-Proto": "https" }],
    ["X-Forwarded-For under the prefix", { "Grpc-Metadata-X-Forwarded-For": "10.0.0.9" }],
    ["a grpc header under the prefix", { "Grpc-Metadata-Grpc-Foo": "1" }],
    ["grpcgateway- as a header", { "grpcgateway-foo": "1" }],
    ["trailers without TE", { "Grpc-Metadata-X-Trail-A": "1" }],
    ["trailers with TE", { "Grpc-Metadata-X-Trail-A": "1", TE: "trailers" }],
    ["a -bin trailer", { "Grpc-Metadata-X-Trail-A-Bin": "AP8=", TE: "trailers" }],
    ["Traceparent", { Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }],
    ["non-ASCII text", { "Grpc-Metadata-X-Echo-A": "\u00e4" }],
    ["Connection lists the header", { Connection: "close, Grpc-Metadata-Foo", "Grpc-Metadata-Foo": "1" }],
  ]),
  { what: "deadline: bad unit", path: "/v1/slow/x", header: { "grpc-timeout": "5x" } },
  { what: "deadline: no number", path: "/v1/slow/x", header: { "grpc-timeout": "S" } },
  { what: "deadline: nine digits", path: "/v1/header", header: { "grpc-timeout": "123456789S" } },
  { what: "deadline: zero", path: "/v1/slow/x", header: { "grpc-timeout": "0S" } },
  { what: "deadline: that passes", path: "/v1/slow/x?durationMs=20000", header: { "grpc-timeout": "100m" } },
];
