// Flow control from the config file to what clients of every protocol see: one policy, one count, whoever asks how.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { WebSocket } from "ws";
import { Library } from "../../examples/library/gen/library_pb.ts";
import { startLibraryServer } from "../../examples/library/server.ts";
import { openGateway } from "../clients/rpc/open-gateway.ts";
import { httpCall } from "../matrix/http-client.ts";
import { openApp } from "./open-app.ts";

const book = "shelves/7/books/9";
const getBook = "demo.library.v1.Library.GetBook";

/** What a call of GetBook as this reader came to: its gRPC code, 0 for OK. */
type Ask = (url: string, reader: string) => Promise<number>;

const asks: Readonly<Record<string, Ask>> = {
  "REST on HTTP/1.1": async (url, reader) => {
    const { status, text } = await httpCall(url, `/v1/${book}`, { header: { "x-reader": reader } });
    return status === 200 ? 0 : JSON.parse(text).code;
  },
  "Connect on HTTP/1.1": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })),
  "Connect GET": byTransport((baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  ),
  "Connect on HTTP/2": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })),
  gRPC: byTransport((baseUrl) => createGrpcTransport({ baseUrl })),
  "gRPC-Web": byTransport((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  WebSocket: (url, reader) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/demo.library.v1.Library/GetBook`, {
        headers: { "x-reader": reader },
      });
      socket.on("open", () => socket.send(JSON.stringify({ message: { name: book } })));
      socket.on("close", (code) => resolve(code === 1000 ? 0 : code - 4000));
      socket.on("error", reject);
    }),
};

function byTransport(transportOf: (baseUrl: string) => ReturnType<typeof createConnectTransport>): Ask {
  return async (url, reader) => {
    const client = createClient(Library, transportOf(url));
    try {
      await client.getBook({ name: book }, { headers: { "x-reader": reader } });
      return 0;
    } catch (reason) {
      return ConnectError.from(reason).code;
    }
  };
}

function open(t: TestContext, policy: Readonly<Record<string, unknown>>, keys: object = {}) {
  return openGateway(t, { keys: { methods: [{ selector: getBook, ...policy }], ...keys } });
}

test("a rate limit is one count for all protocols, by the key of the policy", async (t) => {
  const calls = Object.entries(asks);
  const rateLimit = [{ requests: calls.length, per: "1h", key: "header:x-reader" }];
  const { url } = await open(t, { rateLimit });
  for (const [name, ask] of calls) assert.equal(await ask(url, "ada"), 0, name);
  for (const [name, ask] of calls) assert.equal(await ask(url, "ada"), Code.ResourceExhausted, name);
  for (const [name, ask] of calls) assert.equal(await ask(url, "bob"), 0, name);
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

test("who is not known is UNAUTHENTICATED on every protocol, and health is for everybody", async (t) => {
  const { url } = await open(t, { auth: { scopes: [] } });
  for (const [name, ask] of Object.entries(asks))
    assert.equal(await ask(url, "ada"), Code.Unauthenticated, name);
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
