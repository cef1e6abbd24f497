import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Explanation } from "../../src/gateway/explanation.ts";
import { dialects, type ProfileName } from "../../src/transcode/dialect.ts";
import { notesFiles, openGateway, reading, ScriptedSource } from "./gateway-fixture.ts";

const more = `
  rpc Put(Note) returns (Note) { option (google.api.http) = { post: "/notes/{id}" body: "*" }; }
  rpc Add(stream Note) returns (Note) { option (google.api.http) = { post: "/all/{id}" body: "*" }; }
  rpc Archive(Note) returns (Note) { option (google.api.http) = { post: "/notes/{id}:archive" }; }`;

async function explain(
  context: TestContext,
  httpMethod: string,
  target: string,
  options: { readonly body?: string; readonly profile?: ProfileName } = {},
): Promise<Explanation> {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/notes/{id}", more)));
  const gateway = openGateway(context, {
    sources: [source],
    dialect: dialects[options.profile ?? "standard"],
  });
  await gateway.firstPass;
  const body = options.body === undefined ? {} : { body: Buffer.from(options.body) };
  return gateway.explain({ httpMethod, target, ...body });
}

test("a route is told with what binds and what the backend would receive", async (t) => {
  const { outcome, summary, route, bindings, backend, error, allow } = await explain(
    t,
    "GET",
    "/notes/a%2Fb?size=9",
  );
  assert.equal(outcome, "route");
  assert.equal(summary, "GET /notes/{id} → t.Notes/Get");
  assert.equal(route?.template, "/notes/{id}");
  assert.deepEqual(
    bindings.map(({ from, key, field, outcome }) => [from, key, field, outcome]),
    [
      ["path", "id", "id", "bound"],
      ["query", "size", "size", "bound"],
    ],
  );
  assert.equal(error, null);
  assert.deepEqual(allow, []);
  assert.equal(backend?.path, "/t.Notes/Get");
  assert.equal(backend?.messageType, "t.Note");
  assert.deepEqual(backend?.upstreams, ["up"]);
  assert.deepEqual(JSON.parse(backend?.json ?? ""), { id: "a/b", size: "9" });
  assert.equal(backend?.messageBytes, 7);
});

test("a body is read as JSON", async (t) => {
  const { backend } = await explain(t, "POST", "/notes/7", { body: '{"size":"9"}' });
  assert.deepEqual(JSON.parse(backend?.json ?? ""), { id: "7", size: "9" });
});

test("the body of a client stream is told message by message, the path in the first", async (t) => {
  for (const body of ['[{"size":"1"},{"size":"2"}]', '{"size":"1"}\n{"size":"2"}']) {
    const { backend, bindings } = await explain(t, "POST", "/all/7", { body });
    const messages = (backend?.json ?? "").replaceAll(/\s/g, "").split("}{").join("} {");
    assert.equal(messages, '{"size":"1","id":"7"} {"size":"2"}');
    assert.deepEqual(
      bindings.map(({ from, outcome }) => [from, outcome]),
      [
        ["path", "bound"],
        ["body", "bound"],
      ],
    );
  }
  const { error } = await explain(t, "POST", "/all/7", { body: '[{"size":"1"}' });
  assert.match(error?.message ?? "", /expected \]/);
});

test("a request that does not bind is told with the error its client would get", async (t) => {
  const query = await explain(t, "GET", "/notes/7?sise=9");
  assert.equal(query.outcome, "route");
  assert.equal(query.backend, null);
  assert.equal(query.error?.httpStatus, 400);
  assert.equal(query.error?.code, "INVALID_ARGUMENT");
  assert.match(query.error?.message ?? "", /sise/);
  assert.equal(query.bindings.find(({ key }) => key === "sise")?.outcome, "refused");

  const body = await explain(t, "POST", "/notes/7", { body: '{"size":"x"}' });
  assert.match(body.error?.message ?? "", /size: expected int64/);
});

const wrong: readonly [profile: ProfileName, httpStatus: number][] = [
  ["standard", 405],
  ["grpc-gateway", 501],
];
for (const [profile, httpStatus] of wrong) {
  test(`a method that the path does not have is ${httpStatus} in the ${profile} profile`, async (t) => {
    const { outcome, allow, error, route, backend } = await explain(t, "DELETE", "/notes/7", { profile });
    assert.equal(outcome, "wrong_method");
    assert.deepEqual(allow, ["GET", "HEAD", "OPTIONS", "POST"]);
    assert.equal(error?.httpStatus, httpStatus);
    assert.equal(error?.code, "UNIMPLEMENTED");
    assert.deepEqual([route, backend], [null, null]);
  });
}

test("OPTIONS is no mistake: the gateway answers it itself", async (t) => {
  const { error, summary, allow } = await explain(t, "OPTIONS", "/notes/7");
  assert.equal(error, null);
  assert.match(summary, /204/);
  assert.deepEqual(allow, ["GET", "HEAD", "OPTIONS", "POST"]);
});

test("an unknown path is 404, with the routes that came close and why they lost", async (t) => {
  const { outcome, error, trials } = await explain(t, "GET", "/note/7");
  assert.equal(outcome, "no_route");
  assert.equal(error?.httpStatus, 404);
  assert.ok(trials.length > 0);
  assert.ok(trials.every(({ outcome, reason }) => outcome === "path_differs" && reason !== ""));
});

test("the verb and the plain reading are both tried, the verb first", async (t) => {
  const { route, trials } = await explain(t, "POST", "/notes/7:archive");
  assert.equal(route?.rpc, "t.Notes/Archive");
  assert.equal(trials[0]?.outcome, "matched");
  assert.ok(trials.some(({ rpc, outcome }) => rpc === "t.Notes/Put" && outcome === "less_specific"));
});

test("hostile targets are answered, never thrown at", async (t) => {
  for (const target of ["", "?", "/%", "/notes/%ff", "//", "/notes/7?%", "/notes/__proto__", "/\u0000"]) {
    const { outcome, error } = await explain(t, "GET", target);
    assert.ok(outcome !== undefined && error !== undefined, target);
  }
});
