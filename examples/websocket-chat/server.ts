// Serves the page and its client, nothing else: `node examples/websocket-chat/server.ts [--port N]`.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";

const files: ReadonlyMap<string, readonly [file: string, contentType: string]> = new Map([
  ["/", ["index.html", "text/html; charset=utf-8"]],
  ["/client.js", ["client.js", "text/javascript; charset=utf-8"]],
]);

export interface PageServer {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 = any free one */
export async function startPageServer(port: number): Promise<PageServer> {
  const server: Server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const [file, contentType] = files.get(path) ?? [];
    if (file === undefined || contentType === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
      return;
    }
    response
      .writeHead(200, { "content-type": contentType })
      .end(readFileSync(join(import.meta.dirname, file)));
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
  const { values } = parseArgs({ options: { port: { type: "string", default: "8081" } } });
  const { url } = await startPageServer(Number(values.port));
  console.log(`the chat is on ${url}`);
}
