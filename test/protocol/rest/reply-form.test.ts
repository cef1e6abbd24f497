import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import type { HttpResponse } from "../../../src/wire/http-message.ts";
import { requestOf, Source, textOf } from "./pieces.ts";
import {
  createEdge,
  decode,
  type EdgeOptions,
  encode,
  httpBodyDesc,
  messageOf,
  note,
  noteDesc,
  streamReply,
  unaryReply,
} from "./rest-fixture.ts";

const echo: Handler = async (call) => unaryReply(messageOf(call));
const two: Handler = async () => streamReply(new Source([note({ id: "1" }), note({ id: "2" })]));

function ask(
  handler: Handler,
  target: string,
  accept?: string,
  options?: EdgeOptions,
): Promise<HttpResponse> {
  const header = accept === undefined ? [] : ([["accept", accept]] as const);
  return createEdge(handler, options).handle(requestOf("GET", target, { header }));
}

const json = "application/json";
const proto = "application/protobuf";
const xProto = "application/x-protobuf";

const unary: readonly [accept: string | undefined, type: string, why: string][] = [
  [undefined, json, "who asks for nothing gets JSON"],
  ["*/*", json, "anything is JSON"],
  [json, json, "JSON by name"],
  [proto, proto, "protobuf by name"],
  [xProto, xProto, "and by its older name, which is answered in kind"],
  [`${json};q=0.5, ${proto}`, proto, "the higher weight wins"],
  [`${proto};q=0.5, ${json}`, json, "either way"],
  [`${proto}, ${json}`, json, "a tie is ours to break"],
  [`${json};q=0, */*`, proto, "what is excluded is not sent while there is something else"],
  ["application/*;q=0.2, text/html", json, "a range"],
  ["image/png", json, "nothing on offer: JSON, as in grpc-gateway and Envoy, and no 406"],
  ["garbage;;;q=,", json, "an Accept that cannot be read is none"],
];
for (const [accept, type, why] of unary) {
  test(`a unary reply for Accept ${accept} is ${type}: ${why}`, async () => {
    const response = await ask(echo, "/notes/7?text=x", accept);
    assert.equal(response.httpStatus, 200);
    assert.equal(response.header.get("content-type"), type);
    if (type === json) assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "x" });
    else assert.deepEqual(decode(noteDesc, response.body as Uint8Array), { id: "7", text: "x" });
  });
}

test("several Accept headers are one list", async () => {
  const header = [
    ["accept", `${json};q=0.1`],
    ["accept", proto],
  ] as const;
  const response = await createEdge(echo).handle(requestOf("GET", "/notes/7", { header }));
  assert.equal(response.header.get("content-type"), proto);
});

test("a protobuf body is read, under either of its names", async () => {
  for (const type of [proto, xProto]) {
    const response = await createEdge(echo).handle(
      requestOf("POST", "/notes/7", {
        header: [
          ["content-type", type],
          ["accept", type],
        ],
        body: [note({ id: "from the body", text: "x", size: 5n })],
      }),
    );
    assert.equal(response.httpStatus, 200);
    assert.deepEqual(decode(noteDesc, response.body as Uint8Array), { id: "7", text: "x", size: "5" });
  }
});

test("pretty=true of Accept indents a reply, and is no field of any query", async () => {
  const pretty = await ask(echo, "/notes/7", `${json};pretty=true`);
  assert.match(await textOf(pretty), /^\{\n +"id": ?"7"\n\}\n?$/);
  assert.equal(pretty.header.get("content-type"), json);
  const query = await ask(echo, "/notes/7?pretty");
  assert.equal(query.httpStatus, 400);
});

test("an HttpBody is what it is whatever Accept says", async () => {
  const file = encode(httpBodyDesc, { contentType: "text/csv", data: Buffer.from("a,b") });
  for (const accept of [proto, "image/png", `${json};pretty=true`]) {
    const response = await ask(async () => unaryReply(file), "/blobs/7", accept);
    assert.equal(response.header.get("content-type"), "text/csv");
    assert.equal(await textOf(response), "a,b");
  }
});

const array = '[{"id":"1"},{"id":"2"}]';
const lines = '{"id":"1"}\n{"id":"2"}\n';
const events = 'id: 1\ndata: {"id":"1"}\n\nid: 2\ndata: {"id":"2"}\n\n';
const results = '{"result":{"id":"1"}}\n{"result":{"id":"2"}}\n';
const ndjson = "application/x-ndjson";
const sse = "text/event-stream";

