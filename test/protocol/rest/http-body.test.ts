import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import type { Handler } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { askHttp1, openListener, versions } from "../../server/open-listener.ts";
import { requestOf, Source, textOf } from "./pieces.ts";
import {
  blobDesc,
  createEdge,
  decode,
  encode,
  httpBodyDesc,
  messageOf,
  note,
  streamReply,
  unaryReply,
} from "./rest-fixture.ts";

/** Every byte there is, among them what UTF-8 and JSON have no place for. */
const odd = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

function file(data: Uint8Array, contentType = "image/png"): Uint8Array {
  return encode(httpBodyDesc, { contentType, data });
}

function dataOf(message: Uint8Array): Uint8Array {
  const blob = fromBinary(blobDesc, message) as unknown as { file?: { data: Uint8Array } };
  return blob.file?.data ?? new Uint8Array(0);
}

test("a unary HttpBody takes the bytes of a body as they are, under their type", async () => {
  let got: unknown;
  const handler: Handler = async (call) => {
    got = decode(blobDesc, messageOf(call));
    return unaryReply(note({}));
  };
  for (const type of ["image/png", "application/json", "multipart/form-data; boundary=x", "weird"]) {
    const header = [["content-type", type]] as const;
    await createEdge(handler).handle(requestOf("PUT", "/blobs/7", { header, body: [odd] }));
    assert.deepEqual(got, { id: "7", file: { contentType: type, data: odd.toString("base64") } });
  }
});

test("a unary HttpBody larger than the limit is 413", async () => {
  const handler: Handler = async () => unaryReply(note({}));
  const put = (bytes: number) =>
    createEdge(handler).handle(requestOf("PUT", "/blobs/7", { body: [new Uint8Array(bytes)] }));
  assert.equal((await put(1_000)).httpStatus, 200);
  const response = await put(1_001);
  assert.equal(response.httpStatus, 413);
  assert.equal(JSON.parse(await textOf(response)).code, Code.RESOURCE_EXHAUSTED);
});

for (const { name, ask } of versions) {
  test(`an HttpBody reply is its bytes under its type over ${name}, and HEAD has the same header`, async (context) => {
    const unary: Handler = async () => unaryReply(file(odd));
    const streamed: Handler = async () => streamReply(new Source([file(odd), file(odd, "ignored/type")]));
    for (const [handler, path, length] of [
      [unary, "/blobs/7", 256],
      [streamed, "/files/7", 512],
    ] as const) {
      const edge = createEdge(handler);
      const { port } = await openListener(context, edge.handle);
      const get = await ask(port, { path });
      assert.equal(get.status, 200);
      assert.equal(get.header["content-type"], "image/png");
      // The client reads text, in which only the ASCII half of the bytes is countable.
      assert.equal(get.body.length, length);
      const head = await ask(port, { method: "HEAD", path });
      assert.equal(head.status, 200);
      assert.equal(head.header["content-type"], "image/png");
      assert.equal(head.header["content-length"], get.header["content-length"]);
      assert.equal(head.body, "");
    }
  });
}

test("an upload of 64 MB through the listener arrives byte for byte, and never waits in memory", async (context) => {
  const piece = Buffer.from(Array.from({ length: 1 << 16 }, (_, i) => (i * 31) & 0xff));
  const count = 1_024;
  const wanted = createHash("sha256");
  const got = createHash("sha256");
  let gotBytes = 0;
  let largest = 0;
  const handler: Handler = async (call) => {
    if (call.kind !== "stream") throw new Error("unary");
    for await (const message of call.messages) {
      const data = dataOf(message);
      got.update(data);
      gotBytes += data.length;
      largest = Math.max(largest, message.length);
      // A backend slower than the client: what waits, waits in the client.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return unaryReply(note({ size: BigInt(gotBytes) }));
  };
  const { port } = await openListener(context, createEdge(handler, { maxRequestBytes: 1 << 20 }).handle);
  const upload = httpRequest({ host: "127.0.0.1", port, method: "PUT", path: "/files/7", agent: false });
  const answered = new Promise<number>((resolve, reject) => {
    upload.once("error", reject).once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  let furthest = 0;
  for (let i = 0; i < count; i++) {
    wanted.update(piece);
    const more = upload.write(piece);
    furthest = Math.max(furthest, (i + 1) * piece.length - gotBytes - upload.writableLength);
    if (!more) await new Promise((resolve) => upload.once("drain", resolve));
  }
  upload.end();
  assert.equal(await answered, 200);
  assert.equal(gotBytes, count * piece.length);
  assert.equal(got.digest("hex"), wanted.digest("hex"), "no byte added, none lost");
  assert.ok(largest <= (1 << 20) + 64, `a message of ${largest} bytes`);
  // Socket buffers of the kernel on both sides hold a few MB; the rest would have to be ours.
  assert.ok(furthest < 16 << 20, `${furthest} bytes were under way`);
});

test("an upload is pulled piece by piece: two are ahead of the backend at most", async () => {
  const piece = Buffer.alloc(1 << 16, 1);
  let produced = 0;
  let consumed = 0;
  let furthest = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 1_024; i++) {
      produced++;
      yield piece;
    }
  }
  const handler: Handler = async (call) => {
    if (call.kind !== "stream") throw new Error("unary");
    for await (const message of call.messages) {
      assert.equal(dataOf(message).length, piece.length);
      consumed++;
      furthest = Math.max(furthest, produced - consumed);
    }
    return unaryReply(note({}));
  };
  const request = { ...requestOf("PUT", "/files/7"), path: "/files/7", body: body(), bodyless: false };
  const response = await createEdge(handler, { maxRequestBytes: 1 << 20 }).handle(request);
  assert.equal(response.httpStatus, 200);
  assert.equal(consumed, 1_024);
  assert.ok(furthest <= 1, `${furthest} pieces were ahead`);
});

test("a download that fails in the middle breaks the connection, so that nobody takes it for whole", async (context) => {
  const handler: Handler = async () =>
    streamReply(new Source([file(odd)], new RpcError(Code.DATA_LOSS, "lost")));
  const { port } = await openListener(context, createEdge(handler).handle);
  await assert.rejects(askHttp1(port, { path: "/files/7" }));
});
