import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Library } from "../../examples/library/gen/library_pb.ts";
import { type LibraryServer, startLibraryServer } from "../../examples/library/server.ts";
import { createLibraryClient, failureOf, startLibraryFor } from "./library-client.ts";

const { downloadBook, uploadBook, getCover, uploadCover, updateBook } = Library.method;

let server: LibraryServer;
let client: ReturnType<typeof createLibraryClient>;
before(async () => {
  server = await startLibraryServer();
  client = createLibraryClient(server.port);
});
after(async () => {
  client.close();
  await server.close();
});

async function download(
  name: string,
  minBytes = 0n,
): Promise<{ type: string; bytes: Buffer; pieces: number }> {
  const bodies = await client.serverStream(downloadBook, { name, minBytes }).toArray();
  return {
    type: bodies[0].contentType,
    bytes: Buffer.concat(bodies.map(({ data }) => data)),
    pieces: bodies.length,
  };
}

test("a book is downloaded as text", async () => {
  const { type, bytes } = await download("shelves/1/books/1");
  assert.equal(type, "text/plain; charset=utf-8");
  assert.match(bytes.toString(), /truth universally acknowledged/);
});

test("a long download is whole repetitions of the text in pieces", async () => {
  const once = (await download("shelves/1/books/1")).bytes;
  const { bytes, pieces } = await download("shelves/1/books/1", 1_000_000n);
  assert.ok(bytes.length >= 1_000_000 && bytes.length < 1_000_000 + once.length);
  assert.ok(pieces > 10);
  assert.ok(bytes.equals(Buffer.alloc(bytes.length, once)));
});

test("what was uploaded in pieces is downloaded byte for byte, whatever its size", async () => {
  const name = "shelves/1/books/3";
  for (const size of [1, 65_535, 65_536, 65_537, 1_048_576]) {
    const sent = Buffer.alloc(size, "0123456789abc");
    const contentType = "Application/PDF";
    const requests = [
      { name, file: { contentType, data: sent.subarray(0, 1000) } },
      { file: { data: sent.subarray(1000) } },
    ];
    await client.clientStream(uploadBook, requests);
    const { type, bytes } = await download(name);
    assert.equal(type, "application/pdf");
    assert.ok(bytes.equals(sent), `${size} bytes`);
  }
});

test("an upload names the book that must be there, a type that is known and not too many bytes", async () => {
  const name = "shelves/1/books/3";
  const data = Buffer.alloc(600_000);
  const file = (contentType: string) => ({ contentType, data });
  const upload = (
    ...requests: Parameters<typeof client.clientStream<typeof uploadBook.input, typeof uploadBook.output>>[1]
  ) => client.clientStream(uploadBook, requests);
  await failureOf(upload({ name: "shelves/1/books/99", file: file("text/plain") }), status.NOT_FOUND);
  await failureOf(upload({ name, file: file("text/html") }), status.INVALID_ARGUMENT);
  await failureOf(upload({ name, file: file("text/plain\r\nx-evil: 1") }), status.INVALID_ARGUMENT);
  await failureOf(upload({ name, file: file("text/plain") }, { file: { data } }), status.INVALID_ARGUMENT);
  await failureOf(upload(), status.INVALID_ARGUMENT);
});

test("a download that cannot be given fails before it begins", async () => {
  await failureOf(download("shelves/1/books/99"), status.NOT_FOUND);
  await failureOf(download("shelves/1/books/1", -1n), status.INVALID_ARGUMENT);
  await failureOf(download("shelves/1/books/1", 2n ** 62n), status.INVALID_ARGUMENT);
});

test("a book without a cover has one drawn, whatever its title is made of", async () => {
  const name = "shelves/6/books/1";
  const title = `<script>alert("&")</script> ${"W".repeat(150)}`;
  await client.unary(updateBook, { book: { name, title } });
  const { contentType, data } = await client.unary(getCover, { name });
  const svg = Buffer.from(data).toString();
  assert.equal(contentType, "image/svg+xml");
  assert.match(svg, /^<svg /);
  assert.doesNotMatch(svg, /<script/);
});

test("a cover that was uploaded comes back byte for byte", async () => {
  const name = "shelves/6/books/2";
  const data = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]);
  const reply = await client.unary(uploadCover, { name, cover: { contentType: "image/png", data } });
  assert.equal(reply.sizeBytes, 6n);
  assert.deepEqual(Buffer.from(reply.sha256), createHash("sha256").update(data).digest());
  const cover = await client.unary(getCover, { name });
  assert.deepEqual([cover.contentType, Buffer.from(cover.data)], ["image/png", data]);
});

test("a cover that a browser would run, none, or one too large is refused", async () => {
  const name = "shelves/6/books/2";
  for (const cover of [
    { contentType: "image/svg+xml", data: Buffer.from("<svg/>") },
    { contentType: "image/png" },
    { contentType: "", data: Buffer.from("x") },
    { contentType: "image/png", data: Buffer.alloc(1_048_577) },
  ]) {
    const { details } = await failureOf(client.unary(uploadCover, { name, cover }), status.INVALID_ARGUMENT);
    assert.ok(details.has("google.rpc.BadRequest"));
  }
});

test("files end where the library's shelves for them do, and room comes back with a book's end", async (t) => {
  const otherClient = await startLibraryFor(t);
  const cover = { contentType: "image/png", data: Buffer.alloc(1_048_576) };
  const names = [1, 2, 3, 4, 5, 6, 7].flatMap((shelf) =>
    [1, 2, 3, 4, 5, 6].map((id) => `shelves/${shelf}/books/${id}`),
  );
  const results: boolean[] = [];
  for (const name of names.slice(0, 33)) {
    results.push(
      await otherClient.unary(uploadCover, { name, cover }).then(
        () => true,
        () => false,
      ),
    );
  }
  // Thirty-two of a megabyte do not fit beside the seed's own texts.
  assert.equal(results.filter(Boolean).length, 31);
  await otherClient.unary(Library.method.deleteBook, { name: "shelves/1/books/1" });
  await otherClient.unary(uploadCover, { name: "shelves/7/books/1", cover });
});
