import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { askHttp1 } from "../../server/open-listener.ts";
import { splitEnvelopes } from "../envelopes.ts";
import { pathOf } from "../note-service.ts";
import { requestOf } from "../rest/pieces.ts";
import { createEdge, openEdge } from "./connect-fixture.ts";
import { ask, echo, json, streamJson, streamProto } from "./raw-edge.ts";

test("a failure of our own is logged with its cause, and the client does not hear of it", async () => {
  const lines: unknown[] = [];
  const log = (event: string, fields?: unknown): void => {
    lines.push([event, fields]);
  };
  const logger = { debug: log, info: log, warn: log, error: log };
  const edge = createEdge(
    async () => {
      throw new Error("secret");
    },
    { logger },
  );
  const body = "{}";
  const response = await edge.handle(
    requestOf("POST", pathOf("Unary"), { header: Object.entries(json), body }),
  );
  assert.equal(response?.httpStatus, 500);
  assert.equal(response?.body, '{"code":"internal","message":"internal error"}');
  assert.equal(lines.length, 1);
});

test("requests that are none of Connect's are left to others", () => {
  const edge = createEdge(echo);
  const rows: readonly [accepted: boolean, why: string, request: ReturnType<typeof requestOf>][] = [
    [
      true,
      "a method's path",
      requestOf("POST", pathOf("Unary"), { header: [["content-type", "x/y"]], body: "" }),
    ],
    [true, "whatever the HTTP method", requestOf("OPTIONS", pathOf("Unary"))],
    [false, "another path", requestOf("POST", "/v1/notes", { header: Object.entries(json), body: "{}" })],
    [false, "a GET of another path", requestOf("GET", "/v1/notes?connect=v1")],
    [
      true,
      "envelopes of Connect",
      requestOf("POST", "/a.B/C", { header: Object.entries(streamProto), body: "" }),
    ],
    [
      true,
      "media types are case-insensitive, also with a codec that there is none of",
      requestOf("POST", "/a.B/C", { header: [["content-type", "Application/Connect+XML"]], body: "" }),
    ],
    [
      true,
      "a call that says so",
      requestOf("POST", "/a.B/C", {
        header: [...Object.entries(json), ["connect-protocol-version", "1"]],
        body: "",
      }),
    ],
  ];
  for (const [accepted, why, request] of rows) assert.equal(edge.accepts(request), accepted, why);
});

test("what is not there is undefined where nothing says that it is Connect", async () => {
  const edge = createEdge(echo);
  assert.equal(await edge.handle(requestOf("GET", "/v1/notes")), undefined);
});

test("before there is a schema, calls that are plainly Connect get UNAVAILABLE in its form", async (context) => {
  const methodOf = (): never => {
    throw new RpcError(Code.UNAVAILABLE, "no schema yet");
  };
  const edge = createEdge(echo, { methodOf });
  assert.equal(
    edge.accepts(requestOf("POST", pathOf("Unary"), { header: Object.entries(json), body: "{}" })),
    false,
  );
  assert.equal(
    edge.accepts(requestOf("GET", `${pathOf("Unary")}?connect=v1&encoding=json&message={}`)),
    true,
  );
  const port = await openEdge(context, echo, { methodOf });
  const header = { ...json, "connect-protocol-version": "1" };
  const unary = await askHttp1(port, { method: "POST", path: pathOf("Unary"), header, body: "{}" });
  assert.equal(unary.status, 503);
  assert.equal(unary.body, '{"code":"unavailable","message":"no schema yet"}');
  const stream = await ask(port, { name: "Bidi", header: streamJson, body: "" });
  assert.equal(stream.status, 200);
  const [end] = splitEnvelopes(stream.body);
  assert.equal(JSON.parse(String(end?.bytes)).error.code, "unavailable");
});

test("who calls reaches the call", async () => {
  const principal = { subject: "CN=a", alternativeNames: [], fingerprint: "00" };
  let got: unknown;
  const edge = createEdge((call) => {
    got = call.principal;
    return echo(call);
  });
  const request = requestOf("POST", pathOf("Unary"), { header: Object.entries(json), body: '{"id":"x"}' });
  const response = await edge.handle({ ...request, principal });
  assert.equal(String(Buffer.from(response?.body as Uint8Array)), '{"id":"x"}');
  assert.equal(got, principal);
});
