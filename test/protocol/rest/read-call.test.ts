import assert from "node:assert/strict";
import { test } from "node:test";
import { type HttpRefusal, readCall } from "../../../src/protocol/rest/read-call.ts";
import { planRoute } from "../../../src/protocol/rest/reply-choice.ts";
import type { Call } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { dialects, type ProfileName } from "../../../src/transcode/dialect.ts";
import { metadataRules } from "../../../src/wire/metadata-rules.ts";
import { json, requestOf, type TestRequest } from "./pieces.ts";
import { blobDesc, decode, messageOf, messagesOf, note, noteDesc, routeOf } from "./rest-fixture.ts";

interface Options {
  readonly profile?: ProfileName;
  readonly maxRequestBytes?: number;
}

async function read(name: string, request: TestRequest, options: Options = {}): Promise<Call | HttpRefusal> {
  return readCall({
    request,
    plan: planRoute(routeOf(name, options.profile)),
    captures: ["7"],
    query: request.query,
    maxRequestBytes: options.maxRequestBytes ?? 1_000,
    rules: metadataRules[options.profile ?? "standard"],
    bodyTypes: dialects[options.profile ?? "standard"].bodyTypes,
  });
}

async function readGood(name: string, request: TestRequest, options: Options = {}): Promise<Call> {
  const call = await read(name, request, options);
  if ("httpStatus" in call) throw call.error;
  return call;
}

async function readRefused(name: string, request: TestRequest, options: Options = {}): Promise<HttpRefusal> {
  const refusal = await read(name, request, options);
  if (!("httpStatus" in refusal)) throw new Error("it was read");
  return refusal;
}

test("path, query and body become one message", async () => {
  const get = await readGood("Get", requestOf("GET", "/notes/7?text=a+b"));
  assert.deepEqual(decode(noteDesc, messageOf(get)), { id: "7", text: "a b" });
  assert.equal(get.method.path, "/t.Notes/Get");
  const put = await readGood(
    "Put",
    requestOf("POST", "/notes/7", { header: [json], body: ['{"te', 'xt":"x"}'] }),
  );
  assert.deepEqual(decode(noteDesc, messageOf(put)), { id: "7", text: "x" });
});

test("a body of exactly the limit passes, one byte more is 413, in whatever pieces it comes", async () => {
  const body = JSON.stringify({ text: "0123456789" });
  for (const pieces of [[body], [...body]]) {
    const request = requestOf("POST", "/notes/7", { header: [json], body: pieces });
    const call = await readGood("Put", request, { maxRequestBytes: body.length });
    assert.deepEqual(decode(noteDesc, messageOf(call)), { id: "7", text: "0123456789" });

    const larger = requestOf("POST", "/notes/7", { header: [json], body: pieces });
    const refusal = await readRefused("Put", larger, { maxRequestBytes: body.length - 1 });
    assert.equal(refusal.httpStatus, 413);
    assert.equal(refusal.error.code, Code.RESOURCE_EXHAUSTED);
    assert.match(refusal.error.rawMessage, new RegExp(`limit of ${body.length - 1} bytes`));
    assert.equal(larger.body.returned, true, "nobody goes on reading what was refused");
  }
});

test("a body that Content-Length announces as too large is not read at all", async () => {
  const request = requestOf("POST", "/notes/7", { header: [json, ["content-length", "1001"]], body: ["{}"] });
  assert.equal((await readRefused("Put", request)).httpStatus, 413);
  assert.equal(request.body.pulled, 0);
});

test("a body of an unknown type is 415 before a byte of it is read", async () => {
  const request = requestOf("POST", "/notes/7", { header: [["content-type", "text/plain"]], body: "hello" });
  const refusal = await readRefused("Put", request);
  assert.equal(refusal.httpStatus, 415);
  assert.equal(request.body.pulled, 0);
});

test("the type does not matter where there is no body", async () => {
  const request = requestOf("POST", "/notes/7", { header: [["content-type", "text/plain"]] });
  assert.deepEqual(decode(noteDesc, messageOf(await readGood("Put", request))), { id: "7" });
});

test("JSON labelled as a form is 415 with what to do about it", async () => {
  const header = [["content-type", "application/x-www-form-urlencoded"]] as const;
  const refusal = await readRefused("Put", requestOf("POST", "/notes/7", { header, body: '{"text":"x"}' }));
  assert.equal(refusal.httpStatus, 415);
  assert.match(refusal.error.rawMessage, /curl add -H/);
  const form = await readGood("Put", requestOf("POST", "/notes/7", { header, body: "text=x" }));
  assert.deepEqual(decode(noteDesc, messageOf(form)), { id: "7", text: "x" });
});

