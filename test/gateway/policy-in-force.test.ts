// Policies from the options of a real backend's .proto and from a config file, up to what a client gets and what the
// debug pages say.
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import type { Explanation } from "../../src/gateway/explanation.ts";
import type { RouteTableView, RouteView } from "../../src/gateway/route-table-view.ts";
import { type OpenApp, openApp } from "../app/open-app.ts";

let server: LibraryServer;
before(async () => {
  server = await startLibraryServer();
});
after(() => server.close());

const library = "demo.library.v1.Library";

function open(
  context: TestContext,
  keys: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<OpenApp> {
  return openApp(context, { upstreams: `library=127.0.0.1:${server.port}`, ...keys }, files);
}

async function tableOf(app: OpenApp): Promise<RouteTableView> {
  return (await app.call("/debug/routes?format=json")).json as RouteTableView;
}

async function policyOf(app: OpenApp, rpc: string): Promise<RouteView["policy"]> {
  const { routes } = await tableOf(app);
  return routes.find((route) => route.rpc === `${library}/${rpc}`)?.policy ?? [];
}

async function explain(app: OpenApp, parameters: Record<string, string>): Promise<Explanation> {
  const query = new URLSearchParams({ ...parameters, format: "json" });
  return (await app.call(`/debug/explain?${query}`)).json as Explanation;
}

test("a method's option decides the status and Location of what it creates", async (t) => {
  const app = await open(t);
  const created = await app.call("/v1/shelves/4/books", { body: { title: "The Tale of Genji" } });
  assert.equal(created.status, 201);
  const { name } = created.json as { name: string };
  assert.equal(created.header.location, `/v1/${name}`);
  assert.equal((await app.call(`/v1/${name}`)).status, 200);
  const deleted = await app.call(`/v1/${name}`, { httpMethod: "DELETE" });
  assert.equal(deleted.status, 204);
  assert.equal(deleted.text, "");
  const refused = await app.call("/v1/shelves/4/books", { body: {} });
  assert.equal(refused.status, 400);
  assert.equal(refused.header.location, undefined);
});

test("a service's option fills a field from a header in every method that has it", async (t) => {
  const app = await open(t);
  const header = { "x-reader": "policy-reader" };
  const loan = await app.call("/v1/shelves/3/books/1:borrow", { header, body: {} });
  assert.equal(loan.status, 200, loan.text);
  assert.equal((loan.json as { reader: string }).reader, "policy-reader");
  const loans = (await app.call("/v1/loans", { header })).json as readonly { reader: string }[];
  assert.deepEqual(new Set(loans.map(({ reader }) => reader)), new Set(["policy-reader"]));
  const ofOther = (await app.call("/v1/readers/nobody/loans", { header })).json;
  assert.deepEqual(ofOther, [], "the path wins");
});

test("the config has the last word, by selector and for all", async (t) => {
  const app = await open(t, {
    rest: { protoNames: true, unknownFields: "ignore" },
    methods: [
      { selector: `${library}.*`, rest: { emitDefaults: true } },
      { selector: `${library}.CreateShelf`, rest: { successStatus: 200, location: "", emitDefaults: false } },
    ],
  });
  const shelf = await app.call("/v1/shelves?nonsense=1", { body: { theme: "policies" } });
  assert.equal(shelf.status, 200);
  assert.equal(shelf.header.location, undefined);
  assert.deepEqual(Object.keys(shelf.json as object), ["name", "theme", "create_time"]);
  const read = (await app.call(`/v1/${(shelf.json as { name: string }).name}`)).json as object;
  assert.deepEqual(Object.keys(read), ["name", "theme", "create_time", "labels", "book_count"]);

  const policy = await policyOf(app, "CreateShelf");
  assert.deepEqual(
    policy.map(({ key, value, origin }) => [key, value, origin.replace(/.*\//, "")]),
    [
      ["rest.unknownFields", "ignore", "protogate.yaml:5:18"],
      ["rest.emitDefaults", "false", "protogate.yaml:14:21"],
      ["rest.protoNames", "true", "protogate.yaml:4:15"],
      ["rest.successStatus", "200", "protogate.yaml:12:22"],
      ["rest.location", "none", "protogate.yaml:13:17"],
    ],
  );
});

test("int64 as number, enums as numbers, streams by default as events: each by its method alone", async (t) => {
  const app = await open(t, {
    methods: [
      { selector: `${library}.GetBook`, rest: { int64Numbers: true, enumNumbers: true } },
      { selector: `${library}.WatchArrivals`, rest: { streamFormat: "sse" } },
    ],
  });
  const book = (await app.call("/v1/shelves/1/books/1")).json as Record<string, unknown>;
  assert.equal(typeof book.format, "number");
  const { books } = (await app.call("/v1/shelves/1/books?pageSize=1")).json as {
    books: readonly Record<string, unknown>[];
  };
  assert.equal(typeof books[0]?.format, "string");
  const arrivals = "/v1/arrivals:watch?limit=1&interval=0.01s";
  assert.equal((await app.call(arrivals)).header["content-type"], "text/event-stream");
  const asked = await app.call(arrivals, { header: { accept: "application/x-ndjson" } });
  assert.equal(
    asked.header["content-type"],
    "application/x-ndjson",
    "a client that says what it wants gets it",
  );
});

test("streams in an envelope, by the config of one method", async (t) => {
  const app = await open(t, {
    methods: [{ selector: `${library}.WatchArrivals`, rest: { streamEnvelope: true } }],
  });
  const { text } = await app.call("/v1/arrivals:watch?limit=2&interval=0.01s");
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines) assert.deepEqual(Object.keys(JSON.parse(line)), ["result"]);
});

test("cookies fill fields where the config says so", async (t) => {
  const app = await open(t, {
    methods: [{ selector: `${library}.ListLoans`, rest: { header: {}, cookie: { reader: "reader" } } }],
  });
  const { bindings, backend } = await explain(app, {
    path: "/v1/loans",
    header: "cookie: a=b; reader=ada\nx-reader: bob",
  });
  assert.deepEqual(
    bindings.map(({ from, key, field, outcome }) => [from, key, field, outcome]),
    [["cookie", "reader", "reader", "bound"]],
  );
  assert.deepEqual(JSON.parse(backend?.json ?? ""), { reader: "ada" });
});

test("a setting that cannot work is a problem with its place, and the next level counts", async (t) => {
  const app = await open(t, {
    methods: [
      { selector: `${library}.CreateBook`, rest: { location: "nme" } },
      { selector: `${library}.CreateBok`, rest: {} },
    ],
  });
  const { problems } = await tableOf(app);
  assert.deepEqual(
    problems.map(({ place, message }) => `${place.replace(/.*\//, "")}: ${message}`),
    [
      `protogate.yaml:7:15: \`${library}.CreateBok\` matches no method, did you mean \`${library}.CreateBook\`?`,
      `protogate.yaml:6:17: rest.location of ${library}.CreateBook is refused: no field "nme" in demo.library.v1.Book`,
    ],
  );
  const location = (await policyOf(app, "CreateBook")).find(({ key }) => key === "rest.location");
  assert.match(location?.origin ?? "", /^option in library\.proto:\d+$/);
});

test("a request is explained with header, body, policy and what a good reply is", async (t) => {
  const app = await open(t);
  const explanation = await explain(app, {
    method: "POST",
    path: "/v1/shelves/4/books?bookId=genji",
    header: "x-request-id: 7\naccept-encoding: gzip",
    body: '{"title":"Genji"}',
  });
  assert.equal(explanation.error, null);
  assert.deepEqual(explanation.success, {
    httpStatus: 201,
    contentType: "application/json",
    location: "/v1/{name}",
  });
  assert.deepEqual(explanation.backend?.header, ["x-request-id: 7"]);
  assert.deepEqual(JSON.parse(explanation.backend?.json ?? ""), {
    parent: "shelves/4",
    book: { title: "Genji" },
    bookId: "genji",
  });
  assert.equal(explanation.policy.length, 12);
  assert.deepEqual(
    explanation.policy.filter(({ origin }) => origin !== "profile standard").map(({ key }) => key),
    ["rest.successStatus", "rest.location"],
  );
});

test("what HTTP refuses is explained as it would be answered", async (t) => {
  const app = await open(t);
  const books = { method: "POST", path: "/v1/shelves/4/books", body: '{"title":"Genji"}' };
  const asForm = await explain(app, { ...books, header: "content-type: application/x-www-form-urlencoded" });
  assert.equal(asForm.error?.httpStatus, 415);
  const asText = await explain(app, { ...books, header: "content-type: text/csv" });
  assert.equal(asText.error?.httpStatus, 415);
  const late = await explain(app, { path: "/v1/shelves/4", header: "grpc-timeout: soon" });
  assert.equal(late.error?.httpStatus, 400);
  assert.match(late.error?.message ?? "", /grpc-timeout/);
  const binary = await explain(app, { path: "/v1/shelves/4", header: "x-trace-bin: ???" });
  assert.equal(binary.error?.httpStatus, 400);
});

test("a profile's system parameters and metadata rules are explained as they are", async (t) => {
  const google = await open(t, { profile: "google" });
  const asked = await explain(google, {
    path: "/v1/shelves/4?$alt=json;enum-encoding=int&key=secret",
    header: "x-trace-bin: ???",
  });
  assert.equal(asked.error, null);
  assert.deepEqual(
    asked.bindings.filter(({ from }) => from === "system").map(({ key, outcome }) => [key, outcome]),
    [
      ["$alt", "bound"],
      ["key", "ignored"],
    ],
  );
  const gateway = await open(t, { profile: "grpc-gateway" });
  const { backend } = await explain(gateway, {
    path: "/v1/shelves/4",
    header: "authorization: Bearer x\nx-mine: 1\ngrpc-metadata-tenant: acme",
  });
  assert.deepEqual(backend?.header, [
    "authorization: Bearer x",
    "grpcgateway-authorization: Bearer x",
    "tenant: acme",
  ]);
  const { policy } = await tableOf(gateway);
  assert.ok(policy.some(({ key, value }) => key === "rest.emitDefaults" && value === "true"));
});

const decodings: readonly (readonly [
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
  bound: string,
  reason: string,
])[] = [
  [{}, {}, "a%2Fb+c", "http.proto's text"],
  [{ rest: { unescape: "all" } }, {}, "a/b+c", "the operator's word"],
  [{ rest: { unescape: "all-except-reserved" } }, {}, "a%2Fb%2Bc", "Envoy's default"],
  [
    { schema: { serviceConfigs: "api.yaml" }, reflection: { enabled: true } },
    { "api.yaml": "type: google.api.Service\nhttp: {fully_decode_reserved_expansion: true}\n" },
    "a/b+c",
    "a service config asks for it",
  ],
  [
    {
      schema: { serviceConfigs: "api.yaml" },
      reflection: { enabled: true },
      rest: { unescape: "except-slash" },
    },
    { "api.yaml": "type: google.api.Service\nhttp: {fully_decode_reserved_expansion: true}\n" },
    "a%2Fb+c",
    "the operator's word stands above it",
  ],
];
for (const [keys, files, bound, reason] of decodings) {
  test(`a variable of several segments is ${bound} of a%2Fb%2Bc with ${JSON.stringify(keys)}: ${reason}`, async (t) => {
    const app = await open(t, keys, files);
    const { backend } = await explain(app, { path: "/v1/subjects/a%2Fb%2Bc" });
    assert.deepEqual(JSON.parse(backend?.json ?? ""), { filter: { subject: bound } });
  });
}

test("the digest is another where settings are, whatever the lines they are written in", async (t) => {
  const digestOf = async (keys: Readonly<Record<string, unknown>>): Promise<string> =>
    (await tableOf(await open(t, keys))).digest;
  const methods = [{ selector: "*", rest: { protoNames: true } }];
  const digest = await digestOf({ methods });
  assert.notEqual(await digestOf({}), digest);
  assert.equal(await digestOf({ strict: false, methods }), digest);
  assert.notEqual(await digestOf({ methods, rest: { unescape: "all" } }), digest);
});
