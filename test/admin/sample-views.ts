// Views as a gateway before a library and a billing backend would give them, and hostile and huge ones.
import type { Explanation } from "../../src/gateway/explanation.ts";
import type { Readiness } from "../../src/gateway/readiness.ts";
import type { RouteTableView, RouteView } from "../../src/gateway/route-table-view.ts";

const library = "demo.library.v1.Library";
const annotation = "annotation in demo/library/v1/library.proto";

function route(
  httpMethod: string,
  template: string,
  rpc: string,
  types: readonly [request: string, reply: string],
  more: Partial<RouteView> = {},
): RouteView {
  const [requestType, replyType] = types;
  return {
    httpMethod,
    template,
    rpc: `${library}/${rpc}`,
    kind: "unary",
    requestType: requestType.includes(".") ? requestType : `demo.library.v1.${requestType}`,
    replyType: replyType.includes(".") ? replyType : `demo.library.v1.${replyType}`,
    body: "",
    responseBody: "",
    origin: annotation,
    upstreams: ["library"],
    policy: [],
    ...more,
  };
}

const empty = "google.protobuf.Empty";
const httpBody = "google.api.HttpBody";
const getBook = route("GET", "/v1/{name=shelves/*/books/*}", "GetBook", ["GetBookRequest", "Book"]);

const created: RouteView["policy"] = [
  { key: "rest.successStatus", value: "201", origin: "option in demo/library/v1/library.proto:47" },
  { key: "rest.location", value: "/v1/{name}", origin: "option in demo/library/v1/library.proto:47" },
];

export const sampleTable: RouteTableView = {
  digest: "3f2a9c1d0b7e4455",
  since: "2026-11-24T15:08:12.123Z",
  profile: "standard",
  policy: [],
  routes: [
    route("GET", "/v1/shelves", "ListShelves", ["ListShelvesRequest", "ListShelvesResponse"]),
    route("POST", "/v1/shelves", "CreateShelf", ["CreateShelfRequest", "Shelf"], {
      body: "shelf",
      policy: created,
    }),
    route("GET", "/v1/shelves/{shelf}", "GetShelf", ["GetShelfRequest", "Shelf"]),
    route("DELETE", "/v1/{name=shelves/*}", "DeleteShelf", ["DeleteShelfRequest", empty]),
    getBook,
    route("GET", "/v1/{parent=shelves/*}/books", "ListBooks", ["ListBooksRequest", "ListBooksResponse"], {
      responseBody: "books",
    }),
    route("PATCH", "/v1/{book.name=shelves/*/books/*}", "UpdateBook", ["UpdateBookRequest", "Book"], {
      body: "book",
    }),
    route("PUT", "/v1/{book.name=shelves/*/books/*}", "UpdateBook", ["UpdateBookRequest", "Book"], {
      body: "book",
    }),
    route("POST", "/v1/{name=shelves/*/books/*}:archive", "ArchiveBook", ["ArchiveBookRequest", "Book"], {
      body: "*",
    }),
    route("GET", "/v1/shelves/{shelf}/arrivals", "WatchArrivals", ["WatchArrivalsRequest", "Arrival"], {
      kind: "server_streaming",
    }),
    route("POST", "/v1/books:import", "ImportBooks", ["ImportBooksRequest", "ImportBooksResponse"], {
      kind: "client_streaming",
      body: "*",
    }),
    route("POST", "/v1/chat", "Chat", ["ChatMessage", "ChatMessage"], { kind: "bidi_streaming", body: "*" }),
    route("GET", "/v1/files/{path=**}", "Download", ["DownloadRequest", httpBody], {
      kind: "server_streaming",
      upstreams: ["library", "library-eu"],
    }),
    route("LOCK", "/v1/{name=shelves/*}", "LockShelf", ["LockShelfRequest", "Shelf"]),
    {
      httpMethod: "POST",
      template: "/v2/invoices/{invoice.customer.account_id}/lines:recalculate",
      rpc: "acme.billing.internal.v2alpha.InvoiceService/RecalculateInvoiceLines",
      kind: "unary",
      requestType: "acme.billing.internal.v2alpha.RecalculateInvoiceLinesRequest",
      replyType: "acme.longrunning.Operation",
      body: "*",
      responseBody: "",
      origin: "gateway/billing.yaml:12:5",
      upstreams: ["billing"],
      policy: [
        { key: "rest.emitDefaults", value: "true", origin: "protogate.yaml:12:5" },
        { key: "rest.header", value: "x-tenant → tenant", origin: "service option in acme/billing.proto:9" },
      ],
    },
    {
      httpMethod: "*",
      template: "/v2/echo/{text}",
      rpc: "acme.billing.internal.v2alpha.InvoiceService/Echo",
      kind: "unary",
      requestType: "acme.billing.internal.v2alpha.EchoRequest",
      replyType: "acme.billing.internal.v2alpha.EchoResponse",
      body: "",
      responseBody: "",
      origin: "annotation in acme/billing/invoice.proto",
      upstreams: ["billing"],
      policy: [],
    },
  ],
  methods: [
    {
      rpc: `${library}/GetBook`,
      kind: "unary",
      requestType: "demo.library.v1.GetBookRequest",
      replyType: "demo.library.v1.Book",
      upstreams: ["library", "library-eu"],
      routeCount: 1,
      policy: [],
      state: [],
    },
    {
      rpc: "acme.billing.v1.Ledger/Follow",
      kind: "server_streaming",
      requestType: "acme.billing.v1.FollowRequest",
      replyType: "acme.billing.v1.Entry",
      upstreams: ["billing"],
      routeCount: 0,
      policy: [
        {
          key: "rateLimit",
          value: "10 per 1s, burst 20, by header:x-user-id, shared",
          origin: "option in acme/billing.proto:21",
        },
        { key: "timeout.max", value: "10s", origin: "protogate.yaml:14:5" },
      ],
      state: [{ key: "inFlight", value: "3 of 50" }],
    },
  ],
  refused: [
    {
      httpMethod: "GET",
      template: "/v1/{a={b}}",
      rpc: `${library}/Broken`,
      origin: annotation,
      reason: "column 8: a variable inside a variable",
    },
    {
      httpMethod: "POST",
      template: "/v1/shelves/{shelf}:merge",
      rpc: `${library}/MergeShelves`,
      origin: annotation,
      reason:
        'body: no field "othr_shelf" in demo.library.v1.MergeShelvesRequest; the nearest is "other_shelf"',
    },
  ],
  shadowed: [
    {
      httpMethod: "GET",
      template: "/v1/shelves",
      rpc: `${library}/ListShelvesOld`,
      origin: annotation,
      shadowedBy: `${library}/ListShelves (${annotation})`,
    },
  ],
  sources: [
    {
      name: "reflection of library",
      state: "good",
      upstreams: ["library", "library-eu"],
      fileCount: 14,
      serviceCount: 3,
      digest: "9a0c6b21f4de",
      readAt: "2026-11-24T15:08:12.000Z",
      ageMs: 42_000,
      problems: [],
    },
    {
      name: "reflection of billing",
      state: "stale",
      upstreams: ["billing"],
      fileCount: 31,
      serviceCount: 7,
      digest: "77d1a0993bc2",
      readAt: "2026-11-24T11:02:00.000Z",
      ageMs: 14_760_000,
      problems: [{ place: "billing (billing:443)", message: "connection refused" }],
    },
    {
      name: "schemas/extra.binpb",
      state: "waiting",
      upstreams: [],
      fileCount: 0,
      serviceCount: 0,
      digest: "",
      readAt: null,
      ageMs: null,
      problems: [{ place: "schemas/extra.binpb", message: "no such file" }],
    },
  ],
  upstreams: [
    { name: "library", target: "localhost:50051", state: "ready", lastError: null },
    { name: "library-eu", target: "eu.library:50051", state: "idle", lastError: null },
    {
      name: "billing",
      target: "https://billing:443",
      state: "transient_failure",
      lastError: "connect ECONNREFUSED 10.0.0.7:443",
    },
  ],
  problems: [
    { place: "gateway/billing.yaml:31:7", message: 'selector "acme.billing.Nothing" matches no method' },
    {
      place: "google/type/money.proto",
      message: "reflection of library and reflection of billing disagree; the first one is used",
    },
  ],
};

