// The text forms: aligned, complete, and nothing in them that a terminal would obey.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAge } from "../../src/admin/age-text.ts";
import { formatExplanation } from "../../src/admin/explanation-text.ts";
import { shortType, splitPackage } from "../../src/admin/names.ts";
import { formatRouteTable } from "../../src/admin/route-table-text.ts";
import { samplePath } from "../../src/admin/sample-path.ts";
import { formatColumns, printable } from "../../src/admin/text-columns.ts";
import {
  emptyTable,
  hostilePolicy,
  hostileTable,
  hugeTable,
  noRouteExplanation,
  refusedExplanation,
  sampleExplanation,
  sampleTable,
  wrongMethodExplanation,
} from "./sample-views.ts";

test("routes stand in groups by service, columns aligned, what all share said once", () => {
  const text = formatRouteTable({
    ...emptyTable,
    digest: "3f2a9c1d0b7e",
    since: "2026-11-24T15:08:12.123Z",
    routes: sampleTable.routes.filter(({ rpc }) => /GetShelf|CreateShelf|WatchArrivals|Chat/.test(rpc)),
  });
  assert.equal(
    text,
    `schema 3f2a9c1d0b7e since 2026-11-24T15:08:12.123Z · profile standard · 4 routes

demo.library.v1.Library · from annotation in demo/library/v1/library.proto · upstream library
  METHOD  TEMPLATE                      RPC            BODY   TYPES
  POST    /v1/shelves                   CreateShelf    shelf  CreateShelfRequest → Shelf
  GET     /v1/shelves/{shelf}           GetShelf              GetShelfRequest → Shelf
  GET     /v1/shelves/{shelf}/arrivals  WatchArrivals         WatchArrivalsRequest → stream Arrival
  POST    /v1/chat                      Chat           *      stream ChatMessage → stream ChatMessage

policy
  RPC                                  SETTING             VALUE       FROM
  demo.library.v1.Library/CreateShelf  rest.successStatus  201         option in demo/library/v1/library.proto:47
                                       rest.location       /v1/{name}  option in demo/library/v1/library.proto:47
`,
  );
});

test("every fact of the view is in the text", () => {
  const text = formatRouteTable(sampleTable);
  for (const words of [
    "16 routes, 2 refused, 1 shadowed, 2 problems",
    "/v1/{name=shelves/*/books/*}:archive",
    "gateway/billing.yaml:12:5",
    "library, library-eu",
    "column 8: a variable inside a variable",
    "served by demo.library.v1.Library/ListShelves (annotation in demo/library/v1/library.proto)",
    "reflection of billing  stale    77d1a0993bc2  4h 6m",
    "reflection of billing: billing (billing:443): connection refused",
    "connect ECONNREFUSED 10.0.0.7:443",
    'gateway/billing.yaml:31:7: selector "acme.billing.Nothing" matches no method',
  ]) {
    assert.ok(text.includes(words), words);
  }
});

test("a method without a route is listed by its path and has its limits, one with a route stands with it", () => {
  const text = formatRouteTable({ ...emptyTable, methods: sampleTable.methods });
  assert.ok(
    text.endsWith(`methods without a route, by gRPC, gRPC-Web, Connect and WebSocket only
  PATH                            TYPES                         UPSTREAM
  /acme.billing.v1.Ledger/Follow  FollowRequest → stream Entry  billing

policy
  RPC                            SETTING      VALUE                                             FROM
  acme.billing.v1.Ledger/Follow  rateLimit    10 per 1s, burst 20, by header:x-user-id, shared  option in acme/billing.proto:21
                                 timeout.max  10s                                               protogate.yaml:14:5

now
  RPC                            WHAT      VALUE
  acme.billing.v1.Ledger/Follow  inFlight  3 of 50
`),
    text,
  );
});

test("what the profile says for all routes is one line", () => {
  const policy = [{ key: "rest.emitDefaults", value: "true", origin: "profile grpc-gateway" }];
  const text = formatRouteTable({ ...emptyTable, profile: "grpc-gateway", policy });
  assert.match(text, /^policy\n {2}where nobody says otherwise: emitDefaults \(profile grpc-gateway\)$/m);
});

test("an empty table is one line", () => {
  assert.equal(formatRouteTable(emptyTable), "no schema yet · profile standard · 0 routes\n");
});

test("ten thousand routes are ten thousand lines", () => {
  const text = formatRouteTable(hugeTable(10_000));
  assert.ok(text.split("\n").filter((line) => line.startsWith("  ")).length >= 10_000);
});

