// The HTML pages as text: everything of the issue is there, and nothing that a name could bring in.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatExplanationPage } from "../../src/admin/explanation-page.ts";
import { escapeHtml, html, trustedHtml } from "../../src/admin/html.ts";
import { formatRouteTablePage } from "../../src/admin/route-table-page.ts";
import type { Explanation } from "../../src/gateway/explanation.ts";
import {
  emptyTable,
  hostilePolicy,
  hostileTable,
  hostileText,
  noRouteExplanation,
  refusedExplanation,
  sampleExplanation,
  sampleTable,
  wrongMethodExplanation,
} from "./sample-views.ts";

/** What a reader sees: tags gone, entities decoded. */
function visible(page: string): string {
  return page
    .replace(/<(style|script)>.*?<\/\1>/gs, "")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

test("holes are escaped, markup and lists of it are not, and conditions print nothing", () => {
  const page = html`<p title="${`"'<>&`}">${[html`<b>${1}</b>`, "<i>"]}${false}${null}${undefined}${trustedHtml("<hr>")}</p>`;
  assert.equal(page.text, '<p title="&quot;&#39;&lt;&gt;&amp;"><b>1</b>&lt;i&gt;<hr></p>');
});

test("escaped text has no character that ends an attribute or begins a tag, and reads as before", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(escapeHtml(text), /[<>"']/);
      assert.equal(visible(escapeHtml(text)), text);
    }),
  );
});

test("the routes page has every column, what was refused and shadowed and why, sources and upstreams", () => {
  const page = visible(formatRouteTablePage(sampleTable, ""));
  for (const words of [
    "/v1/{name=shelves/*/books/*}:archive",
    "demo.library.v1.Library/WatchArrivals server stream",
    "Chat bidi stream",
    "WatchArrivalsRequest",
    "google.protobuf.Empty",
    "billing.yaml:12:5",
    "successStatus 201",
    "header x-tenant → tenant",
    "library, library-eu",
    "column 8: a variable inside a variable",
    'no field "othr_shelf"',
    "demo.library.v1.Library/ListShelves (annotation in demo/library/v1/library.proto)",
    "9a0c6b21f4de",
    "4h 6m",
    "stale",
    "waiting",
    "no such file",
    "connect ECONNREFUSED 10.0.0.7:443",
    "transient failure",
    'selector "acme.billing.Nothing" matches no method',
    "schema 3f2a9c1d0b7e since 2026-11-24 15:08:12 UTC · profile standard",
  ]) {
    assert.ok(page.replace(/\s+/g, " ").includes(words) || page.replace(/\s+/g, "").includes(words), words);
  }
});

test("a table has as many heads and card labels as cells", () => {
  const page = formatRouteTablePage(sampleTable, "");
  for (const id of ["routes", "refused", "shadowed", "sources", "upstreams"]) {
    const [, table = ""] = new RegExp(`<table id="${id}".*?>(.*?)</table>`, "s").exec(page) ?? [];
    const [head = "", ...rows] = table.split("<tr>").slice(1);
    const count = head.match(/<th>/g)?.length;
    assert.ok(rows.length > 0 && count !== undefined, id);
    for (const row of rows) assert.equal(row.match(/<td[ >]/g)?.length, count, id);
    assert.equal(page.match(new RegExp(`#${id} td:nth-child`, "g"))?.length, count, id);
  }
});

test("an empty table is a page that says so", () => {
  const page = visible(formatRouteTablePage(emptyTable, ""));
  assert.match(page, /No route to show/);
  assert.match(page, /no schema yet/);
});

test("a profile that differs from the standard says how, once for all routes", () => {
  const policy = [
    { key: "rest.emitDefaults", value: "true", origin: "profile grpc-gateway" },
    { key: "rest.unknownFields", value: "ignore", origin: "profile grpc-gateway" },
  ];
  const page = visible(formatRouteTablePage({ ...sampleTable, profile: "grpc-gateway", policy }, ""));
  assert.match(page, /Where no policy says otherwise: emitDefaults, unknownFields ignore\./);
});

test("the word of a policy has its origin as a tooltip, and the filter finds both", () => {
  const page = (query: string): string => formatRouteTablePage(sampleTable, query);
  assert.match(page(""), /<div title="protogate\.yaml:12:5">emitDefaults<\/div>/);
  assert.match(page(""), /<div title="option in [^"]*"><s>successStatus<\/s> 201<\/div>/);
  assert.match(page("emitDefaults protogate.yaml"), />1 of 16 routes</);
});

test("a method has its limits with their origins, and what is left of them now", () => {
  const page = formatRouteTablePage(sampleTable, "");
  assert.match(
    page,
    /<div title="option in acme\/billing\.proto:21"><s>rateLimit<\/s> 10 per 1s, burst 20, by header:x-user-id, shared<\/div>/,
  );
  assert.match(page, /<div><s>inFlight<\/s> 3 of 50<\/div>/);
});

test("a template leads to its explanation, with a path that fits it", () => {
  const page = formatRouteTablePage(sampleTable, "");
  assert.match(
    page,
    /href="\/debug\/explain\?method=POST&amp;path=%2Fv1%2Fshelves%2F1%2Fbooks%2F1%3Aarchive"/,
  );
});

