// Whose pages may open a WebSocket: asked over real connections, with the handshake that browsers send.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CorsOptions } from "../../src/server/cors.ts";
import { withOrigins } from "../../src/server/with-origins.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import { openListener, openSocket, text } from "./open-listener.ts";

const cors: CorsOptions = { origins: ["https://*.example.com"], maxAgeMs: 0, credentials: false };
const page = "https://app.example.com";

const rows: readonly [
  reason: string,
  cors: CorsOptions | undefined,
  origin: string | undefined,
  status: 101 | 403,
  cookie: boolean,
][] = [
  ["a program says no origin", undefined, undefined, 101, true],
  ["a page of the gateway's own host", undefined, "http://gateway.test:8080", 101, true],
  ["the same behind a proxy that ends TLS", undefined, "https://gateway.test:8080", 101, true],
  ["a page of another host", undefined, page, 403, false],
  ["a page of the same host at another port", undefined, "http://gateway.test", 403, false],
  ["a page without an origin of its own", undefined, "null", 403, false],
  ["an allowed page", cors, page, 101, false],
  ["an allowed page, with credentials", { ...cors, credentials: true }, page, 101, true],
  ["a page that is not allowed", cors, "https://example.org", 403, false],
  ["any page where all are allowed, as nobody", { ...cors, origins: ["*"] }, "https://x.org", 101, false],
];

for (const [reason, options, origin, status, cookie] of rows) {
  test(`a WebSocket: ${reason}: ${status}${status === 101 ? `, ${cookie ? "with" : "without"} its cookie` : ""}`, async (t) => {
    const seen: HttpRequest[] = [];
    const upgrade = withOrigins(options, async (request) => {
      seen.push(request);
      const { signal } = request;
      return {
        kind: "accepted",
        subprotocol: undefined,
        maxFrameBytes: 1000,
        serve: async (channel) => {
          await channel.send(`${signal.aborted} ${request.header.has("cookie")}`);
        },
      };
    });
    const listener = await openListener(t, async () => text(200, "no"), { upgrade });
    const said = [
      "GET /chat HTTP/1.1",
      "Host: gateway.test:8080",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Cookie: session=1",
      "Authorization: Basic eA==",
      ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ];
    const socket = await openSocket(listener.port, `${said.join("\r\n")}\r\n\r\n`);
    let answer = "";
    for await (const piece of socket.setEncoding("latin1")) {
      answer += piece;
      if (status === 101 ? answer.includes("false ") : answer.endsWith("}")) break;
    }
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 403) {
      assert.match(answer, /"code":7,.*cors\.origins/s);
      assert.equal(seen.length, 0);
    } else {
      assert.match(answer, new RegExp(`false ${cookie}`));
      assert.equal(seen[0]?.header.has("authorization"), cookie);
    }
  });
}