const streams: readonly [
  accept: string | undefined,
  policy: EdgeOptions["policy"],
  type: string,
  body: string,
  why: string,
][] = [
  [undefined, {}, json, array, "an array by default"],
  [json, {}, json, array, "an array by name"],
  [ndjson, {}, ndjson, lines, "lines by name"],
  ["application/jsonl", {}, "application/jsonl", lines, "by their other name"],
  [sse, {}, sse, events, "events by name"],
  [`${sse};q=0.4, ${ndjson};q=0.5`, {}, ndjson, lines, "the higher weight wins"],
  [`text/html, */*;q=0.8`, {}, json, array, "a browser"],
  ["image/png", {}, json, array, "nothing on offer is the default"],
  [
    `${proto}, */*;q=0.1`,
    {},
    json,
    array,
    "nothing says where a binary message ends, so what is left is JSON",
  ],
  [`${proto}, ${ndjson};q=0.1`, {}, ndjson, lines, "or the layout that it names"],
  [`${proto};q=0, image/png`, {}, json, array, "protobuf that is excluded is nothing on offer"],
  ["application/*;q=0.1", {}, json, array, "a range that JSON is in too"],
  [undefined, { streamFormat: "ndjson" }, ndjson, lines, "the method's policy has another default"],
  ["*/*", { streamFormat: "sse" }, sse, events, "which anything is too"],
  [json, { streamFormat: "sse" }, json, array, "and which Accept beats"],
  [undefined, { streamEnvelope: true }, json, results, "in the envelope an array is lines"],
  [ndjson, { streamEnvelope: true }, ndjson, results, "lines in the envelope"],
  [sse, { streamEnvelope: true }, sse, events, "events are envelopes already"],
];
for (const [accept, policy, type, body, why] of streams) {
  test(`a stream for Accept ${accept} under ${JSON.stringify(policy)} is ${type}: ${why}`, async () => {
    const response = await ask(two, "/notes/7:watch", accept, { ...(policy && { policy }) });
    assert.equal(response.header.get("content-type"), type);
    assert.equal(await textOf(response), body);
  });
}

const refusedStreams: readonly [accept: string, policy: EdgeOptions["policy"], type: string, why: string][] =
  [
    [proto, {}, proto, "a client that could decode nothing else"],
    ["application/x-protobuf", {}, "application/x-protobuf", "by its older name"],
    [`${proto}, */*;q=0`, {}, proto, "everything else is excluded"],
    [`image/png, ${proto};q=0.1`, { streamEnvelope: true }, proto, "whatever the policy of the method"],
  ];
for (const [accept, policy, type, why] of refusedStreams) {
  test(`a stream for Accept ${accept} is 406 before the backend is asked: ${why}`, async () => {
    const asked: string[] = [];
    const handler: Handler = async (call) => {
      asked.push(call.method.path);
      return two(call);
    };
    const response = await ask(handler, "/notes/7:watch", accept, { ...(policy && { policy }) });
    assert.equal(response.httpStatus, 406);
    // The error is in the form that the client reads.
    assert.equal(response.header.get("content-type"), type);
    assert.match(
      await textOf(response),
      /a stream of replies is not written as application\/(?:x-)?protobuf here: accept one of application\/json, application\/x-ndjson, application\/jsonl, text\/event-stream; binary streams go over gRPC, gRPC-Web, Connect or WebSocket/,
    );
    assert.deepEqual(asked, []);
  });
}

test("one reply is protobuf for a client stream too, and pieces of an HttpBody are 200 for whoever accepts protobuf", async () => {
  const request = requestOf("POST", "/folders/7:import", { header: [["accept", proto]], body: "{}" });
  const reply = await createEdge(async () => unaryReply(note({ id: "1" }))).handle(request);
  assert.deepEqual([reply.httpStatus, reply.header.get("content-type")], [200, proto]);
  const pieces: Handler = async () => streamReply(new Source([encode(httpBodyDesc, { contentType: "a/b" })]));
  assert.equal((await ask(pieces, "/files/7", proto)).httpStatus, 200);
});