test("a request that is served shows where each piece goes", () => {
  assert.equal(
    formatExplanation(sampleExplanation),
    `GET /v1/shelves/1/books/2?view=FULL&trace=1
  GET /v1/{name=shelves/*/books/*} → demo.library.v1.Library/GetBook

route
  rpc       demo.library.v1.Library/GetBook (unary)
  request   demo.library.v1.GetBookRequest
  reply     demo.library.v1.Book
  body      none
  success   201 application/json, Location from /v1/{name}
  from      annotation in demo/library/v1/library.proto
  upstream  library

binding
  bound    path    name = shelves/1/books/2  → name: string
  bound    query   view = FULL               → view: demo.library.v1.BookView
  ignored  query   trace = 1                 demo.library.v1.GetBookRequest has no field trace
  bound    header  x-tenant = acme           → context.tenant: string

the backend would receive
  /demo.library.v1.Library/GetBook  (upstream library)
  demo.library.v1.GetBookRequest, 21 bytes
    {
      "name": "shelves/1/books/2",
      "view": "FULL"
    }
  with metadata
    x-request-id: 7

policy
  rest.emitDefaults  true                       protogate.yaml:12:5
  rest.header        x-tenant → context.tenant  option in demo/library.proto:9
  and 1 more by profile standard

tried, best first
  matched       GET    /v1/{name=shelves/*/books/*}       demo.library.v1.Library/GetBook
  wrong method  PATCH  /v1/{book.name=shelves/*/books/*}  the path matches, the method is PATCH
  path differs  GET    /v1/shelves/{shelf}/arrivals       segment 4: expected "arrivals", got "books"
`,
  );
});

test("a request that is not served begins with the answer the client gets", () => {
  const second = (text: string): string => text.split("\n")[1]?.trim() ?? "";
  assert.equal(
    second(formatExplanation(noRouteExplanation)),
    "answered with 404 NOT_FOUND: no route for GET /v1/shelve",
  );
  assert.match(
    second(formatExplanation(refusedExplanation)),
    /, answered with 400 INVALID_ARGUMENT: query parameter view/,
  );
  assert.match(
    formatExplanation(refusedExplanation),
    /refused {2}query {2}view = FULLER {2}→ view: .*no value of that name/,
  );
  assert.match(formatExplanation(wrongMethodExplanation), /allowed here: GET, POST/);
});

test("no name reaches the terminal as a control, an escape sequence or a change of direction", () => {
  for (const text of [
    formatRouteTable(hostileTable),
    formatExplanation({ ...sampleExplanation, target: "/\u001b[2J\u202e" }),
    formatExplanation({ ...sampleExplanation, policy: hostilePolicy }),
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    assert.match(text, /\\u\{1b\}/);
  }
});

test("a printable text is one line without controls, and ordinary letters stay", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
      assert.doesNotMatch(printable(text), /[\x00-\x1f\x7f-\x9f]/);
    }),
  );
  assert.equal(printable("Bücher/日本 → ✓"), "Bücher/日本 → ✓");
});

test("columns: the last is not padded, empty ones go, one very wide cell does not widen all", () => {
  assert.deepEqual(formatColumns([]), []);
  assert.deepEqual(formatColumns([], ["A"]), []);
  assert.deepEqual(
    formatColumns(
      [
        ["a", "", "b"],
        ["cc", ""],
      ],
      ["X", "Y", "Z"],
      "> ",
    ),
    ["> X   Z", "> a   b", "> cc"],
  );
  const wide = "w".repeat(100);
  assert.deepEqual(
    formatColumns([
      [wide, "x"],
      ["a", "y"],
    ]),
    [`${wide}  x`, "a  y"],
  );
});

test("ages have two units", () => {
  const rows: [number | null, string][] = [
    [null, ""],
    [-5, "now"],
    [999, "now"],
    [59_999, "59s"],
    [60_000, "1m"],
    [200_000, "3m 20s"],
    [3_600_000, "1h"],
    [18_180_000, "5h 3m"],
    [187_200_000, "2d 4h"],
  ];
  for (const [ageMs, text] of rows) assert.equal(formatAge(ageMs), text);
});

test("names split at the package and shorten beside their service", () => {
  assert.deepEqual(splitPackage("a.b.C/D"), ["a.b", "C/D"]);
  assert.deepEqual(splitPackage("C/D.e"), ["", "C/D.e"]);
  assert.deepEqual(splitPackage("C"), ["", "C"]);
  assert.equal(shortType("a.b.X", "a.b.C/D"), "X");
  assert.equal(shortType("a.b.X.Y", "a.b.C/D"), "a.b.X.Y");
  assert.equal(shortType("X", "C/D"), "X");
});

test("a sample path fits its template", () => {
  const rows: [string, string][] = [
    ["/v1/shelves", "/v1/shelves"],
    ["/v1/{shelf}", "/v1/1"],
    ["/v1/{name=shelves/*}:cancel", "/v1/shelves/1:cancel"],
    ["/v1/{path=**}", "/v1/1/2"],
    ["/*/{a.b=x/*/y/**}", "/1/x/1/y/1/2"],
    ["/", "/"],
  ];
  for (const [template, path] of rows) assert.equal(samplePath(template), path);
});
