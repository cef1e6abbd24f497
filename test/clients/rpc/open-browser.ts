// Headless Chromium for one test, and code of ours bundled for its pages.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

const chromiumPath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** What to skip a test with where there is no browser; false where there is one. */
export const whyNoBrowser: string | false = existsSync(chromiumPath)
  ? false
  : `no Chromium at ${chromiumPath}; CHROMIUM_PATH names it`;

const quiet = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The tests' own certificate.
  "--ignore-certificate-errors",
];

/** Open it before the gateway: hooks run in order, and a gateway waits for the calls of a browser that is still there. */
export async function openBrowser(context: TestContext): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: quiet });
  context.after(() => browser.close());
  return browser;
}

/** The bundle of a module as a classic script for a page; what it exports is the global `name`. */
export async function bundleForPage(file: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "iife",
    globalName: name,
    platform: "browser",
    target: "es2022",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** An empty page of an origin of its own, with a script in it. What it throws fails the test. */
export async function openPage(context: TestContext, browser: Browser, script: string): Promise<Page> {
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { "content-type": "text/html" })
      .end('<!doctype html><link rel="icon" href="data:,">');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const page = await browser.newPage();
  page.on("pageerror", (error) => context.diagnostic(`the page threw ${error.message}`));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  if (script !== "") await page.addScriptTag({ content: script });
  return page;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly header: Readonly<Record<string, string>>;
}

/** What goes over the wire of a page: its requests, and the protocols of the answers, `h2` or `http/1.1`. */
export async function watchNetwork(
  page: Page,
): Promise<{ readonly requests: readonly SeenRequest[]; readonly protocols: ReadonlySet<string> }> {
  const requests: SeenRequest[] = [];
  const protocols = new Set<string>();
  const session = await page.context().newCDPSession(page);
  session.on("Network.requestWillBeSent", ({ request }) => {
    requests.push({
      method: request.method,
      path: new URL(request.url).pathname,
      header: request.headers,
    });
  });
  session.on("Network.responseReceived", ({ response }) => protocols.add(response.protocol ?? ""));
  await session.send("Network.enable");
  return { requests, protocols };
}
