// EventSource of headless Chromium on a route that streams: what a page does with three lines and no library.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, openPage, watchNetwork, whyNoBrowser } from "./rpc/open-browser.ts";
import { openGateway } from "./rpc/open-gateway.ts";

interface SeenEvent {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Collects `count` events of any kind in the page, then closes the source unless it is left open. */
const read = (url: string, count: number): string => `new Promise((resolve) => {
  const events = [];
  const source = globalThis.source = new EventSource(${JSON.stringify(url)});
  const note = ({ type, lastEventId = "", data = "" }) => {
    events.push({ type, id: lastEventId, data });
    if (events.length < ${count}) return;
    source.close();
    resolve(events);
  };
  source.onmessage = note;
  source.onerror = (event) => event.data === undefined ? undefined : note(event);
})`;

for (const tls of [false, true]) {
  const version = tls ? "HTTP/2 and TLS" : "HTTP/1.1";
  test(`EventSource over ${version} gets each message with its id`, {
    skip: whyNoBrowser,
  }, async (context) => {
    const browser = await openBrowser(context);
    const { url } = await openGateway(context, { tls, keys: { cors: { origins: ["http://127.0.0.1:*"] } } });
    const page = await openPage(context, browser, "");
    const { protocols } = await watchNetwork(page);
    const source = read(`${url}/v1/arrivals:watch?interval=0.01s`, 3);
    const events = (await page.evaluate(source)) as SeenEvent[];
    assert.deepEqual(
      events.map(({ type, id }) => [type, id]),
      [
        ["message", "1"],
        ["message", "2"],
        ["message", "3"],
      ],
    );
    assert.deepEqual(
      events.map(({ data }) => (JSON.parse(data) as { sequence: string }).sequence),
      ["1", "2", "3"],
    );
    assert.deepEqual([...protocols], [tls ? "h2" : "http/1.1"]);
  });
}

test("EventSource gets the error that ends a stream, with its details, as an event of its own", {
  skip: whyNoBrowser,
}, async (context) => {
  const browser = await openBrowser(context);
  const { url } = await openGateway(context, { keys: { cors: { origins: ["http://127.0.0.1:*"] } } });
  const page = await openPage(context, browser, "");
  const source = read(`${url}/v1/arrivals:watch?interval=0.01s&failAfter=2`, 3);
  const events = (await page.evaluate(source)) as SeenEvent[];
  assert.deepEqual(
    events.map(({ type }) => type),
    ["message", "message", "error"],
  );
  const error = JSON.parse(events[2]?.data ?? "") as { code: number; details: { reason: string }[] };
  assert.equal(error.code, 15);
  assert.equal(error.details[0]?.reason, "FAIL_AFTER");
});

test("EventSource that comes back says where it was, and the backend gets to know", {
  skip: whyNoBrowser,
}, async (context) => {
  const browser = await openBrowser(context);
  const { url, metadataOf } = await openGateway(context, {
    keys: { cors: { origins: ["http://127.0.0.1:*"] } },
  });
  const page = await openPage(context, browser, "");
  // The stream ends after two, so the browser comes back by itself.
  const events = (await page.evaluate(
    read(`${url}/v1/arrivals:watch?interval=0.01s&limit=2`, 4),
  )) as SeenEvent[];
  assert.deepEqual(metadataOf("WatchArrivals", "last-event-id").slice(0, 2), ["", "2"]);
  assert.deepEqual(
    events.map(({ id }) => id),
    ["1", "2", "3", "4"],
  );
});
