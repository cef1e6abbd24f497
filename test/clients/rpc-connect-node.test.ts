// @connectrpc/connect-node through the whole gateway, every transport that it has, compressed in each way that it can.
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { deflate, inflate, zstdCompress, zstdDecompress } from "node:zlib";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { Library } from "../../examples/library/gen/library_pb.ts";
import type { Ability } from "./rpc/fact.ts";
import { detailRegistry, factsFor } from "./rpc/library-facts.ts";
import { openGateway } from "./rpc/open-gateway.ts";

interface Variant {
  readonly protocol: "Connect" | "gRPC" | "gRPC-Web";
  readonly httpVersion: "1.1" | "2";
  readonly codec: "proto" | "JSON";
  readonly compression: "identity" | keyof typeof compressions;
  readonly tls?: boolean;
}

/** The two that connect-node does not bring along, made as its documentation says. */
const compressionZstd: typeof compressionGzip = {
  name: "zstd",
  compress: promisify<Uint8Array, Uint8Array<ArrayBuffer>>(zstdCompress),
  decompress: promisify<Uint8Array, Uint8Array<ArrayBuffer>>(zstdDecompress),
};
const compressionDeflate: typeof compressionGzip = {
  name: "deflate",
  compress: promisify<Uint8Array, Uint8Array<ArrayBuffer>>(deflate),
  decompress: promisify<Uint8Array, Uint8Array<ArrayBuffer>>(inflate),
};

const compressions = {
  gzip: compressionGzip,
  br: compressionBrotli,
  zstd: compressionZstd,
  deflate: compressionDeflate,
};

function compressionOptions(name: Variant["compression"]) {
  if (name === "identity") return { acceptCompression: [] };
  const compression = compressions[name];
  return { acceptCompression: [compression], sendCompression: compression, compressMinBytes: 0 };
}

const variants: readonly Variant[] = [
  { protocol: "Connect", httpVersion: "1.1", codec: "proto", compression: "identity" },
  { protocol: "Connect", httpVersion: "1.1", codec: "JSON", compression: "gzip" },
  { protocol: "Connect", httpVersion: "1.1", codec: "proto", compression: "zstd" },
  { protocol: "Connect", httpVersion: "2", codec: "proto", compression: "br" },
  { protocol: "Connect", httpVersion: "2", codec: "JSON", compression: "identity" },
  { protocol: "Connect", httpVersion: "2", codec: "proto", compression: "gzip", tls: true },
  { protocol: "gRPC", httpVersion: "2", codec: "proto", compression: "identity" },
  { protocol: "gRPC", httpVersion: "2", codec: "proto", compression: "gzip" },
  { protocol: "gRPC", httpVersion: "2", codec: "JSON", compression: "br" },
  { protocol: "gRPC", httpVersion: "2", codec: "proto", compression: "zstd" },
  { protocol: "gRPC", httpVersion: "2", codec: "proto", compression: "identity", tls: true },
  { protocol: "gRPC-Web", httpVersion: "1.1", codec: "proto", compression: "identity" },
  { protocol: "gRPC-Web", httpVersion: "1.1", codec: "JSON", compression: "br" },
  { protocol: "gRPC-Web", httpVersion: "2", codec: "proto", compression: "gzip" },
  { protocol: "gRPC-Web", httpVersion: "2", codec: "JSON", compression: "deflate" },
  { protocol: "gRPC-Web", httpVersion: "1.1", codec: "proto", compression: "identity", tls: true },
];

/** Over HTTP/1.1 Node's client reads a reply only when the request has ended. */
const abilityOf = ({ httpVersion }: Variant): Ability => ({
  clientStreams: true,
  fullDuplex: httpVersion === "2",
});

function nameOf({ protocol, httpVersion, codec, compression, tls = false }: Variant): string {
  return `${protocol} over HTTP/${httpVersion}${tls ? " and TLS" : ""}, ${codec}, ${compression}`;
}

async function connect(context: TestContext, variant: Variant): Promise<Transport> {
  const { protocol, httpVersion, codec, compression, tls = false } = variant;
  let session: Http2SessionManager | undefined;
  // Said first, since hooks run in order: a session that hears of the listener's end makes an error of it.
  context.after(() => session?.abort());
  const { url: baseUrl } = await openGateway(context, { tls });
  const nodeOptions = { rejectUnauthorized: false };
  const options = {
    baseUrl,
    useBinaryFormat: codec === "proto",
    jsonOptions: { registry: detailRegistry },
    ...compressionOptions(compression),
  };
  if (httpVersion === "1.1") {
    const create = protocol === "Connect" ? createConnectTransport : createGrpcWebTransport;
    return create({ ...options, httpVersion, nodeOptions });
  }
  session = new Http2SessionManager(baseUrl, {}, nodeOptions);
  const overHttp2 = { ...options, httpVersion, sessionManager: session };
  if (protocol === "gRPC") return createGrpcTransport(overHttp2);
  return protocol === "Connect" ? createConnectTransport(overHttp2) : createGrpcWebTransport(overHttp2);
}

for (const variant of variants) {
  test(`connect-node, ${nameOf(variant)}`, async (context) => {
    const transport = await connect(context, variant);
    const client = createClient(Library, transport);
    for (const { what, check } of factsFor(abilityOf(variant))) {
      await context.test(what, () => check(client, transport));
    }
  });
}

test("connect-node, Connect GET: what has no side effects is asked by GET, the rest by POST", async (context) => {
  const methods: unknown[] = [];
  const note = (event: unknown): void => {
    const { request } = event as { request: { method: string; path: string } };
    methods.push(`${request.method} ${request.path.replace(/\?.*/, "?…")}`);
  };
  const { url: baseUrl } = await openGateway(context);
  const client = createClient(
    Library,
    createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true, useBinaryFormat: true }),
  );
  subscribe("http.client.request.start", note);
  context.after(() => unsubscribe("http.client.request.start", note));
  const { title } = await client.getBook({ name: "shelves/7/books/9" });
  await client.inspect({});
  assert.notEqual(title, "");
  assert.deepEqual(methods, [
    "GET /demo.library.v1.Library/GetBook?…",
    "POST /demo.library.v1.Library/Inspect",
  ]);
});

for (const [name, accept] of Object.entries(compressions)) {
  test(`connect-node, Connect: a large reply is compressed by ${name}, a small one is not`, async (context) => {
    const { url: baseUrl } = await openGateway(context);
    const client = createClient(
      Library,
      createConnectTransport({ baseUrl, httpVersion: "1.1", acceptCompression: [accept] }),
    );
    const encodingOf = async (pageSize: number): Promise<string | null> => {
      let encoding: string | null = "no header came";
      const onHeader = (header: Headers): void => {
        encoding = header.get("content-encoding");
      };
      const { books } = await client.listBooks({ pageSize }, { onHeader });
      assert.equal(books.length, pageSize);
      return encoding;
    };
    assert.equal(await encodingOf(40), name);
    assert.equal(await encodingOf(1), null);
  });
}