for (const type of [
  "application/x-www-form-urlencoded",
  "text/plain; charset=utf-8",
  "application/octet-stream",
  "application/xml",
  "application/x-ndjson",
  "x",
]) {
  test(`the grpc-gateway profile reads JSON labelled ${type}`, async () => {
    const options = { profile: "grpc-gateway" } as const;
    const header = [["content-type", type]] as const;
    const post = (body: string): TestRequest => requestOf("POST", "/notes/7", { header, body });
    const call = await readGood("Put", post('{"text":"x"}'), options);
    assert.deepEqual(decode(noteDesc, messageOf(call)), { id: "7", text: "x" });
    await assert.rejects(readGood("Put", post('{"text":'), options), { code: Code.INVALID_ARGUMENT });
    for (const body of ['[{"text":"a"},{"text":"b"}]', '{"text":"a"}\n{"text":"b"}\n']) {
      if (type === "application/x-ndjson" && body.startsWith("[")) continue;
      const stream = await readGood(
        "Import",
        requestOf("POST", "/folders/7:import", { header, body }),
        options,
      );
      const messages = (await messagesOf(stream)).map((message) => decode(noteDesc, message));
      assert.deepEqual(messages, [{ id: "7", text: "a" }, { text: "b" }]);
    }
  });
}

test("the grpc-gateway profile still reads forms, protobuf and multipart as what they say", async () => {
  const options = { profile: "grpc-gateway" } as const;
  const put = async (type: string, body: string | Uint8Array): Promise<unknown> => {
    const request = requestOf("POST", "/notes/7", { header: [["content-type", type]], body: [body] });
    return decode(noteDesc, messageOf(await readGood("Put", request, options)));
  };
  const want = { id: "7", text: "x" };
  assert.deepEqual(await put("application/x-www-form-urlencoded", "text=x"), want);
  assert.deepEqual(await put("application/protobuf", note({ text: "x" })), want);
  const part = '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--b--';
  assert.deepEqual(await put("multipart/form-data; boundary=b", part), want);
  const header = [["content-type", "application/json"] as const, ["content-encoding", "lzw"] as const];
  const packed = requestOf("POST", "/notes/7", { header, body: "{}" });
  assert.equal((await readRefused("Put", packed, options)).httpStatus, 415);
});

test("a client stream of protobuf is 415 before a byte is read, with what to do, in every profile", async () => {
  for (const profile of ["standard", "grpc-gateway", "google"] as const) {
    const header = [["content-type", "application/protobuf"]] as const;
    const request = requestOf("POST", "/folders/7:import", { header, body: "\n\u0001a" });
    const { httpStatus, error } = await readRefused("Import", request, { profile });
    assert.equal(httpStatus, 415);
    assert.match(error.rawMessage, /application\/x-ndjson.*gRPC, Connect or WebSocket/);
    assert.equal(request.body.pulled, 0);
  }
});

test("a body where the rule has none is refused, and ignored in the grpc-gateway profile, labelled or not", async () => {
  for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
    const request = (): TestRequest =>
      requestOf("GET", "/notes/7", { header: [["content-type", type]], body: '{"text":"x"}' });
    await assert.rejects(readGood("Get", request()), {
      code: Code.INVALID_ARGUMENT,
      rawMessage: /takes no body/,
    });
    const call = await readGood("Get", request(), { profile: "grpc-gateway" });
    assert.deepEqual(decode(noteDesc, messageOf(call)), { id: "7" });
  }
});

test("the bytes of an HttpBody are taken under any type, JSON labelled as a form too", async () => {
  const header = [["content-type", "application/x-www-form-urlencoded"]] as const;
  const call = await readGood("Store", requestOf("PUT", "/blobs/7", { header, body: "{" }));
  assert.deepEqual(decode(blobDesc, messageOf(call)), {
    id: "7",
    file: { contentType: "application/x-www-form-urlencoded", data: Buffer.from("{").toString("base64") },
  });
});

test("a client stream is read when its messages are pulled, not before", async () => {
  const request = requestOf("POST", "/folders/7:import", { header: [json], body: ["{}"] });
  const call = await readGood("Import", request);
  assert.equal(call.kind, "stream");
  assert.equal(request.body.pulled, 0);
});