test("hostile names are text: no tag, no attribute, no script of theirs", () => {
  const pages = [
    formatRouteTablePage(hostileTable, hostileText),
    formatRouteTablePage(hostileTable, ""),
    formatExplanationPage({ asked: hostileAsked }),
    formatExplanationPage({ asked: hostileAsked, answer: hostileText }),
    formatExplanationPage({ asked: hostileAsked, answer: hostileExplanation }),
    formatExplanationPage({
      asked: hostileAsked,
      answer: { ...hostileExplanation, error: { httpStatus: 400, code: hostileText, message: hostileText } },
    }),
  ];
  for (const page of pages) {
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.doesNotMatch(page, /alert\('x'\)/);
    const tags = page.replace(/<(style|script)>.*?<\/\1>/gs, "").match(/<[^>]*>/g) ?? [];
    // Inside a quoted value it is only text; anywhere else in a tag it would be an attribute.
    for (const tag of tags) assert.doesNotMatch(tag.replace(/="[^"]*"/g, ""), /alert/);
  }
});

const hostileAsked = {
  httpMethod: hostileText,
  target: hostileText,
  header: hostileText,
  body: `</textarea>${hostileText}`,
};

function asked(httpMethod: string, target: string, header = "", body = "") {
  return { httpMethod, target, header, body };
}

const hostileExplanation: Explanation = {
  ...sampleExplanation,
  summary: hostileText,
  allow: [hostileText],
  route: sampleExplanation.route && {
    ...sampleExplanation.route,
    httpMethod: hostileText,
    template: hostileText,
    rpc: hostileText,
    requestType: hostileText,
    replyType: hostileText,
    body: hostileText,
    responseBody: hostileText,
    origin: hostileText,
    upstreams: [hostileText],
    policy: hostilePolicy,
  },
  policy: hostilePolicy,
  success: { httpStatus: 201, contentType: hostileText, location: hostileText },
  trials: [
    {
      httpMethod: hostileText,
      template: hostileText,
      rpc: hostileText,
      outcome: "matched",
      reason: hostileText,
    },
  ],
  bindings: [
    {
      from: "query",
      key: hostileText,
      text: hostileText,
      field: hostileText,
      type: hostileText,
      outcome: "refused",
      reason: hostileText,
    },
  ],
  backend: {
    upstreams: [hostileText],
    path: hostileText,
    messageType: hostileText,
    json: hostileText,
    messageBytes: 1,
    header: [hostileText],
  },
};

test("the explain page shows answer, route, bindings, what the backend gets and what was tried", () => {
  const page = visible(formatExplanationPage({ asked: asked("GET", "/v1/x"), answer: sampleExplanation }));
  for (const words of [
    sampleExplanation.summary,
    "annotation in demo/library/v1/library.proto",
    "demo.library.v1.BookView",
    "ignored: demo.library.v1.GetBookRequest has no field trace",
    "/demo.library.v1.Library/GetBook",
    "21 bytes",
    '"view": "FULL"',
    "x-request-id: 7",
    "x-tenantacmecontext.tenantstringbound",
    "Success201 application/json, Location from /v1/{name}",
    "rest.emitDefaultstrueprotogate.yaml:12:5",
    "1 by profile standard",
    'segment 4: expected "arrivals", got "books"',
  ]) {
    assert.ok(page.includes(words), words);
  }
});

test("the explain page shows the error the client would get, and the methods a path has", () => {
  const page = (answer: Explanation) =>
    visible(formatExplanationPage({ asked: asked("GET", answer.target), answer }));
  assert.match(page(refusedExplanation), /400 INVALID_ARGUMENT query parameter view: FULLER is no BookView/);
  assert.match(page(noRouteExplanation), /404 NOT_FOUND no route for GET \/v1\/shelve/);
  assert.match(page(wrongMethodExplanation), /Allowed here: GET, POST/);
});

test("the form keeps what was asked, a method of its own too", () => {
  const page = formatExplanationPage({
    asked: asked("LOCK", '/a?b="c"', "x-a: 1\nx-b: 2", '\n{"title":"<b>"}'),
  });
  assert.match(page, /<option selected>LOCK<\/option>/);
  assert.match(page, /name="path" value="\/a\?b=&quot;c&quot;"/);
  assert.match(page, /<textarea name="header"[^>]*>\nx-a: 1\nx-b: 2<\/textarea>/);
  // The first line break in a textarea is HTML's, the second one is the body's.
  assert.match(
    page,
    /<textarea name="body"[^>]*>\n\n\{&quot;title&quot;:&quot;&lt;b&gt;&quot;\}<\/textarea>/,
  );
});

test("the fields for header and body are open where there is something in them, or where a body is due", () => {
  const isOpen = (request: ReturnType<typeof asked>) =>
    /<details class="more" open>/.test(formatExplanationPage({ asked: request }));
  assert.ok(!isOpen(asked("GET", "/v1/x")));
  assert.ok(isOpen(asked("GET", "/v1/x", "x-a: 1")));
  assert.ok(isOpen(asked("GET", "/v1/x", "", "{}")));
  assert.ok(isOpen(asked("PATCH", "/v1/x")));
});

test("the other forms of an answer are links that keep header and body", () => {
  const page = formatExplanationPage({
    asked: asked("POST", "/v1/x?y=1", "x-a: 1\nx-b: 2", "{}"),
    answer: sampleExplanation,
  });
  const [, link] = /href="([^"]*)">JSON/.exec(page) ?? [];
  const query = new URL(link?.replaceAll("&amp;", "&") ?? "", "http://h").searchParams;
  assert.deepEqual(Object.fromEntries(query), {
    method: "POST",
    path: "/v1/x?y=1",
    header: "x-a: 1\nx-b: 2",
    body: "{}",
    format: "json",
  });
});
