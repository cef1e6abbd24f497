import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { dialects } from "../../src/transcode/dialect.ts";
import { closedPort } from "../contract/transport-backend.ts";
import { requestOf, textOf } from "../protocol/rest/pieces.ts";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";
import { until } from "../server/open-listener.ts";
import {
  failure,
  notesFiles,
  openGateway,
  reading,
  ScriptedSource,
  templatesOf,
  upstreamOf,
} from "./gateway-fixture.ts";

const problem = { place: "source", message: "cannot be read" };
const shadowing = 'rpc Again(Note) returns (Note) { option (google.api.http) = { get: "/a/{id}" }; }';

function rule(template: string): string {
  return `type: google.api.Service\nhttp:\n  rules:\n    - selector: t.Notes.Get\n      get: ${template}\n`;
}

test("before there is a schema every path is 503 and says what is missing", async (t) => {
  const source = new ScriptedSource("the source", []);
  const gateway = openGateway(t, { sources: [source] });
  const [httpStatus, body] = await gateway.get("/a/7");
  assert.equal(httpStatus, 503);
  const status = JSON.parse(body);
  assert.equal(status.code, 14);
  assert.match(status.message, /no schema yet: .*the source: not read yet/);
  assert.throws(() => gateway.explain({ httpMethod: "GET", target: "/a/7" }), { code: 14 });
  assert.deepEqual(templatesOf(gateway), []);

  source.say(failure(problem));
  await gateway.firstPass;
  assert.match(JSON.parse((await gateway.get("/a/7"))[1]).message, /the source: source: cannot be read/);
});

test("a schema that is read serves at once; an unknown path is 404 with a status in the dialect's shape", async (t) => {
  const sources = [new ScriptedSource("source", [], reading(notesFiles("/a/{id}")))];
  const upstreams = [upstreamOf("up", await closedPort())];
  const served = [new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")))];
  const overlay = openGateway(t, { sources });
  const gateway = openGateway(t, { sources: served, upstreams, dialect: dialects.google });
  await Promise.all([overlay.firstPass, gateway.firstPass]);
  assert.deepEqual(templatesOf(overlay), [], "what nobody serves has no routes");
  assert.deepEqual(templatesOf(gateway), ["GET /a/{id}"]);
  const [httpStatus, body] = await gateway.get("/b/7");
  assert.equal(httpStatus, 404);
  assert.deepEqual(JSON.parse(body), {
    error: { code: 404, status: "NOT_FOUND", message: "no route for GET /b/7", details: [] },
  });
  const [unavailable] = await gateway.get("/a/7");
  assert.equal(unavailable, 503, "a backend that is not there");
});

test("the same content builds nothing, a change builds once", async (t) => {
  const [a, b] = [notesFiles("/a/{id}"), notesFiles("/b/{id}")];
  const source = new ScriptedSource(
    "source",
    ["up"],
    reading(a),
    reading([...a].reverse()),
    failure(problem),
  );
  const gateway = openGateway(t, { sources: [source] });
  source.say(reading(a));
  source.say(reading(b));
  await until(() => templatesOf(gateway)[0] === "GET /b/{id}");
  assert.equal(gateway.swaps().length, 2);
});

test("a source that fails leaves its last good schema serving", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")), failure(problem));
  const gateway = openGateway(t, { sources: [source] });
  await until(() => gateway.swaps().length === 1 && gateway.readiness().warnings.length > 0);
  assert.deepEqual(templatesOf(gateway), ["GET /a/{id}"]);
  assert.equal(gateway.routes().sources[0]?.state, "stale");
  assert.deepEqual(gateway.routes().sources[0]?.problems, [problem]);
});

test("a schema that comes without its service config does not serve, were it for a moment", async (t) => {
  const { folder, cleanUp } = createTemporaryFolder({ "api.yaml": rule("/configured/{id}") });
  t.after(cleanUp);
  // A source that has its schema before any file can have been read.
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")));
  const gateway = openGateway(t, { sources: [source], serviceConfigFiles: [join(folder, "api.yaml")] });
  await gateway.firstPass;
  assert.deepEqual(templatesOf(gateway), ["GET /configured/{id}"]);
  assert.equal(gateway.swaps().length, 1);
});

test("an edited service config is a new snapshot; a broken one keeps the rules and says so everywhere", async (t) => {
  const { folder, write, cleanUp } = createTemporaryFolder({ "api.yaml": rule("/one/{id}") });
  t.after(cleanUp);
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")));
  const gateway = openGateway(t, { sources: [source], serviceConfigFiles: [join(folder, "api.yaml")] });
  await gateway.firstPass;
  write("api.yaml", rule("/two/{id}"));
  await until(() => templatesOf(gateway)[0] === "GET /two/{id}");

  write("api.yaml", "http: [");
  await until(() => gateway.routes().problems.some(({ place }) => place.includes("api.yaml")));
  assert.deepEqual(templatesOf(gateway), ["GET /two/{id}"]);
  assert.ok(gateway.readiness().warnings.some((text) => /service config is stale: .*api\.yaml/.test(text)));
  assert.ok(gateway.log.some(({ level, event }) => level === "warn" && event === "service config failed"));
});

