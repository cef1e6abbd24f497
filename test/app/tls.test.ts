// TLS on the main listener, from files, both versions of HTTP by ALPN.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { request } from "node:https";
import { test } from "node:test";
import { startLibraryServer } from "../../examples/library/server.ts";
import { startApp } from "../../src/app.ts";
import { silentLogger } from "../../src/rpc/logger.ts";
import { authorityCert, serverCert, serverKey } from "../server/certificates.ts";
import { askSession, readText } from "../server/open-listener.ts";
import { configOf, librarySet, openApp } from "./open-app.ts";

const tls = { certFile: "cert.pem", keyFile: "key.pem" };
const files = { "cert.pem": serverCert, "key.pem": serverKey };

test("a TLS listener serves HTTP/1.1 and HTTP/2, and the backend sees https", async (t) => {
  const server = await startLibraryServer();
  t.after(() => server.close());
  const app = await openApp(t, { tls, upstreams: [`library=127.0.0.1:${server.port}`] }, files);
  assert.match(app.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const { port } = new URL(app.url);

  const outgoing = request({
    host: "127.0.0.1",
    port,
    path: "/v1/inspect",
    ca: authorityCert,
    agent: false,
  }).end();
  const [response] = await once(outgoing, "response");
  assert.equal(response.statusCode, 200);
  const metadata = JSON.parse(await readText(response)).metadata as { key: string; value: string }[];
  assert.equal(metadata.find(({ key }) => key === "x-forwarded-proto")?.value, "https");

  const session = connect(app.url, { ca: authorityCert });
  t.after(() => session.close());
  const answer = await askSession(session, { path: "/v1/shelves/1" });
  assert.equal(answer.status, 200);
  assert.equal(JSON.parse(answer.body).name, "shelves/1");
});

test("a key that does not fit fails the start and leaves nothing behind", async (t) => {
  const config = configOf(
    t,
    { tls, upstreams: ["127.0.0.1:1"], schema: { descriptorSets: "api.binpb" } },
    { ...files, "key.pem": "no key", "api.binpb": librarySet },
  );
  await assert.rejects(startApp(config, silentLogger));
});
