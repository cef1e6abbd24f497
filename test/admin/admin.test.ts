// The admin application behind a real listener, over both versions of HTTP: forms, statuses, headers.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { type AdminSources, createAdmin } from "../../src/admin/create-admin.ts";
import type { ExplainedRequest } from "../../src/gateway/explain-request.ts";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { openListener, versions } from "../server/open-listener.ts";
import { hugeTable, notReady, ready, sampleExplanation, sampleTable } from "./sample-views.ts";

async function openAdmin(t: TestContext, sources: Partial<AdminSources> = {}) {
  const admin = await createAdmin({
    routes: () => sampleTable,
    explain: ({ httpMethod, target }) => ({ ...sampleExplanation, httpMethod, target }),
    readiness: () => ready,
    ...sources,
  });
  t.after(() => admin.close());
  const listener = await openListener(t, async () => undefined, { fallback: admin.handler });
  return { port: listener.port, admin };
}

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";

for (const { name, ask } of versions) {
  test(`${name}: /debug/routes is text for curl, JSON for programs, HTML for browsers`, async (t) => {
    const { port } = await openAdmin(t);
    const rows = [
      [undefined, "text/plain; charset=utf-8"],
      ["*/*", "text/plain; charset=utf-8"],
      ["application/json", "application/json; charset=utf-8"],
      ["application/*", "application/json; charset=utf-8"],
      [browser, "text/html; charset=utf-8"],
      ["text/html;q=0.1, application/json;q=0.9", "application/json; charset=utf-8"],
      ["image/png", "text/plain; charset=utf-8"],
      ["nonsense", "text/plain; charset=utf-8"],
    ] as const;
    for (const [accept, expected] of rows) {
      const answer = await ask(port, {
        path: "/debug/routes",
        header: accept === undefined ? {} : { accept },
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.header["content-type"], expected, String(accept));
      assert.equal(answer.header.vary, "accept");
    }
  });

  test(`${name}: ?format= beats Accept, which a link cannot set`, async (t) => {
    const { port } = await openAdmin(t);
    for (const [format, type] of [
      ["json", "application/json"],
      ["text", "text/plain"],
      ["html", "text/html"],
      ["pdf", "text/html"],
    ]) {
      const { header } = await ask(port, {
        path: `/debug/routes?format=${format}`,
        header: { accept: browser },
      });
      assert.equal(header["content-type"], `${type}; charset=utf-8`);
    }
  });

  test(`${name}: the JSON form is exactly the view`, async (t) => {
    const { port } = await openAdmin(t);
    const routes = await ask(port, { path: "/debug/routes", header: { accept: "application/json" } });
    assert.deepEqual(JSON.parse(routes.body), sampleTable);
    const explained = await ask(port, {
      path: `/debug/explain?method=get&path=${encodeURIComponent("/v1/a?b=%20&c")}`,
      header: { accept: "application/json" },
    });
    assert.deepEqual(JSON.parse(explained.body), {
      ...sampleExplanation,
      httpMethod: "GET",
      target: "/v1/a?b=%20&c",
    });
  });

  test(`${name}: /debug leads to the routes`, async (t) => {
    const { port } = await openAdmin(t);
    const answer = await ask(port, { path: "/debug" });
    assert.equal(answer.status, 302);
    assert.equal(answer.header.location, "/debug/routes");
  });

  test(`${name}: /livez is 200 whatever the state`, async (t) => {
    const { port } = await openAdmin(t, { readiness: () => notReady });
    const answer = await ask(port, { path: "/livez" });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, "ok\n");
  });

  test(`${name}: /readyz is 200 or 503 and says what is missing`, async (t) => {
    let state = notReady;
    const { port } = await openAdmin(t, { readiness: () => state });
    const before = await ask(port, { path: "/readyz" });
    assert.equal(before.status, 503);
    assert.equal(before.body, "not ready\nmissing: upstream library (localhost:50051): connection refused\n");
    state = ready;
    const after = await ask(port, { path: "/readyz" });
    assert.equal(after.status, 200);
    assert.equal(after.body, "ready\nwarning: schema of billing is stale: connection refused\n");
    const json = await ask(port, { path: "/readyz", header: { accept: "application/json" } });
    assert.deepEqual(JSON.parse(json.body), ready);
  });

  test(`${name}: HEAD has the header of GET and no body`, async (t) => {
    const { port } = await openAdmin(t);
    const answer = await ask(port, { method: "HEAD", path: "/livez" });
    assert.equal(answer.status, 200);
    assert.equal(answer.header["content-length"], "3");
    assert.equal(answer.body, "");
  });

  test(`${name}: an unknown path is 404 with a Status body, whatever the method, body or escapes`, async (t) => {
    const { port } = await openAdmin(t);
    for (const ask404 of [
      { path: "/v1/nothing?x=1" },
      { path: "/debug/routes/" },
      { path: "/%zz" },
      { path: "/%2e%2e/debug" },
      { path: "/v1/nothing", method: "POST", body: "{", header: { "content-type": "application/json" } },
      { path: "/v1/nothing", method: "POST", body: "x", header: { "content-type": "no/such" } },
      { path: "/v1/nothing", method: "PROPFIND" },
    ]) {
      const answer = await ask(port, ask404);
      assert.equal(answer.status, 404, ask404.path);
      assert.equal(answer.header["content-type"], "application/json; charset=utf-8");
      assert.deepEqual(JSON.parse(answer.body), {
        code: 5,
        message: `no route for ${ask404.method ?? "GET"} ${ask404.path.split("?", 1)[0]}`,
        details: [],
      });
    }
  });

  test(`${name}: a known path with another method is 405 with Allow`, async (t) => {
    const { port } = await openAdmin(t);
    for (const method of ["POST", "DELETE", "OPTIONS"]) {
      const answer = await ask(port, { method, path: "/readyz" });
      assert.equal(answer.status, 405);
      assert.equal(answer.header.allow, "GET, HEAD");
    }
  });

  test(`${name}: a view that throws is a bare 500 and told to onError`, async (t) => {
    const errors: string[] = [];
    const { port } = await openAdmin(t, {
      routes: () => {
        throw new Error("secret");
      },
      onError: (error, where) => errors.push(`${where}: ${error}`),
    });
    const answer = await ask(port, { path: "/debug/routes" });
    assert.equal(answer.status, 500);
    assert.deepEqual(JSON.parse(answer.body), { code: 13, message: "internal error", details: [] });
    assert.deepEqual(errors, ["GET /debug/routes: Error: secret"]);
  });

  test(`${name}: every answer is not to be stored, sniffed or framed, and runs only what is ours`, async (t) => {
    const { port } = await openAdmin(t);
    for (const path of [
      "/debug/routes",
      "/debug/explain?path=/x",
      "/debug",
      "/livez",
      "/readyz",
      "/nothing",
      "/%zz",
    ]) {
      const { header, body } = await ask(port, { path, header: { accept: browser } });
      assert.equal(header["cache-control"], "no-store", path);
      assert.equal(header["x-content-type-options"], "nosniff");
      const policy = String(header["content-security-policy"]);
      assert.match(policy, /^default-src 'none'; /);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      for (const [, tag, text] of body.matchAll(/<(style|script)>(.*?)<\/\1>/gs)) {
        const hash = createHash("sha256")
          .update(text ?? "")
          .digest("base64");
        assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), `the ${tag} of ${path} is in the policy`);
      }
      assert.doesNotMatch(body, / (style|on[a-z]+)="/);
    }
  });
}

