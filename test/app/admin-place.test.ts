// Where the admin pages answer: on the main listener, on one of their own, or nowhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closedPort } from "../contract/transport-backend.ts";
import { httpCall } from "../matrix/http-client.ts";
import { librarySet, openApp } from "./open-app.ts";

const files = { "api.binpb": librarySet };
const pages = ["/debug", "/debug/routes", "/debug/explain?path=/v1/shelves", "/livez", "/readyz"];
const schema = { descriptorSets: "api.binpb" };

async function upstreams(): Promise<string[]> {
  return [`library=127.0.0.1:${await closedPort()}`];
}

test("on loopback the pages answer on the main listener", async (t) => {
  const app = await openApp(t, { upstreams: await upstreams(), schema }, files);
  assert.equal(app.adminUrl, app.url);
  for (const page of pages) assert.notEqual((await app.call(page)).status, 404, page);
  assert.match((await app.call("/debug/routes")).text, /\/v1\/shelves/);
  assert.equal((await app.call("/debug/nothing")).status, 404);
  const wrong = await app.call("/debug/routes", { httpMethod: "DELETE" });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.header.allow, "GET, HEAD");
});

test("with a listener of their own they answer there and nothing else does", async (t) => {
  const app = await openApp(t, { admin: "127.0.0.1:0", upstreams: await upstreams(), schema }, files);
  const { adminUrl = "" } = app;
  assert.notEqual(adminUrl, app.url);
  for (const page of pages) {
    assert.equal((await app.call(page)).status, 404, page);
    assert.notEqual((await httpCall(adminUrl, page)).status, 404, page);
  }
  assert.equal((await httpCall(adminUrl, "/v1/shelves")).status, 404, "no traffic on the admin listener");
});

test("when they are off they answer nowhere", async (t) => {
  const app = await openApp(t, { admin: "off", upstreams: await upstreams(), schema }, files);
  assert.equal(app.adminUrl, undefined);
  for (const page of pages) {
    const reply = await app.call(page);
    assert.equal(reply.status, 404, page);
    assert.equal((reply.json as { code: number }).code, 5);
  }
});

test("before there is a schema the pages answer and everything else is 503", async (t) => {
  const app = await openApp(t, { upstreams: await upstreams() });
  assert.equal((await app.call("/debug/routes")).status, 200);
  assert.equal((await app.call("/debug/explain?path=/v1/shelves")).status, 503);
  assert.equal((await app.call("/livez")).status, 200);
  const reply = await app.call("/anything");
  assert.equal(reply.status, 503);
  assert.equal(reply.header["retry-after"], "1");
});
