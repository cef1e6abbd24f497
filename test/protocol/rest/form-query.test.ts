import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import type { HttpResponse } from "../../../src/wire/http-message.ts";
import { requestOf, textOf } from "./pieces.ts";
import { createEdge, decode, encode, httpBodyDesc, messageOf, noteDesc, unaryReply } from "./rest-fixture.ts";

const form: readonly [string, string] = ["content-type", "application/x-www-form-urlencoded"];

/** Answers with the JSON of the message that it got, as a file where the method has one. */
const tell: Handler = async (call) => {
  const message = messageOf(call);
  if (call.method.name !== "Fetch") return unaryReply(message);
  const data = Buffer.from(JSON.stringify(decode(noteDesc, message)));
  return unaryReply(encode(httpBodyDesc, { contentType: "application/json", data }));
};

// `/blobs/7` has GET and PUT, `/notes/7` has a POST of its own.
function post(target: string, body: string, profile: ProfileName, type = form): Promise<HttpResponse> {
  return createEdge(tell, { profile }).handle(requestOf("POST", target, { header: [type], body }));
}

test("a POSTed form reaches a GET route as its query in the grpc-gateway profile", async () => {
  const response = await post("/blobs/7?size=5", "text=a+b", "grpc-gateway");
  assert.equal(response.httpStatus, 200);
  assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "a b", size: "5" });
});

test("what the form says is bound as a query is", async () => {
  const response = await post("/blobs/7", "size=many", "grpc-gateway");
  assert.equal(response.httpStatus, 400);
  assert.match(await textOf(response), /size/);
});

test("a form larger than a body may be is 413", async () => {
  const response = await post("/blobs/7", `text=${"x".repeat(1_000)}`, "grpc-gateway");
  assert.equal(response.httpStatus, 413);
});

test("a client that goes away in the middle of its form is an error like any other", async () => {
  const request = requestOf("POST", "/blobs/7", { header: [form], body: ["te"], failure: new Error("gone") });
  assert.equal((await createEdge(tell, { profile: "grpc-gateway" }).handle(request)).httpStatus, 500);
});

test("the deadline of a form counts from its header, however long its body takes", async () => {
  let headerReadMs = 0;
  let atMs: number | undefined;
  const edge = createEdge(
    (call) => {
      atMs = call.deadline?.atMs;
      return tell(call);
    },
    { profile: "grpc-gateway" },
  );
  const request = {
    ...requestOf("POST", "/blobs/7", { header: [form, ["grpc-timeout", "10S"]] }),
    bodyless: false,
    body: (async function* () {
      headerReadMs = performance.now();
      yield Buffer.from("text=a");
    })(),
  };
  assert.equal((await edge.handle(request)).httpStatus, 200);
  assert.ok(atMs !== undefined && atMs <= headerReadMs + 10_000);
});

test("a form with a malformed timeout is 400", async () => {
  const header = [form, ["grpc-timeout", "soon"]] as const;
  const edge = createEdge(tell, { profile: "grpc-gateway" });
  assert.equal(
    (await edge.handle(requestOf("POST", "/blobs/7", { header, body: "text=a" }))).httpStatus,
    400,
  );
});

test("a POST of anything else is still the wrong method, and so is a form in the other profiles", async () => {
  const json = ["content-type", "application/json"] as const;
  assert.equal((await post("/blobs/7", "{}", "grpc-gateway", json)).httpStatus, 501);
  assert.equal((await post("/blobs/7", "text=a", "standard")).httpStatus, 405);
  assert.equal((await post("/blobs/7", "text=a", "google")).httpStatus, 405);
});

test("a path that has a POST of its own reads the form as its body", async () => {
  const response = await post("/notes/7", "text=a", "grpc-gateway");
  assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "a", size: "0" });
});