test("/debug/explain without a path asks for one: 400 for programs, the form for browsers", async (t) => {
  const { port } = await openAdmin(t);
  const [{ ask }] = versions;
  assert.equal((await ask(port, { path: "/debug/explain" })).status, 400);
  const json = await ask(port, { path: "/debug/explain", header: { accept: "application/json" } });
  assert.equal(json.status, 400);
  assert.equal(JSON.parse(json.body).code, Code.INVALID_ARGUMENT);
  const page = await ask(port, { path: "/debug/explain", header: { accept: browser } });
  assert.equal(page.status, 200);
  assert.match(page.body, /<form [^>]*action="\/debug\/explain"/);
});

test("/debug/explain hands header and body over, one header a line or a parameter each", async (t) => {
  const seen: ExplainedRequest[] = [];
  const { port } = await openAdmin(t, {
    explain: (request) => {
      seen.push(request);
      return sampleExplanation;
    },
  });
  const query = new URLSearchParams([
    ["method", "post"],
    ["path", " /v1/x "],
    ["header", "X-A: 1\r\n\r\nx-b:2"],
    ["header", "x-a: ü: 3 "],
    ["body", '{"title":"Ä"}'],
  ]);
  const [{ ask }] = versions;
  assert.equal((await ask(port, { path: `/debug/explain?${query}` })).status, 200);
  const [request] = seen;
  assert.equal(request?.httpMethod, "POST");
  assert.equal(request?.target, "/v1/x");
  assert.deepEqual(
    [...(request?.header ?? [])],
    [
      ["x-a", "1"],
      ["x-b", "2"],
      ["x-a", "ü: 3"],
    ],
  );
  assert.equal(new TextDecoder().decode(request?.body), '{"title":"Ä"}');
});

