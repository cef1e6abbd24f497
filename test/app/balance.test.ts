// One service behind two upstreams: calls take turns, and one of them may go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startLibraryServer } from "../../examples/library/server.ts";
import { eventually } from "../matrix/eventually.ts";
import { type OpenApp, openApp } from "./open-app.ts";

/** Each server has a clock of its own, so that a new shelf tells which of them made it. */
async function yearOfNewShelf(app: OpenApp): Promise<string> {
  const reply = await app.call("/v1/shelves", { body: { theme: "any" } });
  assert.equal(reply.status, 201, reply.text);
  return (reply.json as { createTime: string }).createTime.slice(0, 4);
}

test("a service in two upstreams takes turns and survives the death of one", async (t) => {
  const first = await startLibraryServer({ now: () => new Date("2001-01-01T00:00:00Z") });
  const second = await startLibraryServer({ now: () => new Date("2002-01-01T00:00:00Z") });
  t.after(() => Promise.all([first.close(), second.close()]));
  const app = await openApp(t, {
    upstreams: [`one=127.0.0.1:${first.port}`, `two=127.0.0.1:${second.port}`],
  });
  await eventually(async () => {
    const years = [await yearOfNewShelf(app), await yearOfNewShelf(app)];
    assert.deepEqual(years.sort(), ["2001", "2002"]);
  });
  const turns: string[] = [];
  for (let i = 0; i < 6; i++) turns.push(await yearOfNewShelf(app));
  assert.equal(turns.filter((year) => year === "2001").length, 3);

  await first.close();
  await eventually(async () => assert.equal((await app.call("/readyz")).status, 503));
  for (let i = 0; i < 6; i++) assert.equal(await yearOfNewShelf(app), "2002");
  const readiness = await app.call("/readyz");
  assert.match(readiness.text, /missing: upstream one /);
  assert.doesNotMatch(readiness.text, /upstream two/);

  const again = await startLibraryServer({ port: first.port, now: () => new Date("2003-01-01T00:00:00Z") });
  t.after(() => again.close());
  await eventually(async () => {
    const years = [await yearOfNewShelf(app), await yearOfNewShelf(app)];
    assert.deepEqual(years.sort(), ["2002", "2003"]);
  });
});

test("an upstream that is not required does not keep the gateway from being ready", async (t) => {
  const first = await startLibraryServer();
  const second = await startLibraryServer();
  t.after(() => Promise.all([first.close(), second.close()]));
  const app = await openApp(t, {
    upstreams: [
      `one=127.0.0.1:${first.port}`,
      { name: "two", target: `127.0.0.1:${second.port}`, required: false },
    ],
  });
  await eventually(async () => assert.equal((await app.call("/readyz")).text, "ready\n"));
  await second.close();
  await eventually(async () => {
    const { status, text } = await app.call("/readyz");
    assert.match(text, /^ready\nwarning: upstream two /);
    assert.equal(status, 200);
  });
});
