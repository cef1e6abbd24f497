import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type TestContext, test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { askHttp1, askHttp2, openListener, sayRaw, until, versions } from "../../server/open-listener.ts";
import { Source } from "./pieces.ts";
import { createEdge, type EdgeOptions, messageOf, note, streamReply, unaryReply } from "./rest-fixture.ts";

const echo: Handler = async (call) => unaryReply(messageOf(call));
const trailer = Header.of([
  ["x-cost", "2"],
  ["grpc-status", "0"],
]);
const broken: Handler = async () =>
  streamReply(new Source([note({ id: "1" })], new RpcError(Code.DATA_LOSS, "lost")), {
    trailer: Promise.resolve(trailer),
  });

async function open(context: TestContext, handler: Handler, options?: EdgeOptions): Promise<number> {
  const listener = await openListener(context, createEdge(handler, options).handle);
  return listener.port;
}

test("an error in the middle of a stream is in the HTTP/2 trailer too", async (context) => {
  const port = await open(context, broken);
  const { status, body, trailer: got } = await askHttp2(port, { path: "/notes/7:watch" });
  assert.equal(status, 200);
  assert.match(body, /"code":15/);
  assert.equal(got["grpc-status"], "15");
  assert.equal(got["x-cost"], "2");
});

test("trailer metadata is an HTTP/1.1 trailer for a client that says TE: trailers, and for no other", async (context) => {
  const port = await open(context, async () => unaryReply(note({}), { trailer }));
  const asking = await askHttp1(port, { path: "/notes/7", header: { te: "trailers" } });
  assert.deepEqual({ ...asking.trailer }, { "x-cost": "2" });
  const other = await askHttp1(port, { path: "/notes/7" });
  assert.deepEqual({ ...other.trailer }, {});
  assert.equal(other.header["content-length"], "2", "and then nothing needs chunks");
});

test("trailers of the grpc-gateway profile have its prefix, header metadata has another", async (context) => {
  const header = Header.of([["x-a", "1"]]);
  const port = await open(context, async () => unaryReply(note({}), { header, trailer }), {
    profile: "grpc-gateway",
  });
  for (const answer of [
    await askHttp2(port, { path: "/notes/7" }),
    await askHttp1(port, { path: "/notes/7", header: { te: "trailers" } }),
  ]) {
    assert.equal(answer.header["grpc-metadata-x-a"], "1");
    assert.deepEqual(
      Object.keys(answer.trailer).filter((name) => name.includes("cost")),
      ["grpc-trailer-x-cost"],
    );
  }
});

for (const { name, ask } of versions) {
  test(`grpc-status and grpc-message of a backend never reach a REST client over ${name}`, async (context) => {
    const gRpc = Header.of([
      ["grpc-status", "0"],
      ["grpc-message", "x"],
      ["x-a", "1"],
    ]);
    const port = await open(context, async () => unaryReply(note({}), { header: gRpc, trailer: gRpc }));
    const answer = await ask(port, { path: "/notes/7", header: { te: "trailers" } });
    const names = [...Object.keys(answer.header), ...Object.keys(answer.trailer)];
    assert.deepEqual(
      names.filter((name) => name.startsWith("grpc-")),
      [],
    );
    assert.equal(answer.header["x-a"], "1");
  });

  test(`HEAD of a unary route over ${name} has the header of GET and no body`, async (context) => {
    const port = await open(context, echo);
    const get = await ask(port, { path: "/notes/7" });
    const head = await ask(port, { method: "HEAD", path: "/notes/7" });
    assert.equal(head.status, 200);
    assert.equal(head.body, "");
    assert.equal(head.header["content-type"], get.header["content-type"]);
    assert.equal(head.header["content-length"], get.header["content-length"]);
  });

  test(`HEAD of a stream over ${name} has its header, and the backend's stream is let go`, async (context) => {
    const aborted: boolean[] = [];
    const port = await open(context, async ({ signal }) => {
      signal.addEventListener("abort", () => aborted.push(true));
      return streamReply(new Source([note({}), note({})]));
    });
    const head = await ask(port, { method: "HEAD", path: "/notes/7:watch" });
    assert.equal(head.status, 200);
    assert.equal(head.header["content-type"], "application/json");
    assert.equal(head.body, "");
    await until(() => aborted.length > 0);
  });

  test(`an error answers HEAD with its status and no body over ${name}`, async (context) => {
    const port = await open(context, async () => {
      throw new RpcError(Code.NOT_FOUND, "no note");
    });
    const head = await ask(port, { method: "HEAD", path: "/notes/7" });
    assert.equal(head.status, 404);
    assert.equal(head.body, "");
  });

  test(`OPTIONS over ${name} is 204 with Allow`, async (context) => {
    const port = await open(context, echo);
    const answer = await ask(port, { method: "OPTIONS", path: "/notes/7" });
    assert.equal(answer.status, 204);
    assert.equal(answer.header.allow, "GET, HEAD, OPTIONS, POST");
    assert.equal(answer.body, "");
  });

  test(`the header of a stream goes out over ${name} before its first message`, async (context) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* messages(): AsyncGenerator<Uint8Array> {
      await promise;
      yield note({ id: "1" });
    }
    const port = await open(context, async () => streamReply(messages()));
    if (name === "HTTP/2") {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      const stream = session.request({ ":path": "/notes/7:watch" });
      const [header] = await once(stream, "response");
      assert.equal(header[":status"], 200);
      resolve();
      stream.resume();
      await once(stream, "close");
      session.close();
      return;
    }
    const outgoing = httpRequest({ host: "127.0.0.1", port, path: "/notes/7:watch", agent: false }).end();
    const [response] = await once(outgoing, "response");
    assert.equal(response.statusCode, 200);
    resolve();
    response.resume();
    await once(response, "end");
  });
}