test("/debug/explain with a header that is none says so", async (t) => {
  const { port } = await openAdmin(t);
  const [{ ask }] = versions;
  const path = "/debug/explain?path=/x&header=nonsense";
  const text = await ask(port, { path });
  assert.equal(text.status, 400);
  assert.equal(text.body, 'header: expected `name: value`, got "nonsense"\n');
  const page = await ask(port, { path, header: { accept: browser } });
  assert.match(page.body, /<p class="box bad">header: expected/);
});

test("/debug/explain before there is a schema says so, with the status of the error", async (t) => {
  const { port } = await openAdmin(t, {
    explain: () => {
      throw new RpcError(Code.UNAVAILABLE, "no schema yet");
    },
  });
  const [{ ask }] = versions;
  for (const accept of ["*/*", "application/json", browser]) {
    const answer = await ask(port, { path: "/debug/explain?path=/x", header: { accept } });
    assert.equal(answer.status, 503);
    assert.match(answer.body, /no schema yet/);
  }
});

test("a repeated parameter is its first value, and one with an odd name does nothing", async (t) => {
  const { port } = await openAdmin(t);
  const [{ ask }] = versions;
  const answer = await ask(port, {
    path: "/debug/explain?path=/a&path=/b&__proto__=x&constructor=y&format=json",
  });
  assert.equal(JSON.parse(answer.body).target, "/a");
});

test("the filter works on the server too, for browsers without script and for tables beyond the page", async (t) => {
  const { port } = await openAdmin(t, { routes: () => hugeTable(10_000) });
  const [{ ask }] = versions;
  const rowCount = (body: string): number => body.match(/<tr>/g)?.length ?? 0;
  const all = await ask(port, { path: "/debug/routes?format=html" });
  assert.ok(rowCount(all.body) < 2100);
  assert.ok(all.body.length < 1_200_000, `${all.body.length} characters`);
  assert.match(all.body, /The first 2000 of 10000 are shown/);
  const some = await ask(port, { path: "/debug/routes?format=html&q=v9984+LIBRARY" });
  assert.match(some.body, /\/v9984\//);
  assert.match(some.body, />1 of 10000 routes</);
  const none = await ask(port, { path: "/debug/routes?format=html&q=nothingofthesort" });
  assert.match(none.body, /No route to show/);
});

test("it knows its own paths and no others", async (t) => {
  const { admin } = await openAdmin(t);
  for (const path of ["/debug", "/debug/routes", "/debug/explain", "/livez", "/readyz"])
    assert.ok(admin.knows(path));
  for (const path of ["/", "/debug/", "/debug/routes/x", "/v1/livez", "/metrics"])
    assert.ok(!admin.knows(path));
});
