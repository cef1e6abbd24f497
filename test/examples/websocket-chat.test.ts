// The chat in a real browser: two pages, each in a conversation of its own, through one gateway.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { startLibraryServer } from "../../examples/library/server.ts";
import { openCall } from "../../examples/websocket-chat/client.js";
import { startPageServer } from "../../examples/websocket-chat/server.ts";
import { openApp } from "../app/open-app.ts";
import { openBrowser, whyNoBrowser } from "../clients/rpc/open-browser.ts";
import { collect } from "../protocol/rest/pieces.ts";

/** The library behind a gateway that lets pages of the chat in. */
async function openGateway(context: TestContext, origins: readonly string[]): Promise<string> {
  const library = await startLibraryServer();
  const app = await openApp(context, {
    upstreams: [`library=127.0.0.1:${library.port}`],
    ...(origins.length > 0 && { cors: { origins } }),
  });
  context.after(() => library.close());
  return app.url;
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

/** Waits for that many words of the librarian's, and returns the last. */
async function heard(page: Page, count: number): Promise<string> {
  const item = page.locator("li:not(.mine):not(.note)").nth(count - 1);
  await item.waitFor();
  return (await item.textContent()) ?? "";
}

test("two pages talk with the librarian through the gateway", { skip: whyNoBrowser }, async (t) => {
  const pages = await startPageServer(0);
  t.after(() => pages.close());
  // Closed in the order in which they were opened: a gateway waits for the calls of a browser that is still there.
  const browser = await openBrowser(t);
  const gateway = await openGateway(t, [pages.url]);
  const open = async (): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 720, height: 640 } });
    page.on("pageerror", (error) => assert.fail(error));
    await page.goto(`${pages.url}/?gateway=${gateway}`);
    return page;
  };
  const [first, second] = [await open(), await open()];
  await say(first, "hello");
  assert.match(await heard(first, 1), /^Good day/);
  await say(second, "austen");
  assert.match(await heard(second, 1), /^You might like .*Austen/);
  await second.locator("button.book").first().click();
  assert.match(await heard(second, 2), /shelf|back on/);
  if (process.env.SCREENSHOT !== undefined) await second.screenshot({ path: process.env.SCREENSHOT });
  await say(first, "<b>dickens</b>");
  assert.match(await heard(first, 2), /You might like|Nothing/);
  await say(first, "thanks, bye");
  assert.match(await heard(first, 3), /^Good bye/);
  await first.getByText("The librarian has closed the conversation.").waitFor();
  assert.equal(await first.locator("#text").isDisabled(), true);
  assert.equal(await second.locator("#text").isDisabled(), false);
});

test("a page of an origin that nobody named is told that it cannot", { skip: whyNoBrowser }, async (t) => {
  const pages = await startPageServer(0);
  t.after(() => pages.close());
  const gateway = await openGateway(t, []);
  const browser = await openBrowser(t);
  const page = await browser.newPage();
  await page.goto(`${pages.url}/?gateway=${gateway}`);
  await page.getByText("the connection was closed (1006) (code 14)").waitFor();
});

test("the client of the page works in Node too, and throws what the call ended with", async (t) => {
  const gateway = await openGateway(t, []);
  const url = gateway.replace("http", "ws");
  const call = openCall(`${url}/v1/chat`, { header: { "x-tag": "1" } });
  const texts: string[] = [];
  call.send({ text: "hello" });
  call.halfClose();
  for await (const reply of call) texts.push((reply as { text: string }).text);
  assert.deepEqual(texts, ["Good day. An author, a subject or a title will do."]);

  const wrong = openCall(`${url}/demo.library.v1.Library/Chat`);
  wrong.send({ text: "x".repeat(2_000) });
  const error = await collect(wrong).then(
    () => assert.fail("it ended well"),
    (reason: { code: number; details: { fieldViolations?: { field: string }[] }[] }) => reason,
  );
  assert.equal(error.code, 3);
  assert.equal(error.details[0]?.fieldViolations?.[0]?.field, "text");

  const book = openCall(`${url}/v1/shelves/7/books/9?view=FULL`);
  const books = (await collect(book)) as { name: string }[];
  assert.deepEqual(
    books.map(({ name }) => name),
    ["shelves/7/books/9"],
  );
});
