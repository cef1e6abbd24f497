// @connectrpc/connect-web in headless Chromium, on a page of another origin than the gateway's: Connect and gRPC-Web,
// proto and JSON, HTTP/1.1 in cleartext and HTTP/2 over TLS.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { PageTransport } from "./rpc/connect-web-page.ts";
import { bundleForPage, openBrowser, openPage, watchNetwork, whyNoBrowser } from "./rpc/open-browser.ts";
import { openGateway } from "./rpc/open-gateway.ts";

const pageFile = join(import.meta.dirname, "rpc/connect-web-page.ts");
const cors = { origins: ["http://127.0.0.1:*"] };

interface Variant {
  readonly protocol: PageTransport["protocol"];
  readonly codec: "proto" | "JSON";
  readonly tls: boolean;
}

const variants: readonly Variant[] = [
  { protocol: "Connect", codec: "JSON", tls: false },
  { protocol: "Connect", codec: "proto", tls: true },
  { protocol: "gRPC-Web", codec: "proto", tls: false },
  { protocol: "gRPC-Web", codec: "JSON", tls: true },
];

for (const { protocol, codec, tls } of variants) {
  const version = tls ? "HTTP/2 and TLS" : "HTTP/1.1";
  test(`connect-web, ${protocol} over ${version}, ${codec}`, { skip: whyNoBrowser }, async (context) => {
    const browser = await openBrowser(context);
    const { url: baseUrl } = await openGateway(context, { tls, keys: { cors } });
    const page = await openPage(context, browser, await bundleForPage(pageFile, "facts"));
    const { protocols } = await watchNetwork(page);
    const transport: PageTransport = { protocol, baseUrl, useBinaryFormat: codec === "proto" };
    const names = (await page.evaluate("facts.names()")) as string[];
    assert.ok(names.length >= 20);
    for (const what of names) {
      await context.test(what, async () => {
        const failure = await page.evaluate(
          `facts.check(${JSON.stringify(transport)}, ${JSON.stringify(what)})`,
        );
        assert.equal(failure, undefined);
      });
    }
    assert.deepEqual([...protocols], [tls ? "h2" : "http/1.1"]);
  });
}

test("connect-web, Connect GET: a page asks without a preflight", { skip: whyNoBrowser }, async (context) => {
  const browser = await openBrowser(context);
  const { url: baseUrl } = await openGateway(context, { keys: { cors } });
  const page = await openPage(context, browser, await bundleForPage(pageFile, "facts"));
  const { requests } = await watchNetwork(page);
  const transport: PageTransport = { protocol: "Connect", baseUrl, useBinaryFormat: true, useHttpGet: true };
  assert.notEqual(await page.evaluate(`facts.readBook(${JSON.stringify(transport)})`), "");
  const seen = requests.map(({ method, path }) => `${method} ${path}`).sort();
  assert.deepEqual(seen, [
    "GET /demo.library.v1.Library/GetBook",
    "OPTIONS /demo.library.v1.Library/Inspect",
    "POST /demo.library.v1.Library/Inspect",
  ]);
});

test("connect-web: a page of an origin that nobody named reads nothing", {
  skip: whyNoBrowser,
}, async (context) => {
  const browser = await openBrowser(context);
  const { url: baseUrl } = await openGateway(context, {
    keys: { cors: { origins: "https://app.example.com" } },
  });
  const page = await openPage(context, browser, await bundleForPage(pageFile, "facts"));
  const transport: PageTransport = { protocol: "Connect", baseUrl, useBinaryFormat: true };
  const what = JSON.stringify(((await page.evaluate("facts.names()")) as string[])[0]);
  assert.match(
    String(await page.evaluate(`facts.check(${JSON.stringify(transport)}, ${what})`)),
    /Failed to fetch/,
  );
});