test("pretty=true indents the elements of an array, never a line", async () => {
  assert.match(await textOf(await ask(two, "/notes/7:watch", `${json};pretty=true`)), /^\[\{\n {1,}"id"/);
  const options = { policy: { streamEnvelope: true } };
  const enveloped = await ask(two, "/notes/7:watch", `${json};pretty=true`, options);
  assert.equal(await textOf(enveloped), results);
});

test("events are not for caches, unless the backend says otherwise", async () => {
  assert.equal((await ask(two, "/notes/7:watch", sse)).header.get("cache-control"), "no-cache");
  assert.equal((await ask(two, "/notes/7:watch", json)).header.get("cache-control"), undefined);
});

test("a client that resumes events says so to the backend, and they are numbered on", async () => {
  const seen: (string | undefined)[] = [];
  const handler: Handler = async (call) => {
    seen.push(call.header.get("last-event-id"));
    return two(call);
  };
  for (const profile of ["standard", "grpc-gateway", "google"] as const) {
    const header = [
      ["accept", sse],
      ["last-event-id", "41"],
    ] as const;
    const response = await createEdge(handler, { profile }).handle(
      requestOf("GET", "/notes/7:watch", { header }),
    );
    assert.match(await textOf(response), /^id: 42\ndata: .*\n\nid: 43\n/);
  }
  assert.deepEqual(seen, ["41", "41", "41"]);
});

test("an id that is none of ours starts at one, and an array has no ids to go on from", async () => {
  for (const [accept, id, body] of [
    [sse, "abc", /^id: 1\n/],
    [sse, "99999999999999999999", /^id: 1\n/],
    [json, "41", /^\[\{/],
  ] as const) {
    const header = [
      ["accept", accept],
      ["last-event-id", id],
    ] as const;
    assert.match(
      await textOf(await createEdge(two).handle(requestOf("GET", "/notes/7:watch", { header }))),
      body,
    );
  }
});

const broken: Handler = async () =>
  streamReply(new Source([note({ id: "1" })], new RpcError(Code.DATA_LOSS, "lost")));
const status = '{"code":15,"message":"lost","details":[]}';
const google = '{"error":{"code":500,"message":"lost","status":"DATA_LOSS","details":[]}}';
const errors: readonly [profile: ProfileName, accept: string, body: string, why: string][] = [
  ["standard", json, `[{"id":"1"},{"error":${status}}]`, "the last element"],
  ["standard", ndjson, `{"id":"1"}\n{"error":${status}}\n`, "the last line"],
  ["standard", sse, `id: 1\ndata: {"id":"1"}\n\nevent: error\ndata: ${status}\n\n`, "an event of its own"],
  [
    "grpc-gateway",
    json,
    `{"result":{"id":"1","text":"","size":"0"}}\n{"error":${status}}\n`,
    "beside its results",
  ],
  ["google", json, `[{"id":"1"},${google}]`, "Google's error object as it is, not within another"],
  ["google", sse, `id: 1\ndata: {"id":"1"}\n\nevent: error\ndata: ${google}\n\n`, "likewise"],
];
for (const [profile, accept, body, why] of errors) {
  test(`an error in the middle of ${accept} in the ${profile} profile is ${why}`, async () => {
    const response = await ask(broken, "/notes/7:watch", accept, { profile });
    assert.equal(response.httpStatus, 200);
    assert.equal(await textOf(response), body);
  });
}

const asked: readonly [
  query: string,
  accept: string | undefined,
  type: string,
  body: string | RegExp,
  why: string,
][] = [
  ["$alt=json;enum-encoding=int", undefined, json, '{"id":"7"}', "Google's clients send it on every request"],
  ["alt=json", proto, json, '{"id":"7"}', "the query beats Accept"],
  ["$alt=proto", undefined, proto, "\n\u00017", "protobuf"],
  ["key=secret&$prettyPrint=true", undefined, json, /^\{\n/, "a key is for Google's front end, and no field"],
  ["$fields=text&text=x", undefined, json, '{"text":"x"}', "a part of the reply"],
];
for (const [query, accept, type, body, why] of asked) {
  test(`?${query} in the google profile is ${type}: ${why}`, async () => {
    const response = await ask(echo, `/notes/7?${query}`, accept, { profile: "google" });
    assert.equal(response.httpStatus, 200, await textOf(response));
    assert.equal(response.header.get("content-type"), type);
    if (typeof body === "string") assert.equal(await textOf(response), body);
    else assert.match(await textOf(response), body);
  });
}

test("system parameters are taken out with body * too", async () => {
  const response = await createEdge(echo, { profile: "google" }).handle(
    requestOf("POST", "/notes/7?$alt=json;enum-encoding=int&key=k", { body: '{"text":"x"}' }),
  );
  assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "x" });
});

test("$alt=sse chooses the layout of a stream", async () => {
  const response = await ask(two, "/notes/7:watch?$alt=sse", undefined, { profile: "google" });
  assert.equal(await textOf(response), events);
});

test("fields that no reply has are refused before the backend is asked", async () => {
  let calls = 0;
  const counting: Handler = async (call) => {
    calls++;
    return echo(call);
  };
  const response = await ask(counting, "/notes/7?$fields=nope", undefined, { profile: "google" });
  assert.equal(response.httpStatus, 400);
  assert.match(await textOf(response), /nope/);
  assert.equal(calls, 0);
});

test("a system parameter is an unknown key to the other profiles", async () => {
  assert.equal((await ask(echo, "/notes/7?$alt=json")).httpStatus, 400);
});
