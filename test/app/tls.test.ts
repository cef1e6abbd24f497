// TLS on the main listener, from files, both versions of HTTP by ALPN.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { request } from "node:https";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { startLibraryServer } from "../../examples/library/server.ts";
import { startApp } from "../../src/app.ts";
import { eventually } from "../matrix/eventually.ts";
import { authorityCert, serverCert, serverKey } from "../server/certificates.ts";
import { askSession, readText } from "../server/open-listener.ts";
import {
  secondAuthorityCert,
  secondClientCert,
  secondClientKey,
  secondServerCert,
  secondServerKey,
} from "../server/second-certificates.ts";
import { silentLogger } from "../support/silent-logger.ts";
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

test("certificates that change on disk are in use without a restart, and who a client is reaches the backend", async (t) => {
  const server = await startLibraryServer();
  t.after(() => server.close());
  const keys = { ...tls, clientCaFile: "ca.pem" };
  const config = configOf(
    t,
    { tls: keys, upstreams: [`library=127.0.0.1:${server.port}`] },
    { ...files, "ca.pem": secondAuthorityCert },
  );
  const app = await startApp(config, silentLogger);
  t.after(() => app.close());
  const [url = ""] = app.urls;
  const client = { ca: [authorityCert, secondAuthorityCert], cert: secondClientCert, key: secondClientKey };

  const session = connect(url, client);
  t.after(() => session.close());
  const answer = await askSession(session, {
    path: "/v1/inspect",
    header: { "x-forwarded-client-cert": "Subject=admin" },
  });
  const metadata = JSON.parse(answer.body).metadata as { key: string; value: string }[];
  const told = metadata.filter(({ key }) => key === "x-forwarded-client-cert");
  assert.equal(told.length, 1);
  assert.match(
    told[0]?.value ?? "",
    /^Hash=[0-9a-f]{64};Subject="C=DE,O=Acme.*, Inc,CN=billing";DNS=billing\.acme\.internal;URI=spiffe:\/\/acme\/billing;/,
  );

  const { certFile = "", keyFile = "" } = config.tls ?? {};
  writeFileSync(keyFile, secondServerKey);
  writeFileSync(certFile, secondServerCert);
  app.refresh();
  await eventually(async () => {
    const socket = connectTls({ host: "127.0.0.1", port: Number(new URL(url).port), ...client });
    await once(socket, "secureConnect");
    assert.equal(socket.getPeerCertificate().subject.CN, "renewed");
    socket.destroy();
  });
  assert.equal((await askSession(session, { path: "/v1/shelves/1" })).status, 200, "what was open goes on");
});

test("a key that does not fit fails the start and leaves nothing behind", async (t) => {
  const config = configOf(
    t,
    { tls, upstreams: ["127.0.0.1:1"], schema: { descriptorSets: "api.binpb" } },
    { ...files, "key.pem": "no key", "api.binpb": librarySet },
  );
  await assert.rejects(startApp(config, silentLogger));
});
