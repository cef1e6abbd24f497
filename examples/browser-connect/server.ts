// Serves the page, its style and its script, and runs the demo library that the page is about, for a gateway to find:
// `node examples/browser-connect/server.ts [--port N] [--library-port N]`.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLibraryServer } from "../library/server.ts";
import { bundlePage } from "./bundle.ts";

export interface PageServer {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 = any free one */
export async function startPageServer(port: number): Promise<PageServer> {
  const script = await bundlePage();
  const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
  const files: ReadonlyMap<string, readonly [contentType: string, content: () => Buffer | string]> = new Map([
    ["/", ["text/html; charset=utf-8", () => read("index.html")]],
    ["/style.css", ["text/css; charset=utf-8", () => read("style.css")]],
    ["/page.js", ["text/javascript; charset=utf-8", () => script]],
  ]);
  const server = createServer((request, response) => {
    const [contentType, content] = files.get((request.url ?? "").split("?", 1)[0] ?? "") ?? [];
    if (contentType === undefined || content === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
      return;
    }
    response.writeHead(200, { "content-type": contentType }).end(content());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8081" },
      "library-port": { type: "string", default: "50051" },
    },
  });
  const library = await startLibraryServer({ port: Number(values["library-port"]) });
  const { url } = await startPageServer(Number(values.port));
  console.log(`the page is on ${url}, the library on 127.0.0.1:${library.port}`);
}
