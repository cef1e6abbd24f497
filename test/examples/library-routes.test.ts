import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadDescriptorSet } from "../../examples/library/descriptor-set.ts";
import { Header } from "../../src/rpc/header.ts";
import { createRouter } from "../../src/transcode/create-router.ts";
import { tableOf } from "../transcode/route-fixture.ts";

const readme = readFileSync(join(import.meta.dirname, "../../examples/library/README.md"), "utf8");
const { registry } = await loadDescriptorSet();
const { routes, refused, shadowed } = tableOf(registry);

test("every rule of library.proto becomes a route and none hides another", () => {
  assert.deepEqual(refused, []);
  assert.deepEqual(shadowed, []);
  assert.equal(routes.length, 27);
});

test("every curl line of the README matches a route that takes its query", () => {
  const router = createRouter(routes);
  const lines = readme.replaceAll("\\\n", "").match(/curl .*127\.0\.0\.1:8080\S*/g) ?? [];
  assert.ok(lines.length >= 12);
  for (const line of lines) {
    const [, path = "", query = ""] = /127\.0\.0\.1:8080([^?'\s]*)\??([^'\s]*)/.exec(line) ?? [];
    const [, given] = /-X (\w+)/.exec(line) ?? [];
    const httpMethod = given ?? (/ (-d|--data-binary) /.test(line) ? "POST" : "GET");
    const match = router.match(httpMethod, path);
    assert.equal(match.kind, "route", line);
    const body = new Uint8Array();
    const header = new Header();
    match.route.bind({ captures: match.captures, query, header, body, contentType: "application/json" });
  }
});
