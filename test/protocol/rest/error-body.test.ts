import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import type { HttpResponse } from "../../../src/wire/http-message.ts";
import { requestOf, textOf, trailerOf } from "./pieces.ts";
import { createEdge, note } from "./rest-fixture.ts";

const detail = { typeUrl: "type.googleapis.com/t.Note", value: note({ id: "7" }) };
const missing: Handler = async () => {
  throw new RpcError(Code.NOT_FOUND, "no note", { details: [detail] });
};

function ask(
  accept: string | undefined,
  target = "/notes/7",
  profile: ProfileName = "standard",
): Promise<HttpResponse> {
  const header = accept === undefined ? [] : ([["accept", accept]] as const);
  return createEdge(missing, { profile }).handle(requestOf("GET", target, { header }));
}

const json = "application/json";
const problem = "application/problem+json";
const proto = "application/protobuf";
const rows: readonly [accept: string | undefined, type: string, why: string][] = [
  [undefined, json, "who asks for nothing gets a Status"],
  ["*/*", json, "and who takes anything"],
  [json, json, "JSON by name"],
  [problem, problem, "a problem by name"],
  [`${json}, ${problem}`, problem, "no reply is ever a problem, so who names it means errors"],
  [`${json}, ${problem};q=0.5`, json, "unless JSON is liked better"],
  [`${problem};q=0, */*`, json, "what is excluded is not sent"],
  ["application/*", json, "a range does not name it"],
  [proto, proto, "protobuf alone is a binary Status"],
  ["application/x-protobuf", "application/x-protobuf", "by either name"],
  [`${proto}, ${json}`, json, "who reads JSON too gets JSON"],
  ["text/event-stream", json, "the error of a stream that never began"],
  ["image/png", json, "who accepts nothing still gets to know"],
];
for (const [accept, type, why] of rows) {
  test(`an error for Accept ${accept} is ${type}: ${why}`, async () => {
    const response = await ask(accept);
    assert.equal(response.httpStatus, 404);
    assert.equal(response.header.get("content-type"), type);
    const details = [{ "@type": detail.typeUrl, id: "7" }];
    if (type === json) {
      assert.deepEqual(JSON.parse(await textOf(response)), { code: 5, message: "no note", details });
    } else if (type === problem) {
      assert.deepEqual(JSON.parse(await textOf(response)), {
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail: "no note",
        code: 5,
        details,
      });
    } else {
      const status = fromBinary(StatusSchema, response.body as Uint8Array);
      assert.equal(status.code, 5);
      assert.equal(status.message, "no note");
      assert.deepEqual(
        status.details.map(({ typeUrl, value }) => ({ typeUrl, value: [...value] })),
        [{ typeUrl: detail.typeUrl, value: [...detail.value] }],
      );
    }
  });
}

test("a problem has HTTP's own status where that does not follow from the code", async () => {
  const header = [["accept", problem]] as const;
  const response = await createEdge(missing).handle(requestOf("DELETE", "/notes/7", { header }));
  assert.equal(response.httpStatus, 405);
  assert.equal(response.header.get("allow"), "GET, HEAD, OPTIONS, POST");
  const { status, title, code } = JSON.parse(await textOf(response));
  assert.deepEqual([status, title, code], [405, "Method Not Allowed", 12]);
});

const refusals: readonly [status: number, title: string, request: ReturnType<typeof requestOf>][] = [
  [
    415,
    "Unsupported Media Type",
    requestOf("POST", "/notes/7", {
      header: [
        ["accept", problem],
        ["content-type", "text/plain"],
      ],
      body: "x",
    }),
  ],
  [
    413,
    "Content Too Large",
    requestOf("POST", "/notes/7", { header: [["accept", problem]], body: "x".repeat(1_001) }),
  ],
  [400, "Bad Request", requestOf("GET", "/notes/7?nope=1", { header: [["accept", problem]] })],
];
for (const [httpStatus, title, request] of refusals) {
  test(`what the gateway itself refuses with ${httpStatus} is a problem too`, async () => {
    const response = await createEdge(missing).handle(request);
    assert.equal(response.httpStatus, httpStatus);
    const body = JSON.parse(await textOf(response));
    assert.deepEqual([body.status, body.title], [httpStatus, title]);
  });
}

test("$alt=proto of the google profile has its errors in protobuf as well", async () => {
  const response = await ask(undefined, "/notes/7?$alt=proto", "google");
  assert.equal(response.header.get("content-type"), proto);
  assert.equal(fromBinary(StatusSchema, response.body as Uint8Array).code, 5);
});

test("a message that is no text is still a binary Status", async () => {
  const edge = createEdge(async () => {
    throw new RpcError(Code.UNKNOWN, "\ud800");
  });
  const response = await edge.handle(requestOf("GET", "/notes/7", { header: [["accept", proto]] }));
  assert.equal(fromBinary(StatusSchema, response.body as Uint8Array).message, "\ufffd");
});

test("metadata of a failure has the profile's names", async () => {
  const failing: Handler = async () => {
    throw new RpcError(Code.UNAUTHENTICATED, "Bearer", {
      header: Header.of([["x-a", "1"]]),
      trailer: Header.of([["x-b", "2"]]),
    });
  };
  const standard = await createEdge(failing).handle(requestOf("GET", "/notes/7"));
  assert.deepEqual(
    [...standard.header],
    [
      ["content-type", json],
      ["x-a", "1"],
    ],
  );
  assert.deepEqual(await trailerOf(standard), [["x-b", "2"]]);
  const gateway = await createEdge(failing, { profile: "grpc-gateway" }).handle(requestOf("GET", "/notes/7"));
  assert.deepEqual(
    [...gateway.header],
    [
      ["content-type", json],
      ["grpc-metadata-x-a", "1"],
      ["www-authenticate", "Bearer"],
    ],
  );
  assert.deepEqual(await trailerOf(gateway), [["grpc-trailer-x-b", "2"]]);
});

test("what the gateway itself says is no metadata: it has no prefix, and its challenge is the only one", async () => {
  const refuse: Handler = async () => {
    const header = Header.of([["ratelimit-policy", "theirs"]]);
    header.appendOwn("ratelimit", '"1";r=0;t=1');
    header.appendOwn("www-authenticate", "Bearer");
    throw new RpcError(Code.UNAUTHENTICATED, "who are you", { header: header.clone() });
  };
  const response = await createEdge(refuse, { profile: "grpc-gateway" }).handle(requestOf("GET", "/notes/7"));
  assert.deepEqual(
    [...response.header],
    [
      ["content-type", json],
      ["grpc-metadata-ratelimit-policy", "theirs"],
      ["ratelimit", '"1";r=0;t=1'],
      ["www-authenticate", "Bearer"],
    ],
  );
});

test("a challenge that could not stand in a header is left out", async () => {
  const failing: Handler = async () => {
    throw new RpcError(Code.UNAUTHENTICATED, "a\r\nset-cookie: b");
  };
  const response = await createEdge(failing, { profile: "grpc-gateway" }).handle(
    requestOf("GET", "/notes/7"),
  );
  assert.equal(response.header.get("www-authenticate"), undefined);
});
