// The gateway from its config to answers over real sockets: what it starts with, and what it says of what is missing.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { startLibraryServer } from "../../examples/library/server.ts";
import { inspect, startApp } from "../../src/app.ts";
import { closedPort, startBackend } from "../contract/transport-backend.ts";
import { eventually } from "../matrix/eventually.ts";
import { compileProto } from "../support/compile-proto.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { configOf, librarySet, type OpenApp, often, openApp } from "./open-app.ts";

async function startLibrary(
  context: TestContext,
  port = 0,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = await startLibraryServer({ port });
  context.after(() => server.close());
  return server;
}

async function becomesReady(app: OpenApp): Promise<void> {
  await eventually(async () => assert.equal((await app.call("/readyz")).status, 200));
}

test("a backend with reflection is served by what it says", async (t) => {
  const { port } = await startLibrary(t);
  const app = await openApp(t, { upstreams: [`library=127.0.0.1:${port}`] });
  const shelf = await app.call("/v1/shelves/1");
  assert.equal(shelf.status, 200);
  assert.equal((shelf.json as { name: string }).name, "shelves/1");
  assert.equal((await app.call("/readyz")).text, "ready\n");
});

test("with a descriptor set an absent backend does not stop the start: its routes answer 503 and say why", async (t) => {
  const port = await closedPort();
  const keys = { upstreams: [`library=127.0.0.1:${port}`], schema: { descriptorSets: "api.binpb" } };
  const app = await openApp(t, keys, { "api.binpb": librarySet });
  await eventually(async () => {
    const reply = await app.call("/v1/shelves/1");
    assert.equal(reply.status, 503);
    const { code, message } = reply.json as { code: number; message: string };
    assert.equal(code, 14);
    // Where backends are is not the client's to know; the operator reads it at /readyz.
    assert.equal(message, "cannot reach the backend: connection refused");
  });
  assert.equal(
    (await app.call("/v1/shelves/1:nothing", { httpMethod: "PUT" })).status,
    405,
    "routing needs no backend",
  );
  await startLibrary(t, port);
  await becomesReady(app);
  assert.equal((await app.call("/v1/shelves/1")).status, 200);
});

test("a backend that cannot be asked is waited for, and served when it comes, without a restart", async (t) => {
  const port = await closedPort();
  const app = await openApp(t, { upstreams: [`library=127.0.0.1:${port}`], reflection: often });
  const notReady = await app.call("/readyz");
  assert.equal(notReady.status, 503);
  assert.match(notReady.text, /^not ready\nmissing: no schema has been read yet\n/);
  await eventually(async () => {
    const { text } = await app.call("/readyz");
    assert.match(text, new RegExp(`missing: upstream library \\(127\\.0\\.0\\.1:${port}\\): .*refused`));
    assert.match(text, /missing: reflection of library \(.*\): .*check that it runs at this address/);
  });
  assert.equal((await app.call("/livez")).status, 200, "it lives");
  const call = await app.call("/v1/shelves/1");
  assert.equal(call.status, 503);
  assert.match((call.json as { message: string }).message, /no schema yet.*refused/);

  await startLibrary(t, port);
  await becomesReady(app);
  assert.equal((await app.call("/v1/shelves/1")).status, 200);
});

test("an unknown path is 404 with a status, over every listener", async (t) => {
  const app = await openApp(
    t,
    {
      listen: ["127.0.0.1:0", "127.0.0.1:0"],
      upstreams: [`library=127.0.0.1:${await closedPort()}`],
      schema: { descriptorSets: "api.binpb" },
    },
    { "api.binpb": librarySet },
  );
  assert.equal(new Set(app.urls).size, 2);
  for (const url of app.urls) {
    const response = await fetch(`${url}/nowhere?x=1`, { headers: { connection: "close" } });
    assert.equal(response.status, 404);
    assert.deepEqual(await response.json(), { code: 5, message: "no route for GET /nowhere", details: [] });
  }
});

test("two upstreams are one surface, each with a schema of its own", async (t) => {
  const { port } = await startLibrary(t);
  const { set } = compileProto({
    "transport.proto": `syntax = "proto3"; package test;
import "google/api/annotations.proto";
message M { string text = 1; }
service Transport { rpc Unary(M) returns (M) { option (google.api.http) = { get: "/echo/{text}" }; } }`,
  });
  const backend = await startBackend({ Unary: (call, done) => done(null, call.request) });
  t.after(() => backend[Symbol.asyncDispose]());
  const app = await openApp(
    t,
    {
      upstreams: [
        `library=127.0.0.1:${port}`,
        {
          name: "echo",
          target: `127.0.0.1:${backend.target.port}`,
          schema: { descriptorSets: "echo.binpb" },
        },
      ],
    },
    { "echo.binpb": set },
  );
  assert.equal((await app.call("/v1/shelves/1")).status, 200);
  assert.deepEqual((await app.call("/echo/hello")).json, { text: "hello" });
  const view = (await app.call("/debug/routes", { header: { accept: "application/json" } })).json;
  const { routes, problems } = view as {
    routes: { template: string; upstreams: string[] }[];
    problems: unknown[];
  };
  assert.deepEqual(routes.find(({ template }) => template === "/echo/{text}")?.upstreams, ["echo"]);
  assert.deepEqual(routes.find(({ template }) => template === "/v1/shelves")?.upstreams, ["library"]);
  assert.deepEqual(problems, []);
});

test("refresh reads every source again", async (t) => {
  const { port } = await startLibrary(t);
  const app = await openApp(t, { upstreams: [`library=127.0.0.1:${port}`] });
  const readAt = async (): Promise<string> => {
    const { json } = await app.call("/debug/routes?format=json");
    return (json as { sources: { readAt: string }[] }).sources[0]?.readAt ?? "";
  };
  const before = await readAt();
  app.refresh();
  await eventually(async () => assert.notEqual(await readAt(), before));
});

test("a port that is taken fails the start and leaves nothing behind", async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  t.after(() => holder.close());
  const address = holder.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const config = configOf(t, {
    listen: ["127.0.0.1:0", `127.0.0.1:${port}`],
    upstreams: [`127.0.0.1:${await closedPort()}`],
  });
  // That the first listener and the channel are closed shows in that this file's process ends.
  await assert.rejects(startApp(config, silentLogger), { code: "EADDRINUSE" });
});

test("an inspection reads everything once, listens nowhere, and tells routes and problems", async (t) => {
  const { port } = await startLibrary(t);
  const upstreams = [`library=127.0.0.1:${port}`, `gone=127.0.0.1:${await closedPort()}`];
  const inspection = await inspect(configOf(t, { upstreams }), silentLogger);
  t.after(() => inspection.close());
  assert.ok(inspection.routes.routes.length > 10);
  assert.deepEqual(
    inspection.routes.sources.map(({ state }) => state),
    ["good", "waiting"],
  );
  assert.match(inspection.routes.sources[1]?.problems[0]?.message ?? "", /cannot be read/);
  assert.equal(
    inspection.explain({ httpMethod: "GET", target: "/v1/shelves/1" }).route?.rpc,
    "demo.library.v1.Library/GetShelf",
  );
});