test("a body that the client announces as too large is refused before it is asked for", async (context) => {
  const port = await open(context, echo);
  const said = await sayRaw(
    port,
    "POST /notes/7 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\nConnection: close\r\n\r\n",
  );
  assert.match(said, /^HTTP\/1\.1 413 /);
  assert.doesNotMatch(said, /100 Continue/);
});

test("a body that is wanted is asked for", async (context) => {
  const port = await open(context, echo);
  const outgoing = httpRequest({
    host: "127.0.0.1",
    port,
    path: "/notes/7",
    method: "POST",
    agent: false,
    headers: { expect: "100-continue", "content-length": "2" },
  });
  outgoing.flushHeaders();
  await once(outgoing, "continue");
  outgoing.end("{}");
  const [response] = await once(outgoing, "response");
  assert.equal(response.statusCode, 200);
  response.resume();
});

test("a header value that is not ASCII is left out, and the request goes on", async (context) => {
  const seen: [string, string][] = [];
  const port = await open(context, async (call) => {
    seen.push(...call.header);
    return echo(call);
  });
  const said = await sayRaw(
    port,
    "GET /notes/7 HTTP/1.1\r\nHost: a\r\nX-Name: J\xc3\xbcrgen\r\nX-Tab: a\tb\r\nX-Plain: p\r\nConnection: close\r\n\r\n",
  );
  assert.match(said, /^HTTP\/1\.1 200 /);
  assert.deepEqual(
    seen.filter(([name]) => name.startsWith("x-") && !name.startsWith("x-forwarded-")),
    [["x-plain", "p"]],
  );
});

test("metadata of a backend that is not ASCII is left out, and the reply goes on", async (context) => {
  const header = Header.of([
    ["x-name", "Jürgen"],
    ["x-line", "a\r\nset-cookie: b"],
    ["x-plain", "p"],
  ]);
  const port = await open(context, async () => unaryReply(note({}), { header }));
  const answer = await askHttp1(port, { path: "/notes/7" });
  assert.equal(answer.status, 200);
  assert.equal(answer.header["x-plain"], "p");
  assert.equal(answer.header["x-name"], undefined);
  assert.equal(answer.header["set-cookie"], undefined);
});

const binary: readonly [
  profile: EdgeOptions["profile"],
  value: string,
  status: number,
  got: string | undefined,
  why: string,
][] = [
  ["standard", "AAE=", 200, "AAE", "base64, padding taken off"],
  ["standard", "hello!", 400, undefined, "what is not base64 is the client's mistake"],
  ["grpc-gateway", "hello!", 200, undefined, "no name on its list"],
  [
    "google",
    "hello!",
    200,
    Buffer.from("hello!").toString("base64"),
    "Google's clients send bytes as they are",
  ],
];
for (const [profile, value, status, got, why] of binary) {
  test(`x-blob-bin: ${value} in the ${profile} profile is ${status}: ${why}`, async (context) => {
    let seen: string | undefined;
    const handler: Handler = async (call) => {
      seen = call.header.get("x-blob-bin");
      return echo(call);
    };
    const port = await open(context, handler, { ...(profile && { profile }) });
    const answer = await askHttp1(port, { path: "/notes/7", header: { "x-blob-bin": value } });
    assert.equal(answer.status, status);
    if (status === 400) assert.match(answer.body, /x-blob-bin.*base64/);
    assert.equal(seen, got);
  });
}

test("x-forwarded-* reach the backend in every profile", async (context) => {
  for (const profile of ["standard", "grpc-gateway", "google"] as const) {
    const seen: (string | undefined)[] = [];
    const port = await open(
      context,
      async (call) => {
        for (const name of ["for", "host", "proto"]) seen.push(call.header.get(`x-forwarded-${name}`));
        return echo(call);
      },
      { profile },
    );
    await askHttp1(port, {
      path: "/notes/7",
      header: { "x-forwarded-for": "192.0.2.1", host: "api.example" },
    });
    assert.deepEqual(seen, ["192.0.2.1, 127.0.0.1", "api.example", "http"]);
  }
});
