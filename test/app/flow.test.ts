// Flow control from the config file to what clients of every protocol see: one policy, one count, whoever asks how.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code } from "@connectrpc/connect";
import { startLibraryServer } from "../../examples/library/server.ts";
import { openGateway } from "../clients/rpc/open-gateway.ts";
import { httpCall } from "../matrix/http-client.ts";
import { book, getBook, protocols } from "./asks.ts";
import { openApp } from "./open-app.ts";

function open(t: TestContext, policy: Readonly<Record<string, unknown>>, keys: object = {}) {
  return openGateway(t, { keys: { methods: [{ selector: getBook, ...policy }], ...keys } });
}

test("a rate limit is one count for all protocols, by the key of the policy", async (t) => {
  const rateLimit = [{ requests: protocols.length, per: "1h", key: "header:x-reader" }];
  const { url } = await open(t, { rateLimit });
  for (const [name, ask] of protocols) assert.equal(await ask(url, { "x-reader": "ada" }), 0, name);
  for (const [name, ask] of protocols)
    assert.equal(await ask(url, { "x-reader": "ada" }), Code.ResourceExhausted, name);
  for (const [name, ask] of protocols) assert.equal(await ask(url, { "x-reader": "bob" }), 0, name);
});

test("a REST client over a limit is told when to come back", async (t) => {
  const { url } = await open(t, { rateLimit: [{ requests: 1, per: "1h" }] });
  await httpCall(url, `/v1/${book}`);
  const { status, header } = await httpCall(url, `/v1/${book}`);
  assert.equal(status, 429);
  assert.match(String(header["retry-after"]), /^3[56]\d\d$/);
  assert.match(String(header["ratelimit-policy"]), /q=1;w=3600/);
  assert.match(String(header.ratelimit), /r=0;t=3[56]\d\d/);
});

test("a limit that is tried out refuses nobody, says nothing to clients, and is in the log", async (t) => {
  const server = await startLibraryServer();
  t.after(() => server.close());
  const rateLimit = [{ requests: 1, per: "1h", dryRun: true, name: "tried" }];
  const app = await openApp(t, {
    upstreams: [{ name: "library", target: `127.0.0.1:${server.port}` }],
    methods: [{ selector: getBook, rateLimit }],
  });
  for (let i = 0; i < 3; i++) {
    const { status, header } = await app.call(`/v1/${book}`);
    assert.deepEqual([status, header["ratelimit-policy"]], [200, undefined]);
  }
  const told = app.log.filter(({ event }) => event === "a rate limit would have refused");
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ method: "/demo.library.v1.Library/GetBook", limit: "tried", times: 1 }],
  );
});

test("what the gateway says itself has the same names in every profile, though metadata has not", async (t) => {
  const keys = { profile: "grpc-gateway" };
  const { url } = await open(t, { rateLimit: [{ requests: 1, per: "1h" }] }, keys);
  for (const expected of [200, 429]) {
    const { status, header } = await httpCall(url, `/v1/${book}`);
    assert.equal(status, expected);
    assert.match(String(header["ratelimit-policy"]), /q=1;w=3600/);
    assert.match(String(header.ratelimit), /r=0;t=/);
    assert.equal(header["grpc-metadata-ratelimit"], undefined);
  }
});

test("who is not known is UNAUTHENTICATED on every protocol, and health is for everybody", async (t) => {
  const { url } = await open(t, { auth: { scopes: [] } });
  for (const [name, ask] of protocols)
    assert.equal(await ask(url, { "x-reader": "ada" }), Code.Unauthenticated, name);
  const health = await httpCall(url, "/grpc.health.v1.Health/Check", {
    httpMethod: "POST",
    header: { "content-type": "application/json" },
    body: "{}",
  });
  assert.equal(health.status, 200);
});

test("a method's timeout is what the backend is told, and a request beyond its size never gets there", async (t) => {
  const inspect = "demo.library.v1.Library.Inspect";
  const { url } = await openGateway(t, {
    keys: {
      methods: [
        { selector: inspect, timeout: { default: "5s", max: "9s" } },
        { selector: "demo.library.v1.Library.CreateBook", maxRequestBytes: 100 },
      ],
    },
  });
  const left = async (header: Readonly<Record<string, string>>): Promise<number> => {
    const { text } = await httpCall(url, "/v1/inspect", { header });
    return Number.parseFloat(JSON.parse(text).timeLeft);
  };
  const [byDefault, asked] = [await left({}), await left({ "grpc-timeout": "1H" })];
  assert.ok(byDefault > 0 && byDefault <= 5, String(byDefault));
  assert.ok(asked > 5 && asked <= 9, String(asked));
  const large = await httpCall(url, "/v1/shelves/1/books", {
    httpMethod: "POST",
    header: { "content-type": "application/json" },
    body: JSON.stringify({ title: "x".repeat(200) }),
  });
  assert.equal(large.status, 413);
  assert.equal(JSON.parse(large.text).code, Code.ResourceExhausted);
});

test("the policy in force and whose word it is are in the route table", async (t) => {
  const { url } = await open(t, {
    rateLimit: [{ requests: 10, per: "1s", burst: 20 }],
    concurrency: { max: 5 },
  });
  const { text } = await httpCall(url, "/debug/routes?format=text");
  assert.match(text, /Library\/GetBook +rateLimit +10 per 1s, burst 20/);
  assert.match(text, /concurrency +5/);
});

test("an upstream of two endpoints serves on when one of them stops", async (t) => {
  const servers = [await startLibraryServer(), await startLibraryServer()];
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const target = servers.map(({ port }) => `127.0.0.1:${port}`);
  const app = await openApp(t, { upstreams: [{ name: "library", target }], drain: { grace: "1s" } });
  for (let i = 0; i < 4; i++) assert.equal((await app.call(`/v1/${book}`)).status, 200);
  await servers[0]?.close();
  for (let i = 0; i < 10; i++) assert.equal((await app.call(`/v1/${book}`)).status, 200);
});