test("the sooner deadline of the header is the call's, a malformed one refuses before the body is read", async () => {
  const beforeMs = performance.now();
  const call = await readGood("Get", requestOf("GET", "/notes/7", { header: [["grpc-timeout", "5S"]] }));
  const atMs = call.deadline?.atMs ?? 0;
  assert.ok(atMs >= beforeMs + 5_000 && atMs <= performance.now() + 5_000);
  assert.equal((await readGood("Get", requestOf("GET", "/notes/7"))).deadline, undefined);

  const bad = requestOf("POST", "/notes/7", { header: [json, ["x-server-timeout", "soon"]], body: "{}" });
  await assert.rejects(readGood("Put", bad), { code: Code.INVALID_ARGUMENT, rawMessage: /x-server-timeout/ });
  assert.equal(bad.body.pulled, 0);
});

test("every header but the transport's becomes metadata, duplicates in order", async () => {
  const request = requestOf("GET", "/notes/7", {
    header: [
      ["host", "api.example"],
      ["authorization", "Bearer t"],
      ["x-tag", "1"],
      ["x-tag", "2"],
      ["x-blob-bin", "AQI="],
      ["connection", "x-hop, keep-alive"],
      ["x-hop", "gone"],
      ["te", "trailers"],
      ["grpc-timeout", "5S"],
      ["content-type", "application/json"],
      ["accept-encoding", "gzip"],
    ],
  });
  assert.deepEqual(
    [...(await readGood("Get", request)).header],
    [
      ["authorization", "Bearer t"],
      ["x-tag", "1"],
      ["x-tag", "2"],
      ["x-blob-bin", "AQI"],
      ["x-forwarded-for", "192.0.2.7"],
      ["x-forwarded-host", "api.example"],
      ["x-forwarded-proto", "http"],
    ],
  );
});

test("x-forwarded-* are appended to, not replaced", async () => {
  const request = requestOf("GET", "/notes/7", {
    scheme: "https",
    remoteAddress: "::ffff:198.51.100.3",
    header: [
      ["x-forwarded-for", "203.0.113.9"],
      ["x-forwarded-proto", "http"],
    ],
  });
  const { header } = await readGood("Get", request);
  assert.deepEqual(header.getAll("x-forwarded-for"), ["203.0.113.9, 198.51.100.3"]);
  assert.deepEqual(header.getAll("x-forwarded-proto"), ["http, https"]);
  assert.equal(header.has("x-forwarded-host"), false, "a client that named no host");
});

test("who a client is by its certificate is the gateway's word, in metadata and beside it", async () => {
  const header = [
    ["x-forwarded-client-cert", "Subject=admin"],
    ["grpc-metadata-x-forwarded-client-cert", "Subject=admin"],
  ] as const;
  const principal = { subject: "CN=ada", alternativeNames: ["DNS:ada.example"], fingerprint: "ab" };
  for (const profile of ["standard", "grpc-gateway", "google"] as const) {
    const plain = await readGood("Get", requestOf("GET", "/notes/7", { header }), { profile });
    assert.deepEqual(plain.header.getAll("x-forwarded-client-cert"), []);
    const request = { ...requestOf("GET", "/notes/7", { header }), principal };
    const known = await readGood("Get", request, { profile });
    assert.deepEqual(known.header.getAll("x-forwarded-client-cert"), [
      'Hash=ab;Subject="CN=ada";DNS=ada.example',
    ]);
    assert.equal(known.principal, principal);
  }
});

test("a -bin header that is not base64 is the client's mistake", async () => {
  const request = requestOf("GET", "/notes/7", { header: [["x-blob-bin", "%%%"]] });
  await assert.rejects(readGood("Get", request), { code: Code.INVALID_ARGUMENT, rawMessage: /x-blob-bin/ });
});

test("a client that goes away in the middle of its body ends the reading by the body's own error", async () => {
  const gone = new RpcError(Code.CANCELLED, "the client went away");
  const request = requestOf("POST", "/notes/7", { header: [json], body: ['{"te'], failure: gone });
  await assert.rejects(readGood("Put", request), gone);
});

test("the call's signal is the request's", async () => {
  const { signal } = new AbortController();
  assert.equal((await readGood("Get", requestOf("GET", "/notes/7", { signal }))).signal, signal);
});
