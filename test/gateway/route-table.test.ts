import assert from "node:assert/strict";
import { test } from "node:test";
import { closedPort } from "../contract/transport-backend.ts";
import { until } from "../server/open-listener.ts";
import { failure, notesFiles, openGateway, reading, ScriptedSource, upstreamOf } from "./gateway-fixture.ts";

const more = `
  rpc Stream(Note) returns (stream Note) { option (google.api.http) = { post: "/notes/{id}:stream" body: "size" response_body: "id" }; }
  rpc Any(stream Note) returns (Note) { option (google.api.http) = { custom: { kind: "*" path: "/any" } }; }
  rpc Twice(Note) returns (Note) { option (google.api.http) = { get: "/notes/{id=*}" }; }
  rpc Broken(Note) returns (Note) { option (google.api.http) = { get: "/broken/{idd}" }; }`;

test("before the first snapshot the view is empty, and says what it waits for", async (t) => {
  const gateway = openGateway(t, {
    sources: [new ScriptedSource("source", ["up"])],
    upstreams: [upstreamOf("up", await closedPort())],
  });
  const view = gateway.routes();
  assert.deepEqual(
    [view.digest, view.since, view.profile, view.routes, view.refused, view.shadowed, view.problems],
    ["", null, "standard", [], [], [], []],
  );
  assert.deepEqual(view.sources, [
    {
      name: "source",
      state: "waiting",
      upstreams: ["up"],
      fileCount: 0,
      serviceCount: 0,
      digest: "",
      readAt: null,
      ageMs: null,
      problems: [],
    },
  ]);
});

test("every route is told in declaration order, refused and shadowed ones with their reasons", async (t) => {
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/notes/{id}", more)));
  const gateway = openGateway(t, { sources: [source] });
  await gateway.firstPass;
  const { routes, refused, shadowed, digest, since } = gateway.routes();
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.ok(Date.parse(since ?? "") <= Date.now());
  assert.deepEqual(
    routes.map((route) => [
      route.httpMethod,
      route.template,
      route.rpc,
      route.kind,
      route.body,
      route.responseBody,
    ]),
    [
      ["GET", "/notes/{id}", "t.Notes/Get", "unary", "", ""],
      ["POST", "/notes/{id}:stream", "t.Notes/Stream", "server_streaming", "size", "id"],
      ["*", "/any", "t.Notes/Any", "client_streaming", "", ""],
    ],
  );
  assert.deepEqual([routes[0]?.requestType, routes[0]?.replyType], ["t.Note", "t.Note"]);
  assert.match(routes[0]?.origin ?? "", /^annotation in notes\.proto/);
  assert.deepEqual(routes[0]?.upstreams, ["up"]);
  assert.deepEqual(
    shadowed.map(({ rpc, shadowedBy }) => [rpc, /^t\.Notes\/Get \(annotation in /.test(shadowedBy)]),
    [["t.Notes/Twice", true]],
  );
  assert.equal(refused.length, 1);
  assert.equal(refused[0]?.rpc, "t.Notes/Broken");
  assert.match(refused[0]?.reason ?? "", /idd/);
  assert.ok(gateway.log.some(({ event }) => event === "route refused"));
});

test("a source is told with its age, its files and its services; a stale one with what is wrong", async (t) => {
  const problem = { place: "x", message: "y" };
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/notes/{id}")));
  const gateway = openGateway(t, { sources: [source] });
  await gateway.firstPass;
  const [good] = gateway.routes().sources;
  assert.equal(good?.state, "good");
  assert.ok((good?.fileCount ?? 0) >= 1);
  assert.equal(good?.serviceCount, 1);
  assert.match(good?.digest ?? "", /^[0-9a-f]{12}$/);
  assert.ok((good?.ageMs ?? -1) >= 0);

  source.say(failure(problem));
  await until(() => gateway.routes().sources[0]?.state === "stale");
  const [stale] = gateway.routes().sources;
  assert.deepEqual([stale?.digest, stale?.readAt, stale?.problems], [good?.digest, good?.readAt, [problem]]);
});

test("an upstream is told with its state and why it has no connection", async (t) => {
  const port = await closedPort();
  const gateway = openGateway(t, { sources: [], upstreams: [upstreamOf("up", port)] });
  await until(() => gateway.routes().upstreams[0]?.lastError !== null);
  const [view] = gateway.routes().upstreams;
  assert.equal(view?.name, "up");
  assert.equal(view?.target, `127.0.0.1:${port}`);
  assert.match(view?.lastError ?? "", /refused/);
});

test("a method is told with its flow control and where each word of it comes from", async (t) => {
  const methods = `
  rpc Slow(Note) returns (Note) {
    option (google.api.http) = { get: "/slow" };
    option (protogate.v1.method) = { rate_limit { requests: 10 burst: 20 key: "ip" } timeout { max { seconds: 5 } } };
  }
  rpc Wrong(Note) returns (Note) { option (protogate.v1.method) = { rate_limit { requests: 0 } }; }`;
  const source = new ScriptedSource("source", ["up"], reading(notesFiles("/notes/{id}", methods)));
  const gateway = openGateway(t, { sources: [source] });
  await gateway.firstPass;
  const view = gateway.routes();
  const origin = /^option in notes\.proto:\d+$/;
  const method = view.methods.find(({ rpc }) => rpc === "t.Notes/Slow");
  assert.deepEqual(
    method?.policy.map(({ key, value }) => `${key} ${value}`),
    ["rateLimit 10 per 1s, burst 20, by ip", "timeout.max 5s"],
  );
  for (const entry of method?.policy ?? []) assert.match(entry.origin, origin);
  assert.deepEqual(view.routes.find(({ rpc }) => rpc === "t.Notes/Slow")?.policy, method?.policy);
  assert.deepEqual(view.methods.find(({ rpc }) => rpc === "t.Notes/Get")?.policy, []);
  assert.deepEqual(
    view.problems.map(({ message }) => message),
    ["rate_limit 1 of t.Notes.Wrong is refused: requests: expected a whole number of at least 1, got 0"],
  );
});