test("strict refuses a schema with a shadowed route as a whole, and the old one serves on", async (t) => {
  const good = notesFiles("/a/{id}");
  const source = new ScriptedSource(
    "source",
    ["up"],
    reading(good),
    reading(notesFiles("/a/{id}", shadowing)),
  );
  const gateway = openGateway(t, { sources: [source], strict: true });
  await until(() => gateway.log.some(({ event }) => event === "snapshot refused"));
  assert.deepEqual(templatesOf(gateway), ["GET /a/{id}"]);
  assert.equal(gateway.swaps().length, 1);
  const complaint = /GET \/a\/\{id\} is shadowed by \/t\.Notes\/Get .*strict refuses that/;
  assert.ok(gateway.readiness().warnings.some((text) => complaint.test(text)));
  assert.ok(gateway.routes().problems.some(({ message }) => complaint.test(message)));

  source.say(reading(good));
  await until(() => gateway.readiness().warnings.length === 0);
  assert.deepEqual(gateway.routes().problems, [], "what serves is what was read last");
  assert.equal(gateway.swaps().length, 1, "and it was built before");
});

test("strict with nothing good before serves nothing and says why", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}", shadowing)));
  const gateway = openGateway(t, { sources: [source], strict: true });
  await gateway.firstPass;
  assert.equal(gateway.readiness().ready, false);
  assert.match(JSON.parse((await gateway.get("/a/7"))[1]).message, /is shadowed by/);
});

test("without strict a shadowed route is listed and logged, and the first serves", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}", shadowing)));
  const gateway = openGateway(t, { sources: [source] });
  await gateway.firstPass;
  assert.deepEqual(templatesOf(gateway), ["GET /a/{id}"]);
  assert.equal(gateway.routes().shadowed[0]?.rpc, "t.Notes/Again");
  assert.equal(gateway.log.filter(({ event }) => event === "route shadowed").length, 1);
});

test("a source that contradicts what serves is told of, with both sources named", async (t) => {
  const first = new ScriptedSource("first", ["one"], reading(notesFiles("/a/{id}")));
  const second = new ScriptedSource("second", ["two"]);
  const gateway = openGateway(t, { sources: [first, second] });
  await until(() => templatesOf(gateway).length === 1);
  second.say(reading(notesFiles("/b/{id}")));
  await gateway.firstPass;
  assert.deepEqual(templatesOf(gateway), ["GET /a/{id}"]);
  const told = gateway.routes().problems.map(({ place, message }) => `${place}: ${message}`);
  assert.ok(
    told.some((text) => text.includes("first") && text.includes("second")),
    `both sources are named in ${JSON.stringify(told)}`,
  );
  assert.ok(gateway.log.some(({ event }) => event === "schema problem"));

  second.say(reading(notesFiles("/a/{id}")));
  await until(() => gateway.routes().problems.length === 0);
  assert.deepEqual(gateway.routes().routes[0]?.upstreams, ["one", "two"]);
});

test("a source that adds nothing but a problem is told of, and so is the end of the problem", async (t) => {
  const first = new ScriptedSource("first", ["one"], reading(notesFiles("/a/{id}")));
  const second = new ScriptedSource("second", ["two"]);
  const gateway = openGateway(t, { sources: [first, second] });
  await until(() => templatesOf(gateway).length === 1);
  const { digest } = gateway.routes();
  second.say(reading([], { services: ["t.Missing"] }));
  await gateway.firstPass;
  assert.deepEqual(
    gateway.routes().problems.map(({ place }) => place),
    ["second"],
  );
  second.say(
    reading([], { services: [], problems: [{ place: "second", message: "half of it is unreadable" }] }),
  );
  await until(() => gateway.routes().problems[0]?.message === "half of it is unreadable");
  second.say(reading([], { services: [] }));
  await until(() => gateway.routes().problems.length === 0);
  assert.equal(gateway.routes().digest, digest, "it was the same schema all the time");
});

test("refresh asks sources and service configs; a connection that is made asks its own sources", async (t) => {
  const sources = [new ScriptedSource("a", ["up"]), new ScriptedSource("b", ["other"])];
  const gateway = openGateway(t, { sources });
  gateway.refresh();
  assert.deepEqual(
    sources.map(({ refreshCount }) => refreshCount),
    [1, 1],
  );
});

test("a gateway that drains is not ready and answers still", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")));
  const gateway = openGateway(t, { sources: [source] });
  await gateway.firstPass;
  assert.equal(gateway.readiness().ready, true);
  gateway.drain();
  assert.deepEqual(gateway.readiness().missing, ["the gateway is draining"]);
  assert.equal((await gateway.get("/a/7"))[0], 501, "a service whose upstream the gateway does not have");
});

test("a service that is limited away has no routes; a selector that matches nothing is a problem", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")));
  const servicesOf = new Map([["up", ["t.Note"]]]);
  const gateway = openGateway(t, { sources: [source], servicesOf });
  await gateway.firstPass;
  assert.deepEqual(templatesOf(gateway), []);
  assert.match(gateway.routes().problems[0]?.message ?? "", /t\.Note matches no service/);
});

test("an upper bound of time is every call's, whatever its client says", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/a/{id}")));
  const upstreams = [upstreamOf("up", await closedPort())];
  const gateway = openGateway(t, { sources: [source], upstreams, maxTimeoutMs: 0 });
  await gateway.firstPass;
  const request = requestOf("GET", "/a/7", { header: [["grpc-timeout", "1H"]] });
  const response = await gateway.handle(request);
  assert.ok(response !== undefined);
  assert.equal(response.httpStatus, 504);
  assert.match(await textOf(response), /deadline exceeded/);
});
