// What a browser is told, over real connections of both versions: preflights, who may read an answer and which headers,
// what caches must tell apart.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import { type CorsOptions, withCors } from "../../src/server/cors.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import { type Ask, askHttp1, openListener, text, versions } from "./open-listener.ts";

const page = "https://app.example.com";
const stranger = "https://evil.example.org";
const cors: CorsOptions = { origins: [page], maxAgeMs: 7_200_000, credentials: false };

async function openCors(t: TestContext, options: Partial<CorsOptions> = {}, reply: [string, string][] = []) {
  const seen: string[] = [];
  const handle = async (request: HttpRequest) => {
    seen.push(`${request.httpMethod} ${request.path}`);
    if (request.path.startsWith("/debug")) return undefined;
    return { ...text(200, "ok"), header: Header.of([["content-type", "text/plain"], ...reply]) };
  };
  const covers = (path: string) => !path.startsWith("/debug");
  const listener = await openListener(t, withCors({ ...cors, ...options }, handle, covers));
  return { ...listener, port: listener.port, seen };
}

function preflight(origin: string, method: string, names?: string, path = "/v1/books"): Ask {
  const header: Record<string, string> = { origin, "access-control-request-method": method };
  if (names !== undefined) header["access-control-request-headers"] = names;
  return { method: "OPTIONS", path, header };
}

/** The headers of CORS and `vary` of an answer. */
function told(header: object): Record<string, unknown> {
  const ours = Object.entries(header).filter(([name]) => /^(access-control-.*|vary)$/.test(name));
  return Object.fromEntries(ours.map(([name, value]) => [name.replace("access-control-", ""), value]));
}

const preflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const all = "GET, HEAD, POST, PUT, PATCH, DELETE";

const asked: readonly [what: string, ask: Ask, allowMethods: string, allowHeaders: string | undefined][] = [
  [
    "Connect over POST",
    preflight(page, "POST", "connect-protocol-version,connect-timeout-ms,content-type", "/a.B/C"),
    all,
    "connect-protocol-version, connect-timeout-ms, content-type",
  ],
  ["Connect over GET", preflight(page, "GET", "connect-timeout-ms", "/a.B/C"), all, "connect-timeout-ms"],
  [
    "gRPC-Web",
    preflight(page, "POST", "content-type,grpc-timeout,x-grpc-web,x-user-agent", "/a.B/C"),
    all,
    "content-type, grpc-timeout, x-grpc-web, x-user-agent",
  ],
  ["REST with a token", preflight(page, "PATCH", "authorization"), all, "authorization"],
  ["a request without headers of its own", preflight(page, "DELETE"), all, undefined],
  ["a custom method", preflight(page, "REPORT"), `${all}, REPORT`, undefined],
  ["names in capitals, with spaces and twice", preflight(page, "PUT", "X-A , x-b,,x-a"), all, "x-a, x-b"],
  ["what is no name", preflight(page, "PUT", "x a, x-b, é"), all, "x-b"],
];

for (const { name, ask } of versions) {
  for (const [what, request, methods, names] of asked) {
    test(`${name}: a preflight for ${what} is answered, and no backend hears of it`, async (t) => {
      const { port, seen } = await openCors(t);
      const answer = await ask(port, request);
      assert.equal(answer.status, 204);
      assert.equal(answer.body, "");
      assert.deepEqual(told(answer.header), {
        vary: preflightVary,
        "allow-origin": page,
        "allow-methods": methods,
        ...(names === undefined ? {} : { "allow-headers": names }),
        "max-age": "7200",
      });
      assert.deepEqual(seen, []);
    });
  }

  test(`${name}: a preflight of a stranger is answered without a word of leave`, async (t) => {
    const { port, seen } = await openCors(t);
    const answer = await ask(port, preflight(stranger, "POST", "content-type"));
    assert.equal(answer.status, 204);
    assert.deepEqual(told(answer.header), { vary: preflightVary });
    assert.deepEqual(seen, []);
  });

  test(`${name}: an answer says who may read it and every header that it has`, async (t) => {
    const { port } = await openCors(t, {}, [
      ["grpc-status", "5"],
      ["grpc-message", "no"],
      ["grpc-status-details-bin", "CAU"],
      ["trailer-x-cost", "1"],
      ["x-request-id", "1"],
      ["x-request-id", "2"],
      ["set-cookie", "a=b"],
      ["cache-control", "no-store"],
      ["vary", "Accept-Encoding"],
    ]);
    const answer = await ask(port, { method: "POST", header: { origin: page }, body: "{}" });
    assert.equal(answer.body, "ok");
    assert.deepEqual(told(answer.header), {
      "allow-origin": page,
      "expose-headers": "grpc-status, grpc-message, grpc-status-details-bin, trailer-x-cost, x-request-id",
      vary: "Accept-Encoding, Origin",
    });
  });

  test(`${name}: a request of a stranger is served, and its page may not read the answer`, async (t) => {
    const { port, seen } = await openCors(t);
    const answer = await ask(port, { header: { origin: stranger } });
    assert.equal(answer.status, 200);
    assert.deepEqual(told(answer.header), { vary: "Origin" });
    assert.deepEqual(seen, ["GET /"]);
  });
}

