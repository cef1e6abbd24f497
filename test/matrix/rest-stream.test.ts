// Streams as REST through the gateway to each backend that was not written here: arrays, lines and events.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRest, detailsFrom } from "./rest-suite.ts";

describeRest("REST streams", ({ kind, call, open }) => {
  const names = ["shelves/1/items/1", "shelves/1/items/2"];
  const nameOf = (json: unknown): unknown => (json as { name?: string }).name;

  test("a server stream is a JSON array by default", async () => {
    const reply = await call("/v1/shelves/1/items:watch?count=2");
    assert.equal(reply.status, 200);
    assert.equal(reply.header["content-type"], "application/json");
    assert.deepEqual((reply.json as unknown[]).map(nameOf), names);
  });

  for (const type of ["application/x-ndjson", "application/jsonl"]) {
    test(`a server stream is lines for ${type}`, async () => {
      const reply = await call("/v1/shelves/1/items:watch?count=2", { header: { accept: type } });
      assert.equal(reply.header["content-type"], type);
      assert.deepEqual(linesOf(reply.text).map(nameOf), names);
    });
  }

  test("a server stream is events for text/event-stream", async () => {
    const reply = await call("/v1/shelves/1/items:watch?count=2", {
      header: { accept: "text/event-stream" },
    });
    assert.match(reply.header["content-type"] ?? "", /^text\/event-stream\b/);
    assert.deepEqual(
      eventsOf(reply.text).map(({ id, event, data }) => [id, event, nameOf(data)]),
      names.map((name, index) => [String(index + 1), undefined, name]),
    );
  });

  test("an error after messages is the last element, line or event", async () => {
    const path = "/v1/shelves/1/items:watch?count=1&failCode=8";
    const status = { code: 8, message: "the stream failed", details: detailsFrom(kind) };
    const array = (await call(path)).json as unknown[];
    assert.deepEqual([array.length, array[1]], [2, { error: status }]);
    const lines = linesOf((await call(path, { header: { accept: "application/x-ndjson" } })).text);
    assert.deepEqual([lines.length, lines[1]], [2, { error: status }]);
    const events = eventsOf((await call(path, { header: { accept: "text/event-stream" } })).text);
    assert.deepEqual([events.length, events[1]?.event, events[1]?.data], [2, "error", status]);
  });

  test("messages arrive while the stream runs", async () => {
    const reply = await open("/v1/shelves/1/items:watch?intervalMs=20", {
      header: { accept: "application/x-ndjson" },
    });
    let text = "";
    for await (const piece of reply.pieces) {
      text += piece.toString("utf8");
      if (text.split("\n").length > 3) break;
    }
    reply.abort();
    assert.equal(nameOf(JSON.parse(text.split("\n")[2] ?? "")), "shelves/1/items/3");
  });

  // The Java backend's stub sends its header with the first message, so there is nothing to flush before.
  test("the header is flushed before the first message", { skip: kind === "java" }, async () => {
    const reply = await open("/v1/shelves/1/items:watch?intervalMs=60000");
    assert.equal(reply.status, 200);
    reply.abort();
  });

  test("a stream of twenty thousand messages arrives whole", async () => {
    const reply = await call("/v1/shelves/1/items:watch?count=20000", {
      header: { accept: "application/x-ndjson" },
    });
    const lines = linesOf(reply.text);
    assert.equal(lines.length, 20_000);
    assert.equal(nameOf(lines.at(-1)), "shelves/1/items/20000");
  });

  for (const [form, body] of [
    ["a JSON array", '[{"item":{"name":"a"}},{"item":{"name":"b"}}]'],
    ["lines", '{"item":{"name":"a"}}\n{"item":{"name":"b"}}\n'],
  ] as const) {
    test(`a client stream is read from ${form}`, async () => {
      const reply = await call("/v1/items:import", { body });
      assert.deepEqual(reply.json, { count: 2, names: ["a", "b"] });
    });
  }

  test("a bidi stream answers each message of the body", async () => {
    const reply = await call("/v1/chat", { body: [{ text: "a" }, { text: "b" }] });
    assert.deepEqual(reply.json, [{ text: "re: a" }, { text: "re: b" }]);
  });
});

function linesOf(text: string): unknown[] {
  assert.ok(text.endsWith("\n"));
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line));
}

function eventsOf(text: string): { id?: string; event?: string; data: unknown }[] {
  return text
    .split("\n\n")
    .map((block) => block.split("\n").filter((line) => !line.startsWith(":") && line !== ""))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const fields = new Map(lines.map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
      const [id, event] = [fields.get("id"), fields.get("event")];
      return {
        ...(id !== undefined && { id }),
        ...(event !== undefined && { event }),
        data: JSON.parse(fields.get("data") ?? "null"),
      };
    });
}
