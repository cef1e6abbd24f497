import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import { openListener, versions } from "../../server/open-listener.ts";
import { json, requestOf, textOf } from "./pieces.ts";
import { createEdge, messageOf, note, unaryReply } from "./rest-fixture.ts";

const echo: Handler = async (call) => unaryReply(messageOf(call));

for (const successStatus of [200, 201, 202]) {
  test(`a method that declares ${successStatus} answers with it`, async () => {
    const response = await createEdge(echo, { policy: { successStatus } }).handle(
      requestOf("GET", "/notes/7"),
    );
    assert.equal(response.httpStatus, successStatus);
    assert.equal(await textOf(response), '{"id":"7"}');
  });
}

for (const successStatus of [204, 205]) {
  test(`a method that declares ${successStatus} has no body and describes none`, async () => {
    const handler: Handler = async () => unaryReply(note({}), { header: Header.of([["x-a", "1"]]) });
    const response = await createEdge(handler, { policy: { successStatus } }).handle(
      requestOf("GET", "/notes/7"),
    );
    assert.equal(response.httpStatus, successStatus);
    assert.equal(response.body, undefined);
    assert.deepEqual([...response.header], [["x-a", "1"]]);
  });
}

for (const { name, ask } of versions) {
  test(`204 over ${name} has neither content nor content-length`, async (context) => {
    const { port } = await openListener(context, createEdge(echo, { policy: { successStatus: 204 } }).handle);
    const answer = await ask(port, { path: "/notes/7" });
    assert.equal(answer.status, 204);
    assert.equal(answer.body, "");
    assert.equal(answer.header["content-length"], undefined);
    assert.equal(answer.header["content-type"], undefined);
  });
}

test("a declared status is for good replies only", async () => {
  const edge = createEdge(echo, { policy: { successStatus: 201 } });
  assert.equal((await edge.handle(requestOf("GET", "/notes/7?nope=1"))).httpStatus, 400);
});

test("the field that a method declares becomes Location, in place of the backend's", async () => {
  const handler: Handler = async () =>
    unaryReply(note({ id: "notes/8" }), { header: Header.of([["location", "/elsewhere"]]) });
  const post = requestOf("POST", "/notes/7", { header: [json], body: "{}" });
  const options = { policy: { successStatus: 201, location: "id" } };
  const response = await createEdge(handler, options).handle(post);
  assert.equal(response.httpStatus, 201);
  assert.deepEqual(response.header.getAll("location"), ["notes/8"]);
});

test("a method that declares no Location leaves the backend its own", async () => {
  const handler: Handler = async () =>
    unaryReply(note({}), { header: Header.of([["location", "/elsewhere"]]) });
  const response = await createEdge(handler).handle(requestOf("GET", "/notes/7"));
  assert.equal(response.header.get("location"), "/elsewhere");
});

test("a Location that says nothing is left out, one that could break the header never gets into it", async () => {
  for (const id of ["", "a\r\nset-cookie: b", "/ü"]) {
    const handler: Handler = async () => unaryReply(note({ id }));
    const response = await createEdge(handler, { policy: { location: "id" } }).handle(
      requestOf("GET", "/notes/7"),
    );
    const location = response.header.get("location");
    assert.ok(location === undefined || /^[!-~]+$/.test(location), String(location));
  }
});

test("a bound header and a bound cookie fill their fields", async () => {
  const policy = {
    headerBindings: [{ name: "x-text", field: "text" }],
    cookieBindings: [{ name: "size", field: "size" }],
  };
  const header = [
    ["x-text", "from the header"],
    ["cookie", "a=b; size=5"],
  ] as const;
  const response = await createEdge(echo, { policy }).handle(requestOf("GET", "/notes/7", { header }));
  assert.deepEqual(JSON.parse(await textOf(response)), { id: "7", text: "from the header", size: "5" });
});
