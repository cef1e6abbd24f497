// REST from a real client through the whole gateway to a real backend: what no edge with a handler in its place proves.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { after, before, type TestContext, test } from "node:test";
import { type LibraryServer, startLibraryServer } from "../../../examples/library/server.ts";
import { type OpenApp, openApp } from "../../app/open-app.ts";
import { type HttpCall, httpOpen } from "../../matrix/http-client.ts";

let server: LibraryServer;
before(async () => {
  server = await startLibraryServer();
});
after(() => server.close());

const library = "demo.library.v1.Library";

function open(context: TestContext, keys: Readonly<Record<string, unknown>> = {}): Promise<OpenApp> {
  return openApp(context, { upstreams: `library=127.0.0.1:${server.port}`, ...keys });
}

/** Metadata of the call that the backend saw, by name. */
async function inspect(app: OpenApp, call: HttpCall): Promise<ReadonlyMap<string, string>> {
  const { json } = await app.call("/v1/inspect", call);
  const { metadata } = json as { metadata: readonly { key: string; value: string }[] };
  return new Map(metadata.map(({ key, value }) => [key, value]));
}

/** Sends bytes as they are; the status and text of the answer. */
async function store(
  app: OpenApp,
  path: string,
  type: string,
  body: Buffer,
): Promise<readonly [number, string]> {
  const headers = { "content-type": type };
  const sent = request(`${app.url}${path}`, { method: "POST", headers, agent: false });
  sent.end(body);
  const [response] = await once(sent, "response");
  let text = "";
  for await (const piece of response) text += piece;
  return [response.statusCode, text];
}

async function bytesOf(app: OpenApp, path: string): Promise<{ type: string | undefined; bytes: Buffer }> {
  const { header, pieces } = await httpOpen(app.url, path);
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return { type: header["content-type"], bytes: Buffer.concat(all) };
}

test("a method with int64Numbers prints 64-bit integers as numbers up to 2^53, its neighbours as text", async (t) => {
  const app = await open(t, {
    rest: { emitDefaults: true },
    methods: [{ selector: `${library}.GetBook`, rest: { int64Numbers: true } }],
  });
  const book = (await app.call("/v1/shelves/1/books/1")).json as Record<string, unknown>;
  assert.equal(typeof book.loanCount, "number");
  assert.ok(BigInt(String(book.accessionNumber)) > 2n ** 53n);
  assert.equal(typeof book.accessionNumber, "string", "a number would lose its last digit");
  const list = (await app.call("/v1/shelves/1/books?pageSize=1")).json as {
    books: Record<string, unknown>[];
  };
  assert.equal(typeof list.books[0]?.loanCount, "string");
});

for (const [updateMask, pageCount, why] of [
  ["infer", 0, "the mask names the field that the body has, were it zero"],
  ["keep", 250, "an empty mask takes the fields that are set, which zero is not"],
] as const) {
  test(`PATCH of a field to zero under updateMask ${updateMask} leaves ${pageCount}: ${why}`, async (t) => {
    const app = await open(t, {
      rest: { emitDefaults: true },
      methods: [{ selector: `${library}.UpdateBook`, rest: { updateMask } }],
    });
    const created = await app.call("/v1/shelves/4/books", { body: { title: "Patched", pageCount: 250 } });
    const { name } = created.json as { name: string };
    const patched = await app.call(`/v1/${name}`, { httpMethod: "PATCH", body: { pageCount: 0 } });
    assert.equal(patched.status, 200, patched.text);
    const book = (await app.call(`/v1/${name}`)).json as { title: string; pageCount: number };
    assert.deepEqual([book.title, book.pageCount], ["Patched", pageCount]);
  });
}