export const emptyTable: RouteTableView = {
  digest: "",
  since: null,
  profile: "standard",
  policy: [],
  routes: [],
  methods: [],
  refused: [],
  shadowed: [],
  sources: [],
  upstreams: [],
  problems: [],
};

/** What a hostile descriptor could put into names; each field says where it came from. */
export const hostileText = `"><script>alert('x')</script>&amp;\u001b[31m\u202e`;

export const hostilePolicy: RouteView["policy"] = [
  { key: hostileText, value: hostileText, origin: hostileText },
  { key: hostileText, value: "true", origin: `profile ${hostileText}` },
];

export const hostileTable: RouteTableView = {
  ...sampleTable,
  digest: hostileText,
  since: hostileText,
  profile: hostileText,
  policy: hostilePolicy,
  routes: [
    {
      ...getBook,
      httpMethod: hostileText,
      template: `/v1/{${hostileText}}`,
      rpc: hostileText,
      requestType: `a.${hostileText}`,
      replyType: hostileText,
      body: hostileText,
      responseBody: hostileText,
      origin: hostileText,
      upstreams: [hostileText, hostileText],
      policy: hostilePolicy,
    },
  ],
  refused: sampleTable.refused.map(() => ({
    httpMethod: hostileText,
    template: hostileText,
    rpc: hostileText,
    origin: hostileText,
    reason: hostileText,
  })),
  shadowed: sampleTable.shadowed.map(() => ({
    httpMethod: hostileText,
    template: hostileText,
    rpc: hostileText,
    origin: hostileText,
    shadowedBy: hostileText,
  })),
  sources: sampleTable.sources.map((source) => ({
    ...source,
    name: hostileText,
    digest: hostileText,
    readAt: hostileText,
    upstreams: [hostileText],
    problems: [{ place: hostileText, message: hostileText }],
  })),
  upstreams: sampleTable.upstreams.map((upstream) => ({
    ...upstream,
    name: hostileText,
    target: hostileText,
    lastError: hostileText,
  })),
  problems: [{ place: hostileText, message: hostileText }],
};

