// The end of a gateway: calls in flight finish within the grace, what does not is cut, and nothing stays behind.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { Client, credentials, status } from "@grpc/grpc-js";
import { startLibraryServer } from "../../examples/library/server.ts";
import { HealthCheckResponse_ServingStatus as ServingStatus } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { eventually } from "../matrix/eventually.ts";
import { httpOpen } from "../matrix/http-client.ts";
import { type OpenApp, openApp } from "./open-app.ts";

async function openLibrary(context: TestContext, grace: string): Promise<OpenApp> {
  const server = await startLibraryServer();
  // Hooks run in the order of their registration: the gateway goes before its backend.
  const app = await openApp(context, { upstreams: [`library=127.0.0.1:${server.port}`], drain: { grace } });
  context.after(() => server.close());
  return app;
}

const lines = { header: { accept: "application/x-ndjson" } };

test("close lets a running stream end, and nobody else in", async (t) => {
  const app = await openLibrary(t, "20s");
  const stream = await httpOpen(app.url, "/v1/arrivals:watch?interval=0.01s&limit=50", lines);
  assert.equal(stream.status, 200);
  const pieces = stream.pieces[Symbol.asyncIterator]();
  let text = String((await pieces.next()).value);
  const closed = app.close();

  const { port } = new URL(app.url);
  await eventually(async () => {
    const socket = connect({ host: "127.0.0.1", port: Number(port) });
    const [error] = await Promise.race([
      once(socket, "error"),
      once(socket, "close"),
      once(socket, "connect"),
    ]);
    socket.destroy();
    assert.ok(error instanceof Error, "a new connection is refused");
  });

  for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
    text += String(next.value);
  const arrivals = text.trim().split("\n");
  assert.equal(arrivals.length, 50);
  assert.ok(arrivals.every((line) => JSON.parse(line).error === undefined));
  await closed;
});

test("a stream that outlasts the grace is cut, and close resolves", async (t) => {
  const app = await openLibrary(t, "100ms");
  const stream = await httpOpen(app.url, "/v1/arrivals:watch?interval=0.01s", lines);
  const pieces = stream.pieces[Symbol.asyncIterator]();
  await pieces.next();
  await app.close();
  await assert.rejects(async () => {
    while ((await pieces.next()).done !== true);
  });
});

test("a watch of the health ends by itself, so that close need not wait for it", async (t) => {
  const app = await openLibrary(t, "1h");
  const client = new Client(new URL(app.url).host, credentials.createInsecure());
  t.after(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const watch = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", asIs, asIs, Buffer.alloc(0));
  const statuses: number[] = [];
  const ended = new Promise<unknown>((resolve) => watch.once("error", resolve));
  const first = Promise.withResolvers<void>();
  watch.on("data", (message: Buffer) => {
    statuses.push(message[1] ?? 0);
    first.resolve();
  });
  await first.promise;
  await app.close();
  const error = await ended;
  assert.equal((error as { code?: number }).code, status.UNAVAILABLE);
  assert.deepEqual(statuses, [ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
});

test("close may be called twice", async (t) => {
  const app = await openLibrary(t, "1s");
  await Promise.all([app.close(), app.close()]);
  await app.close();
});
