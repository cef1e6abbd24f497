// Snapshots before a real backend: what calls keep, and what outlives a swap.
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import { createReflectionSource } from "../../src/schema/reflection-source.ts";
import type { SchemaSource } from "../../src/schema/source.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { bodyIterator, requestOf } from "../protocol/rest/pieces.ts";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";
import { until } from "../server/open-listener.ts";
import { type OpenGateway, openGateway, templatesOf, upstreamOf } from "./gateway-fixture.ts";

function reflectionOf({ name, transport }: Upstream): SchemaSource {
  return createReflectionSource({
    name: `reflection of ${name}`,
    upstream: name,
    invoke: transport.invoke,
    // Nothing but a reconnect or a refresh makes it read again in a test.
    intervalMs: 600_000,
  });
}

async function openLibrary(
  context: TestContext,
  serviceConfig: string,
): Promise<{ gateway: OpenGateway; server: LibraryServer; edit: (text: string) => void }> {
  const server = await startLibraryServer();
  const { folder, write, cleanUp } = createTemporaryFolder({ "api.yaml": serviceConfig });
  const upstream = upstreamOf("library", server.port);
  const gateway = openGateway(context, {
    upstreams: [upstream],
    sources: [reflectionOf(upstream)],
    serviceConfigFiles: [join(folder, "api.yaml")],
  });
  context.after(async () => {
    await gateway.close();
    await server.close();
    cleanUp();
  });
  await gateway.firstPass;
  return { gateway, server, edit: (text) => write("api.yaml", text) };
}

function shelves(template: string): string {
  return `type: google.api.Service
http:
  rules:
    - selector: demo.library.v1.Library.ListShelves
      get: ${template}
`;
}

test("a stream that runs keeps its snapshot, new calls see the new one", async (t) => {
  const { gateway, edit } = await openLibrary(t, shelves("/old"));
  const abort = new AbortController();
  const watch = requestOf("GET", "/v1/arrivals:watch?interval=0.01s", {
    header: [["accept", "application/x-ndjson"]],
    signal: abort.signal,
  });
  const response = await gateway.handle(watch);
  assert.equal(response?.httpStatus, 200);
  const arrivals = bodyIterator(response);
  assert.equal((await arrivals.next()).done, false);
  assert.equal((await gateway.get("/old"))[0], 200);

  edit(shelves("/new"));
  await until(() => templatesOf(gateway).includes("GET /new"));
  assert.equal((await gateway.get("/new"))[0], 200);
  assert.equal((await gateway.get("/old"))[0], 404);
  for (let i = 0; i < 20; i++) {
    const step = await arrivals.next();
    assert.equal(step.done, false);
    assert.doesNotMatch(String(step.value), /"error"/);
  }
  await arrivals.return?.();
});

test("a call that was routed before a swap is answered after it", async (t) => {
  const { gateway, edit } = await openLibrary(t, shelves("/old"));
  const pending = gateway.get("/v1/inspect?delay=0.5s");
  edit(shelves("/new"));
  await until(() => templatesOf(gateway).includes("GET /new"));
  assert.equal((await pending)[0], 200);
});

test("a backend whose reflection says the same builds nothing", async (t) => {
  const { gateway } = await openLibrary(t, shelves("/old"));
  const before = gateway.routes();
  const readAt = (): string | null | undefined => gateway.routes().sources[0]?.readAt;
  const first = readAt();
  gateway.refresh();
  await until(() => readAt() !== first);
  assert.equal(gateway.swaps().length, 1);
  assert.equal(gateway.routes().since, before.since);
});

test("a backend that comes back is read again without anybody asking", async (t) => {
  const { gateway, server } = await openLibrary(t, shelves("/old"));
  const { port } = server;
  const first = gateway.routes().sources[0]?.readAt;
  await server.close();
  await until(() => !gateway.readiness().ready);
  assert.match(gateway.readiness().missing.join(), /upstream library \(127\.0\.0\.1:\d+\): /);
  assert.equal((await gateway.get("/old"))[0], 503, "its routes stay");
  const again = await startLibraryServer({ port });
  t.after(() => again.close());
  await until(() => gateway.readiness().ready && gateway.routes().sources[0]?.readAt !== first);
  assert.equal((await gateway.get("/old"))[0], 200);
  assert.equal(gateway.swaps().length, 1);
});

test("close lets running calls end before the channels go", async (t) => {
  const { gateway } = await openLibrary(t, shelves("/old"));
  const pending = gateway.get("/v1/inspect?delay=0.2s");
  const closed = gateway.close();
  assert.equal((await pending)[0], 200);
  await closed;
  assert.equal((await gateway.get("/old"))[0], 503, "after that nothing is sent any more");
});

test("a library over reflection has its routes with their origin and upstream", async (t) => {
  const { gateway } = await openLibrary(t, shelves("/old"));
  const { routes, upstreams, sources, refused, shadowed, problems } = gateway.routes();
  assert.deepEqual([refused, shadowed, problems], [[], [], []]);
  const book = routes.find(({ rpc }) => rpc === "demo.library.v1.Library/GetBook");
  assert.equal(book?.template, "/v1/{name=shelves/*/books/*}");
  assert.equal(book?.kind, "unary");
  assert.match(book?.origin ?? "", /^annotation in .*library\.proto/);
  assert.deepEqual(book?.upstreams, ["library"]);
  const configured = routes.find(({ template }) => template === "/old");
  assert.match(configured?.origin ?? "", /api\.yaml:4:\d+$/);
  assert.equal(upstreams[0]?.state, "ready");
  assert.equal(sources[0]?.state, "good");
  assert.ok((sources[0]?.serviceCount ?? 0) >= 1);
});
