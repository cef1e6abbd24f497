import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessages } from "../../../src/protocol/rest/read-messages.ts";
import { Code } from "../../../src/rpc/code.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import { collect, json, requestOf, type TestRequest } from "./pieces.ts";
import { blobDesc, decode, noteDesc, routeOf } from "./rest-fixture.ts";

interface Options {
  readonly profile?: ProfileName;
  readonly maxMessageBytes?: number;
}

function streamOf(name: string, request: TestRequest, options: Options = {}): AsyncIterable<Uint8Array> {
  const contentType = request.header.get("content-type") ?? "";
  const parts = { captures: ["7"], query: request.query, header: request.header, contentType };
  return readMessages(request, routeOf(name, options.profile), parts, options.maxMessageBytes ?? 1_000);
}

async function read(name: string, request: TestRequest, options: Options = {}): Promise<unknown[]> {
  const desc = name === "Upload" ? blobDesc : noteDesc;
  const messages = await collect(streamOf(name, request, options));
  return messages.map((message) => decode(desc, message));
}

const lines = ["content-type", "application/x-ndjson"] as const;
const two = [{ id: "7", text: "a" }, { text: "b" }];

const layouts: readonly [header: readonly [string, string], body: string, why: string][] = [
  [json, '[{"text":"a"},{"text":"b"}]', "an array's elements"],
  [json, '{"text":"a"}\n{"text":"b"}\n', "one JSON value per line"],
  [json, '{"text":"a"}{"text":"b"}', "concatenated values"],
  [lines, '{"text":"a"}\r\n{"text":"b"}', "NDJSON by name, with the line ends of Windows"],
];
for (const [header, body, why] of layouts) {
  test(`a stream's messages are ${why}, and the path is in the first only`, async () => {
    for (const pieces of [[body], [...body]]) {
      assert.deepEqual(await read("Import", requestOf("POST", "/", { header: [header], body: pieces })), two);
    }
  });
}

test("the query goes into the first message only", async () => {
  const request = requestOf("POST", "/?size=5", { header: [json], body: '["a","b"]' });
  assert.deepEqual(await read("Label", request), [{ id: "7", text: "a", size: "5" }, { text: "b" }]);
});

test("lines under the name of lines are messages whatever they begin with", async () => {
  const request = requestOf("POST", "/", { header: [lines], body: '[{"text":"a"}]' });
  await assert.rejects(read("Import", request), { code: Code.INVALID_ARGUMENT });
});

test("a body without values is a stream without messages", async () => {
  for (const body of ["", " ", "[]"]) {
    assert.deepEqual(await read("Import", requestOf("POST", "/", { header: [json], body })), []);
  }
  assert.deepEqual(await read("Import", requestOf("POST", "/")), [], "no body at all");
});

test("a rule without a body is one message of path and query", async () => {
  const touched = [{ id: "7", text: "x" }];
  assert.deepEqual(await read("Touch", requestOf("POST", "/?text=x")), touched);
  assert.deepEqual(
    await read("Touch", requestOf("POST", "/?text=x", { body: [] })),
    touched,
    "an empty body",
  );
});

test("bytes where the rule has no body are refused, and ignored in the grpc-gateway profile", async () => {
  const request = (): TestRequest => requestOf("POST", "/?text=x", { body: ["{}", "{}", "{}"] });
  await assert.rejects(read("Touch", request()), {
    code: Code.INVALID_ARGUMENT,
    rawMessage: /takes no body/,
  });
  const ignored = await read("Touch", request(), { profile: "grpc-gateway" });
  assert.deepEqual(ignored, [{ id: "7", text: "x" }], "one message, however many pieces the body came in");
});

test("the pieces of a raw body are messages as they came, path and type with the first", async () => {
  const request = requestOf("PUT", "/", { header: [["content-type", "text/csv"]], body: ["one,", "two"] });
  const [first, second, ...more] = await read("Upload", request);
  assert.deepEqual(first, { id: "7", file: { contentType: "text/csv", data: base64("one,") } });
  assert.deepEqual((second as { file: { data: string } }).file.data, base64("two"));
  assert.deepEqual(more, []);
});

test("an empty raw body is one message, which has the path", async () => {
  assert.deepEqual(await read("Upload", requestOf("PUT", "/")), [{ id: "7" }]);
});

test("a mistake in the second message names the message", async () => {
  for (const body of ['[{"text":"a"},{"tex":"b"}]', '{"text":"a"}\n{"tex":"b"}']) {
    const seen: Uint8Array[] = [];
    await assert.rejects(
      async () => {
        const request = requestOf("POST", "/", { header: [json], body });
        for await (const message of streamOf("Import", request)) seen.push(message);
      },
      { code: Code.INVALID_ARGUMENT, rawMessage: /message 2\b.*tex/ },
    );
    assert.equal(seen.length, 1, "the first has gone to the backend");
  }
});

test("a mistake in the first message names it, path and query included", async () => {
  const body = requestOf("POST", "/", { header: [json], body: '{"size":"x"}' });
  await assert.rejects(read("Import", body), { rawMessage: /message 1\b.*size/ });
  const query = requestOf("POST", "/?size=x", { header: [json], body: '"a"' });
  await assert.rejects(read("Label", query), { code: Code.INVALID_ARGUMENT, rawMessage: /size/ });
});

test("the limit is one message's: a stream may be longer", async () => {
  const body = `[${Array.from({ length: 100 }, () => '{"text":"0123456789"}').join(",")}]`;
  const all = await read("Import", requestOf("POST", "/", { header: [json], body }), { maxMessageBytes: 21 });
  assert.equal(all.length, 100);
  const request = requestOf("POST", "/", { header: [json], body });
  await assert.rejects(read("Import", request, { maxMessageBytes: 20 }), {
    code: Code.RESOURCE_EXHAUSTED,
    rawMessage: /message 1 .*limit of 20 bytes/,
  });
});

test("a raw piece larger than the limit comes in messages of the limit", async () => {
  const messages = await read("Upload", requestOf("PUT", "/", { body: ["0123456789", "ab"] }), {
    maxMessageBytes: 4,
  });
  const data = messages.map((message) => (message as { file: { data: string } }).file.data);
  assert.deepEqual(data, ["0123", "4567", "89", "ab"].map(base64));
});

test("a consumer that stops early is felt by the request's body", async () => {
  for (const [name, body] of [
    ["Import", ['{"text":"a"}', '{"text":"b"}']],
    ["Upload", ["a", "b"]],
  ] as const) {
    const request = requestOf("POST", "/", { body });
    for await (const _ of streamOf(name, request)) break;
    assert.equal(request.body.returned, true, name);
    assert.equal(request.body.pulled, 1, name);
  }
});

test("one message is pulled from the body at a time", async () => {
  const request = requestOf("POST", "/", { header: [json], body: ['{"text":"a"}', '{"text":"b"}', "{}"] });
  const messages = streamOf("Import", request)[Symbol.asyncIterator]();
  await messages.next();
  assert.equal(request.body.pulled, 1);
  await messages.next();
  assert.equal(request.body.pulled, 2);
  await messages.return?.();
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