export function hugeTable(routeCount: number): RouteTableView {
  const { routes } = sampleTable;
  return {
    ...sampleTable,
    routes: Array.from({ length: routeCount }, (_, i) => {
      const like = routes[i % routes.length] ?? getBook;
      return {
        ...like,
        template: `/v${i}${like.template}`,
        rpc: like.rpc.replace("/", `${Math.floor(i / 20)}/`),
      };
    }),
  };
}

export const sampleExplanation: Explanation = {
  httpMethod: "GET",
  target: "/v1/shelves/1/books/2?view=FULL&trace=1",
  outcome: "route",
  summary: `GET /v1/{name=shelves/*/books/*} → ${library}/GetBook`,
  route: getBook,
  allow: [],
  trials: [
    {
      httpMethod: "GET",
      template: "/v1/{name=shelves/*/books/*}",
      rpc: `${library}/GetBook`,
      outcome: "matched",
      reason: "",
    },
    {
      httpMethod: "PATCH",
      template: "/v1/{book.name=shelves/*/books/*}",
      rpc: `${library}/UpdateBook`,
      outcome: "wrong_method",
      reason: "the path matches, the method is PATCH",
    },
    {
      httpMethod: "GET",
      template: "/v1/shelves/{shelf}/arrivals",
      rpc: `${library}/WatchArrivals`,
      outcome: "path_differs",
      reason: 'segment 4: expected "arrivals", got "books"',
    },
  ],
  bindings: [
    { from: "path", key: "name", text: "shelves/1/books/2", field: "name", type: "string", outcome: "bound" },
    {
      from: "query",
      key: "view",
      text: "FULL",
      field: "view",
      type: "demo.library.v1.BookView",
      outcome: "bound",
    },
    {
      from: "query",
      key: "trace",
      text: "1",
      outcome: "ignored",
      reason: "demo.library.v1.GetBookRequest has no field trace",
    },
    {
      from: "header",
      key: "x-tenant",
      text: "acme",
      field: "context.tenant",
      type: "string",
      outcome: "bound",
    },
  ],
  policy: [
    { key: "rest.emitDefaults", value: "true", origin: "protogate.yaml:12:5" },
    { key: "rest.successStatus", value: "200", origin: "profile standard" },
    { key: "rest.header", value: "x-tenant → context.tenant", origin: "option in demo/library.proto:9" },
  ],
  success: { httpStatus: 201, contentType: "application/json", location: "/v1/{name}" },
  backend: {
    upstreams: ["library"],
    path: `/${library}/GetBook`,
    messageType: "demo.library.v1.GetBookRequest",
    json: '{\n  "name": "shelves/1/books/2",\n  "view": "FULL"\n}',
    messageBytes: 21,
    header: ["x-request-id: 7"],
  },
  error: null,
};

export const refusedExplanation: Explanation = {
  ...sampleExplanation,
  target: "/v1/shelves/1/books/2?view=FULLER",
  bindings: [
    {
      from: "query",
      key: "view",
      text: "FULLER",
      field: "view",
      type: "demo.library.v1.BookView",
      outcome: "refused",
      reason: "no value of that name",
    },
  ],
  success: null,
  backend: null,
  error: {
    httpStatus: 400,
    code: "INVALID_ARGUMENT",
    message: "query parameter view: FULLER is no BookView",
  },
};

export const noRouteExplanation: Explanation = {
  ...sampleExplanation,
  target: "/v1/shelve",
  outcome: "no_route",
  summary: "no route for GET /v1/shelve",
  route: null,
  trials: sampleExplanation.trials.slice(2),
  bindings: [],
  policy: [],
  success: null,
  backend: null,
  error: { httpStatus: 404, code: "NOT_FOUND", message: "no route for GET /v1/shelve" },
};

export const wrongMethodExplanation: Explanation = {
  ...noRouteExplanation,
  httpMethod: "DELETE",
  target: "/v1/shelves",
  outcome: "wrong_method",
  summary: "DELETE is not allowed on this path, only GET, POST",
  allow: ["GET", "POST"],
  error: {
    httpStatus: 405,
    code: "UNIMPLEMENTED",
    message: "DELETE is not allowed on this path, only GET, POST",
  },
};

export const ready: Readiness = {
  ready: true,
  missing: [],
  warnings: ["schema of billing is stale: connection refused"],
};
export const notReady: Readiness = {
  ready: false,
  missing: ["upstream library (localhost:50051): connection refused"],
  warnings: [],
};
