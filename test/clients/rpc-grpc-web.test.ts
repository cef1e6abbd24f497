// gRPC-Web's own npm runtime in headless Chromium, on a page of another origin than the gateway's: as base64 text and in
// binary, HTTP/1.1 in cleartext and HTTP/2 over TLS.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { GrpcWebOptions } from "./rpc/grpc-web-page.ts";
import { bundleForPage, openBrowser, openPage, watchNetwork, whyNoBrowser } from "./rpc/open-browser.ts";
import { openGateway } from "./rpc/open-gateway.ts";

const pageFile = join(import.meta.dirname, "rpc/grpc-web-page.ts");
const contentType = { text: "application/grpc-web-text", binary: "application/grpc-web+proto" };

for (const format of ["text", "binary"] as const) {
  for (const tls of [false, true]) {
    const version = tls ? "HTTP/2 and TLS" : "HTTP/1.1";
    test(`grpc-web, ${format} over ${version}`, { skip: whyNoBrowser }, async (context) => {
      const browser = await openBrowser(context);
      const cors = { origins: ["http://127.0.0.1:*"] };
      const { url: baseUrl } = await openGateway(context, { tls, keys: { cors } });
      const page = await openPage(context, browser, await bundleForPage(pageFile, "facts"));
      const { protocols, requests } = await watchNetwork(page);
      const options: GrpcWebOptions = { baseUrl, format };
      const names = (await page.evaluate(`facts.names("${format}")`)) as string[];
      assert.ok(names.length >= 12);
      for (const what of names) {
        await context.test(what, async () => {
          const failure = await page.evaluate(
            `facts.check(${JSON.stringify(options)}, ${JSON.stringify(what)})`,
          );
          assert.equal(failure, undefined);
        });
      }
      assert.deepEqual([...protocols], [tls ? "h2" : "http/1.1"]);
      const types = requests
        .filter(({ method }) => method === "POST")
        .map(({ header }) => header["Content-Type"]);
      assert.deepEqual([...new Set(types)], [contentType[format]]);
    });
  }
}