test("what a cache may keep says that it depends on the origin, even where none asked", async (t) => {
  const { port } = await openCors(t);
  assert.deepEqual(told((await askHttp1(port)).header), { vary: "Origin" });
  assert.deepEqual(told((await askHttp1(port, { method: "POST", body: "" })).header), {});
});

test("for every origin the answer is the same, and a cache need not know who asked", async (t) => {
  const { port } = await openCors(t, { origins: ["*"] }, [["x-a", "1"]]);
  const same = { "allow-origin": "*", "expose-headers": "x-a" };
  assert.deepEqual(told((await askHttp1(port)).header), same);
  assert.deepEqual(told((await askHttp1(port, { header: { origin: stranger } })).header), same);
  assert.equal(told((await askHttp1(port, preflight(stranger, "PUT"))).header)["allow-origin"], "*");
});

test("with credentials the origin is named and leave is given for them", async (t) => {
  const { port } = await openCors(t, { credentials: true, origins: ["https://*.example.com"] });
  const expected = { "allow-origin": page, "allow-credentials": "true", vary: "Origin" };
  assert.deepEqual(told((await askHttp1(port, { header: { origin: page } })).header), expected);
  const answer = told((await askHttp1(port, preflight(page, "PUT"))).header);
  assert.equal(answer["allow-credentials"], "true");
  assert.equal(answer["allow-origin"], page);
});

test("a backend's own CORS headers do not make a second answer", async (t) => {
  const own: [string, string][] = [
    ["access-control-allow-origin", "*"],
    ["access-control-allow-credentials", "true"],
  ];
  const { port } = await openCors(t, {}, own);
  assert.deepEqual(told((await askHttp1(port, { header: { origin: stranger } })).header), { vary: "Origin" });
  const answer = told((await askHttp1(port, { header: { origin: page } })).header);
  assert.deepEqual(answer, { "allow-origin": page, vary: "Origin" });
});

test("listed names stand beside those that the protocols need", async (t) => {
  const options = { methods: ["POST"], headers: ["authorization", "content-type"], exposed: ["x-a"] };
  const { port } = await openCors(t, options, [
    ["x-a", "1"],
    ["x-b", "1"],
    ["trailer-x-a", "1"],
    ["trailer-x-b", "1"],
    ["grpc-status", "0"],
  ]);
  const answer = told((await askHttp1(port, preflight(page, "PUT", "x-secret"))).header);
  assert.equal(answer["allow-methods"], "POST");
  const names = String(answer["allow-headers"]).split(", ");
  for (const name of [
    "content-type",
    "connect-protocol-version",
    "x-grpc-web",
    "grpc-timeout",
    "authorization",
  ])
    assert.equal(names.filter((candidate) => candidate === name).length, 1, name);
  assert.ok(!names.includes("x-secret"));
  const exposed = told((await askHttp1(port, { header: { origin: page } })).header)["expose-headers"];
  assert.equal(exposed, "x-a, trailer-x-a, grpc-status");
});

test("OPTIONS that is no preflight, and paths of others, are left alone", async (t) => {
  const { port, seen } = await openCors(t);
  assert.equal((await askHttp1(port, { method: "OPTIONS", header: { origin: page } })).body, "ok");
  const admin = await askHttp1(port, preflight(page, "GET", undefined, "/debug/routes"));
  assert.equal(admin.status, 404);
  assert.deepEqual(told(admin.header), {});
  assert.deepEqual(told((await askHttp1(port, { path: "/debug/x", header: { origin: page } })).header), {});
  assert.deepEqual(seen, ["OPTIONS /", "OPTIONS /debug/routes", "GET /debug/x"]);
});
