// The program as a process: exit codes, the ready line, the demo, signals, and ends of every kind.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "./run.ts";

const overlay = join(import.meta.dirname, "../../examples/library/gen/library.binpb");

test("a mistake exits 2 with the message on stderr", async () => {
  const { code, stdout, stderr } = await start("serve", "--lisen", "8080").ended;
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^--lisen: unknown flag, did you mean `--listen`\?\n/);
});

test("help exits 0", async () => {
  const { code, stdout, stderr } = await start("help").ended;
  assert.equal(code, 0);
  assert.match(stdout, /^protogate: /);
  assert.equal(stderr, "");
});

test("serve without an upstream runs the demo, says where it is, and its curl lines name routes that answer", async () => {
  const gateway = start("serve", "--listen", "0");
  const [, url] = await gateway.find(/^listening on (http:\/\/127\.0\.0\.1:\d+)$/m);
  const introduction = await gateway.find(/Its routes: (\S+)[\s\S]*npm start -- /);
  assert.equal(introduction[1], `${url}/debug/routes`);
  const calls = [...introduction[0].matchAll(/^ {2}curl .*$/gm)].map(([line]) => line);
  assert.equal(calls.length, 5);
  for (const call of calls) {
    const target = /http:\/\/[^\s']+/.exec(call)?.[0] ?? "";
    const body = /-d '([^']+)'/.exec(call)?.[1];
    const accept = /Accept: ([^']+)/.exec(call)?.[1];
    const response = await fetch(target, {
      ...(body === undefined ? {} : { method: "POST", body }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(accept === undefined ? {} : { accept }),
      },
    });
    const expected = target.endsWith("/v1/shelves/1/books") ? 201 : 200;
    assert.equal(response.status, expected, `${call}: ${await response.text()}`);
    await response.body?.cancel().catch(() => {});
  }
  gateway.child.kill("SIGTERM");
  const { code, stderr } = await gateway.ended;
  assert.equal(code, 0, stderr);
  for (const line of stderr.split("\n").filter((text) => text !== "")) JSON.parse(line);
});

test("the ready line is the only line for a backend of one's own, once for each listener", async () => {
  const gateway = start(
    "serve",
    "127.0.0.1:1",
    "--listen",
    "0",
    "--listen",
    "0",
    "--descriptor-set",
    overlay,
  );
  await gateway.find(/listening.*\nlistening.*\n/);
  gateway.child.kill("SIGINT");
  const { code, stdout } = await gateway.ended;
  assert.equal(code, 0);
  assert.match(stdout, /^listening on http:\/\/127\.0\.0\.1:\d+\nlistening on http:\/\/127\.0\.0\.1:\d+\n$/);
});

test("the first signal lets a stream end and then exits 0", async () => {
  const gateway = start("serve", "--listen", "0");
  const [, url] = await gateway.find(/^listening on (\S+)$/m);
  const response = await fetch(`${url}/v1/arrivals:watch?limit=3&interval=0.2s`);
  assert.equal(response.status, 200);
  gateway.child.kill("SIGTERM");
  const arrivals = (await response.json()) as readonly unknown[];
  assert.equal(arrivals.length, 3);
  assert.equal((await gateway.ended).code, 0);
});

test("the second signal ends it at once, and the demo with it", async () => {
  const gateway = start("serve", "--listen", "0");
  const [, url] = await gateway.find(/^listening on (\S+)$/m);
  const response = await fetch(`${url}/v1/arrivals:watch?interval=60s`);
  gateway.child.kill("SIGTERM");
  await gateway.findError(/"msg":"draining"/);
  gateway.child.kill("SIGTERM");
  await assert.rejects(response.text());
  assert.equal((await gateway.ended).code, 130);
});

test("SIGHUP does not end it", async () => {
  const gateway = start("serve", "127.0.0.1:1", "--listen", "0", "--descriptor-set", overlay);
  const [, url] = await gateway.find(/^listening on (\S+)$/m);
  gateway.child.kill("SIGHUP");
  const response = await fetch(`${url}/livez`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  gateway.child.kill("SIGTERM");
  assert.equal((await gateway.ended).code, 0);
});

test("the demo backend ends with the gateway, even when that is killed", async () => {
  const gateway = start("serve", "--listen", "0");
  const [, url] = await gateway.find(/^listening on (\S+)$/m);
  const response = await fetch(`${url}/debug/routes`, { headers: { accept: "application/json" } });
  const table = (await response.json()) as { upstreams: { target: string }[] };
  const port = Number(/:(\d+)$/.exec(table.upstreams[0]?.target ?? "")?.[1]);
  gateway.child.kill("SIGKILL");
  // The child inherits our end of stderr, so `close` comes when both are gone.
  await gateway.ended;
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
});

test("an address in use is one message and exit 1", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { code, stdout, stderr } = await start(
    ...["serve", "127.0.0.1:1", "--listen", `${port}`, "--descriptor-set", overlay, "--log-level", "off"],
  ).ended;
  server.close();
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    `protogate: cannot listen on 127.0.0.1:${port}: the address is in use; choose another with --listen or --admin (port 0 = any free one)\n`,
  );
});

test("check of the demo finds nothing wrong", async () => {
  const { code, stdout, stderr } = await start("check").ended;
  assert.equal(stderr, "");
  assert.match(stdout, /^ok: 1 service, \d+ routes from 1 source\n$/);
  assert.equal(code, 0);
});

test("check of a backend that is not there says so and exits 1", async () => {
  const { code, stdout } = await start("check", "nobody=127.0.0.1:1").ended;
  assert.equal(code, 1);
  assert.match(stdout, /nobody/);
  assert.match(stdout, /\n\d+ problems?; 0 services, 0 routes from 1 source\n$/);
});

test("routes of the demo are a table, and JSON for programs", async () => {
  const [text, json] = await Promise.all([start("routes").ended, start("routes", "--json").ended]);
  assert.equal(text.code, 0);
  assert.match(text.stdout, /GET +\/v1\/\{name=shelves\/\*\}/);
  assert.equal(json.code, 0);
  const table = JSON.parse(json.stdout) as { routes: { template: string }[] };
  assert.ok(table.routes.some((route) => route.template === "/v1/{name=shelves/*}"));
});

test("explain says what a request would do, and exits 1 for one that would fail", async () => {
  const args = ["127.0.0.1:1", "--descriptor-set", overlay, "--json"];
  const [right, wrong] = await Promise.all([
    start("explain", "GET /v1/shelves/1/books/2?view=FULL", ...args).ended,
    start("explain", "GET /v1/nothing", ...args).ended,
  ]);
  assert.equal(right.code, 0, right.stderr);
  const explanation = JSON.parse(right.stdout) as { outcome: string; backend: { path: string } };
  assert.equal(explanation.outcome, "route");
  assert.match(explanation.backend.path, /\/GetBook$/);
  assert.equal(wrong.code, 1);
  assert.equal((JSON.parse(wrong.stdout) as { outcome: string }).outcome, "no_route");
});

test("a reader that closes the pipe early is no failure", async () => {
  const routes = start("help", "config");
  routes.child.stdout.destroy();
  const { code, stderr } = await routes.ended;
  assert.equal(code, 0);
  assert.equal(stderr, "");
});
