import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { requestOf, type TestRequest, textOf } from "./pieces.ts";
import { createEdge, decode, formDesc, messageOf, note, unaryReply } from "./rest-fixture.ts";

const header = [["content-type", "multipart/form-data; boundary=xx"]] as const;
const end = "--xx--\r\n";

function text(name: string, value: string): string {
  return `--xx\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function file(name: string, content: string, type = "text/csv"): string {
  return `--xx\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
}

function base64(content: string): string {
  return Buffer.from(content).toString("base64");
}

interface Sent {
  readonly httpStatus: number;
  readonly message: string;
  /** The messages that the backend got, as JSON. */
  readonly got: unknown[];
}

async function send(request: TestRequest, maxRequestBytes = 1_000): Promise<Sent> {
  const got: unknown[] = [];
  const handler: Handler = async (call) => {
    if (call.kind === "unary") got.push(decode(formDesc, messageOf(call)));
    else for await (const message of call.messages) got.push(decode(formDesc, message));
    return unaryReply(note({}));
  };
  const response = await createEdge(handler, { maxRequestBytes }).handle(request);
  const message = response.httpStatus === 200 ? "" : JSON.parse(await textOf(response)).message;
  return { httpStatus: response.httpStatus, message, got };
}

const attach = (body: string | readonly string[], target = "/forms/7"): TestRequest =>
  requestOf("POST", target, { header, body });
const stream = (body: string | readonly string[], target = "/forms/7:send"): TestRequest =>
  attach(body, target);

test("the parts of a form bind to fields by name, a file to bytes or an HttpBody", async () => {
  const body =
    text("title", "Dune") + text("pages", "412") + file("data", "\0\u0001") + file("file", "a,b") + end;
  for (const pieces of [[body], [...body]]) {
    const { httpStatus, got, message } = await send(attach(pieces));
    assert.equal(httpStatus, 200, message);
    assert.deepEqual(got, [
      {
        id: "7",
        title: "Dune",
        pages: 412,
        data: base64("\0\u0001"),
        file: { contentType: "text/csv", data: base64("a,b") },
      },
    ]);
  }
});

const refused: readonly [body: string, httpStatus: number, message: RegExp, why: string][] = [
  [text("nope", "1") + end, 400, /nope/, "a part that is no field"],
  [text("pages", "many") + end, 400, /pages.*int32/, "a text that is no number"],
  [text("title", "a") + text("title", "b") + end, 400, /title/, "a second value of one field"],
  [text("title", "a"), 400, /ends before/, "no boundary at the end"],
  ["", 400, /ends before/, "nothing"],
  ["{}", 400, /ends before/, "JSON under the name of a form"],
  [text("title", "x".repeat(1_000)) + end, 413, /1000 bytes/, "more than the limit"],
  [text("title", "a").repeat(1_001) + end, 413, /1000/, "a thousand parts and one"],
];
for (const [body, httpStatus, message, why] of refused) {
  test(`a form is ${httpStatus} for ${why}`, async () => {
    const limit = why === "a thousand parts and one" ? 1_000_000 : 1_000;
    const sent = await send(attach(body), limit);
    assert.equal(sent.httpStatus, httpStatus, sent.message);
    assert.match(sent.message, message);
    assert.deepEqual(sent.got, []);
  });
}

test("a form that Content-Length announces as too large is not read at all", async () => {
  const request = requestOf("POST", "/forms/7", {
    header: [...header, ["content-length", "1001"]],
    body: [text("title", "a") + end],
  });
  assert.equal((await send(request)).httpStatus, 413);
  assert.equal(request.body.pulled, 0);
});

test("the pieces of a file are the messages of a client stream, texts and path with the first", async () => {
  const head = `${text("title", "Dune")}--xx\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: text/csv\r\n\r\n`;
  const { httpStatus, got } = await send(stream([head, "one,", "two", `\r\n${end}`], "/forms/7:send"));
  assert.equal(httpStatus, 200);
  const of = (data: string): unknown => ({ contentType: "text/csv", data: base64(data) });
  assert.deepEqual(got, [{ id: "7", title: "Dune", file: of("one,") }, { file: of("two") }]);
});

test("a bytes field takes the pieces of a file as well", async () => {
  const head = `--xx\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n`;
  const { got } = await send(stream([head, "one,", "two", `\r\n${end}`]));
  assert.deepEqual(got, [{ id: "7", data: base64("one,") }, { data: base64("two") }]);
});

test("texts after a file are a message of their own, an empty file is one too", async () => {
  const { got } = await send(stream(file("data", "") + text("title", "late") + end));
  assert.deepEqual(got, [{ id: "7" }, { title: "late" }]);
});

test("a form without a file is one message of a client stream, an empty form too", async () => {
  assert.deepEqual((await send(stream(text("title", "a") + text("pages", "1") + end))).got, [
    { id: "7", title: "a", pages: 1 },
  ]);
  assert.deepEqual((await send(stream(end))).got, [{ id: "7" }]);
});

test("a piece larger than a message comes in messages of the limit", async () => {
  const { got } = await send(stream(file("data", "0123456789") + end), 4);
  assert.deepEqual(
    got.map((message) => (message as { data: string }).data),
    ["0123", "4567", "89"].map(base64),
  );
});

test("texts that are more than a message may be are 413", async () => {
  const { httpStatus } = await send(stream(text("title", "x".repeat(50)) + end), 40);
  assert.equal(httpStatus, 413);
});

test("what is wrong with a form in the middle of a stream is the client's mistake, whatever the backend makes of it", async () => {
  const stubborn: Handler = async (call) => {
    if (call.kind !== "stream") throw new Error("unary");
    try {
      for await (const _ of call.messages);
    } catch {
      throw new Error("the backend was cancelled");
    }
    return unaryReply(note({}));
  };
  const edge = createEdge(stubborn);
  const response = await edge.handle(stream(file("data", "x") + text("pages", "many") + end));
  assert.equal(response.httpStatus, 400);
  assert.match(await textOf(response), /pages/);
  assert.deepEqual(edge.log, [], "and no line in our log");
});

test("a file of 64 MB streams through: never more than two pieces are ahead of the backend", async () => {
  const piece = Buffer.alloc(1 << 16, 0x61);
  const count = 1_024;
  let produced = 0;
  let consumed = 0;
  let furthest = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`--xx\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n`);
    for (let i = 0; i < count; i++) {
      produced += piece.length;
      yield piece;
    }
    yield Buffer.from(`\r\n${end}`);
  }
  const handler: Handler = async (call) => {
    if (call.kind !== "stream") throw new Error("unary");
    for await (const message of call.messages) {
      // What a message has beside the file: its tag and length.
      consumed += message.length - (message.length > 16_384 ? 4 : message.length > 128 ? 3 : 2);
      furthest = Math.max(furthest, produced - consumed);
    }
    return unaryReply(note({}));
  };
  const request = {
    ...requestOf("POST", "/forms/:send", { header }),
    path: "/forms/7:send",
    body: body(),
    bodyless: false,
  };
  const response = await createEdge(handler, { maxRequestBytes: 1 << 20 }).handle(request);
  assert.equal(response.httpStatus, 200);
  assert.equal(produced, count * piece.length);
  assert.ok(furthest <= 2 * piece.length, `${furthest} bytes were ahead`);
});