/** Every byte value, in an order that repeats after no power of two. */
const content = Buffer.from(Array.from({ length: 300_007 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

test("the bytes of an HttpBody arrive and come back unchanged, with their type", async (t) => {
  for (const profile of ["standard", "grpc-gateway", "google"]) {
    const app = await open(t, { profile });
    const path = "/v1/shelves/2/books/1/cover";
    const [status, text] = await store(app, path, "image/png", content);
    assert.equal(status, 200, text);
    const cover = await bytesOf(app, path);
    assert.equal(cover.type, "image/png");
    assert.ok(cover.bytes.equals(content));
  }
});

test("the bytes of an HttpBody stream arrive and come back unchanged, JSON too", async (t) => {
  for (const profile of ["standard", "grpc-gateway"]) {
    const app = await open(t, { profile });
    for (const [type, bytes] of [
      ["application/octet-stream", content],
      ["text/plain", Buffer.from('{"a": 1}')],
    ] as const) {
      const [status, text] = await store(app, "/v1/shelves/2/books/2:upload", type, bytes);
      assert.equal(status, 200, text);
      const back = await bytesOf(app, "/v1/shelves/2/books/2:download");
      assert.equal(back.type, type);
      assert.ok(back.bytes.equals(bytes));
    }
  }
});

test("a client that expects 100-continue sends its body when it is asked for, and not where the answer is no", async (t) => {
  const app = await open(t);
  const post = (path: string, type: string): ReturnType<typeof request> => {
    const headers = { expect: "100-continue", "content-type": type, "content-length": "18" };
    const sent = request(`${app.url}${path}`, { method: "POST", headers });
    sent.flushHeaders();
    return sent;
  };
  const whole = post("/v1/shelves", "application/json");
  await once(whole, "continue");
  const answered = once(whole, "response");
  whole.end('{"theme": "opera"}');
  const [response] = await answered;
  assert.equal(response.statusCode, 201);
  response.resume();

  const refused = post("/v1/shelves", "text/csv");
  let continued = false;
  refused.on("continue", () => {
    continued = true;
  });
  // It never sends the body that it announced, so its connection ends by an error.
  refused.on("error", () => {});
  const [no] = await once(refused, "response");
  assert.equal(no.statusCode, 415);
  assert.equal(continued, false);
  no.on("error", () => {}).resume();
  refused.destroy();
});

test("a client that expects 100-continue is asked for its body over HTTP/2 too", async (t) => {
  const app = await open(t);
  const session = connectHttp2(app.url);
  t.after(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/v1/shelves",
    expect: "100-continue",
    "content-type": "application/json",
  });
  await once(stream, "continue");
  stream.end('{"theme": "ballet"}');
  const [header] = await once(stream, "response");
  assert.equal(header[":status"], 201);
  stream.resume();
});

for (const profile of ["standard", "grpc-gateway", "google"]) {
  test(`a reader of events that comes back says where it was, in the ${profile} profile`, async (t) => {
    const app = await open(t, { profile });
    const readTwo = async (header: Record<string, string>): Promise<string[]> => {
      const path = "/v1/arrivals:watch?interval=0.01s";
      const events = await httpOpen(app.url, path, { header: { accept: "text/event-stream", ...header } });
      let text = "";
      for await (const piece of events.pieces) {
        text += piece;
        if ((text.match(/^id: \d+$/gm) ?? []).length >= 2) break;
      }
      events.abort();
      return [...text.matchAll(/^id: (\d+)$/gm)].map(([, id = ""]) => id).slice(0, 2);
    };
    const first = await readTwo({});
    assert.deepEqual(first, ["1", "2"]);
    const lastId = first.at(-1) ?? "";
    assert.deepEqual(await readTwo({ "last-event-id": lastId }), ["3", "4"]);
    assert.equal((await inspect(app, { header: { "last-event-id": lastId } })).get("last-event-id"), "2");
  });
}

test("nobody writes the backend's x-forwarded-for under the prefix of the grpc-gateway profile", async (t) => {
  const app = await open(t, { profile: "grpc-gateway" });
  const seen = await inspect(app, {
    header: {
      "Grpc-Metadata-X-Forwarded-For": "10.0.0.9",
      "Grpc-Metadata-X-Forwarded-Client-Cert": "Subject=admin",
      "Grpc-Metadata-Forwarded": "for=10.0.0.9",
      "Grpc-Metadata-Grpcgateway-Authorization": "Bearer stolen",
      "Grpc-Metadata-Host": "admin.internal",
      "Grpc-Metadata-Tenant": "acme",
    },
  });
  assert.equal(seen.get("x-forwarded-for"), "127.0.0.1");
  assert.equal(seen.get("tenant"), "acme");
  for (const name of ["x-forwarded-client-cert", "forwarded", "grpcgateway-authorization", "host"]) {
    assert.equal(seen.has(name), false, name);
  }
});

test("curl -d without -H works in the grpc-gateway profile", async (t) => {
  const app = await open(t, { profile: "grpc-gateway" });
  const header = { "content-type": "application/x-www-form-urlencoded" };
  const shelf = await app.call("/v1/shelves", { header, body: '{"theme":"maps"}' });
  assert.equal(shelf.status, 201, shelf.text);
  assert.equal((shelf.json as { theme: string }).theme, "maps");
  const books = '{"parent":"shelves/4","book":{"title":"A"}}\n{"parent":"shelves/4","book":{"title":"B"}}\n';
  const imported = await app.call("/v1/books:import", { header, body: books });
  assert.equal(imported.status, 200, imported.text);
});
