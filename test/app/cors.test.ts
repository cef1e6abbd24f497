// CORS from the config file to a browser's eyes: every protocol is covered, the admin pages are not.
import assert from "node:assert/strict";
import { get } from "node:http";
import { type TestContext, test } from "node:test";
import { closedPort } from "../contract/transport-backend.ts";
import { librarySet, type OpenApp, openApp } from "./open-app.ts";

const page = "https://app.example.com";

async function openWith(t: TestContext, keys: Readonly<Record<string, unknown>>): Promise<OpenApp> {
  const upstreams = [`library=127.0.0.1:${await closedPort()}`];
  return openApp(
    t,
    { upstreams, schema: { descriptorSets: "api.binpb" }, ...keys },
    { "api.binpb": librarySet },
  );
}

const preflight = (path: string) =>
  [
    path,
    { httpMethod: "OPTIONS", header: { origin: page, "access-control-request-method": "PATCH" } },
  ] as const;

test("with `cors` a page may ask, and reads errors as well", async (t) => {
  const app = await openWith(t, { cors: { origins: page } });
  for (const path of ["/v1/shelves/1", "/nowhere", "/demo.library.v1.Library/GetShelf"]) {
    const asked = await app.call(...preflight(path));
    assert.equal(asked.status, 204, path);
    assert.equal(asked.header["access-control-allow-origin"], page);
    assert.match(String(asked.header["access-control-allow-methods"]), /PATCH/);
    const answer = await app.call(path, { header: { origin: page } });
    assert.ok(answer.status >= 400);
    assert.equal(answer.header["access-control-allow-origin"], page, path);
  }
});

test("the admin pages are for nobody else's pages", async (t) => {
  const app = await openWith(t, { cors: { origins: "*" } });
  for (const path of ["/debug/routes", "/readyz"]) {
    const answers = [await app.call(path, { header: { origin: page } }), await app.call(...preflight(path))];
    for (const { header } of answers) assert.equal(header["access-control-allow-origin"], undefined, path);
  }
});

test("without `cors` nobody is told anything", async (t) => {
  const app = await openWith(t, {});
  const { header } = await app.call("/v1/shelves/1", { header: { origin: page } });
  assert.deepEqual(
    Object.keys(header).filter((name) => name.startsWith("access-control-")),
    [],
  );
  assert.equal(
    (await app.call(...preflight("/v1/shelves/1"))).header["access-control-allow-origin"],
    undefined,
  );
});

test("a WebSocket is for programs, for the gateway's own pages and for those of `cors`", async (t) => {
  const app = await openWith(t, { cors: { origins: page } });
  const { host } = new URL(app.url);
  const statusFor = async (origin: string | undefined): Promise<number | undefined> => {
    const outgoing = get(`${app.url}/demo.library.v1.Library/GetShelf`, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...(origin === undefined ? {} : { origin }),
      },
    });
    return new Promise((resolve, reject) => {
      outgoing.on("error", reject);
      outgoing.on("response", (response) => resolve(response.resume().statusCode));
      outgoing.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response.statusCode);
      });
    });
  };
  for (const origin of [undefined, `http://${host}`, page])
    assert.equal(await statusFor(origin), 101, `${origin}`);
  assert.equal(await statusFor("https://evil.example.org"), 403);
});
