// One HTTP request whose body is written and whose answer is read piece by piece, over HTTP/1.1 and HTTP/2 alike. What
// is not asked for stays in the socket, or behind the flow-control window.
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import type { Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Compression, compressions } from "../../../src/wire/compression.ts";
import { PieceList } from "../../../src/wire/piece-list.ts";
import { inflatePieces } from "../../../src/wire/zlib-pieces.ts";

export interface HttpHead {
  readonly status: number;
  readonly header: ReadonlyMap<string, string>;
}

export interface HttpCall {
  /** Resolves when the transport has taken it. */
  write(bytes: string | Uint8Array): Promise<void>;
  end(bytes?: string | Uint8Array): void;
  head(): Promise<HttpHead>;
  /** Exactly so many bytes; fewer where the body ends. */
  take(count: number): Promise<Buffer>;
  /** Text up to a separator, without it; undefined at the end of the body, where something may be left in `take`. */
  takeUntil(separator: string): Promise<string | undefined>;
  /** All that is left. */
  takeAll(): Promise<Buffer>;
  /** Known when the body has ended. */
  trailer(): ReadonlyMap<string, string>;
  cancel(): void;
}

export type OpenHttp = (
  url: string,
  method: string,
  path: string,
  header: Readonly<Record<string, string>>,
) => Promise<HttpCall>;

interface Opened {
  readonly outgoing: Writable;
  readonly head: Promise<HttpHead>;
  readonly body: Promise<AsyncIterable<Uint8Array>>;
  readonly trailer: () => ReadonlyMap<string, string>;
  readonly cancel: () => void;
  readonly close: () => void;
}

export const openHttp1: OpenHttp = async (...target) => httpCall(await startHttp1(...target));

/** The same with gzip both ways: each write is a member of its own, and the answer is inflated as it is read. */
export const openGzipHttp1: OpenHttp = async (url, method, path, header) => {
  const gzip = compressions.get("gzip") as Compression;
  const opened = await startHttp1(url, method, path, {
    ...header,
    "accept-encoding": "gzip",
    ...(method === "POST" && { "content-encoding": "gzip" }),
  });
  const body = opened.body.then((response) =>
    response.headers["content-encoding"] === "gzip"
      ? inflatePieces(response, gzip, Number.POSITIVE_INFINITY)
      : response,
  );
  body.catch(() => {});
  const call = httpCall({ ...opened, body });
  return {
    ...call,
    write: (bytes) => call.write(gzipSync(bytes)),
    // A body without a member is no gzip.
    end: (bytes) => call.end(method === "POST" ? gzipSync(bytes ?? "") : undefined),
  };
};

async function startHttp1(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Omit<Opened, "body"> & { readonly body: Promise<IncomingMessage> }> {
  const agent = new Agent();
  const outgoing = httpRequest(url + path, { method, headers, agent });
  outgoing.on("error", () => {});
  const body = once(outgoing, "response").then(([response]) => response as IncomingMessage);
  body.catch(() => {});
  let trailer: ReadonlyMap<string, string> = new Map();
  const head = body.then((response) => {
    response.on("end", () => {
      trailer = mapOf(response.trailers);
    });
    return { status: response.statusCode ?? 0, header: mapOf(response.headers) };
  });
  head.catch(() => {});
  return {
    outgoing,
    head,
    body,
    trailer: () => trailer,
    cancel: () => outgoing.destroy(),
    close: () => agent.destroy(),
  };
}

export const openHttp2: OpenHttp = async (url, method, path, header) => {
  const session = connect(url);
  session.on("error", () => {});
  const stream = session.request({ ":method": method, ":path": path, ...header });
  stream.on("error", () => {});
  let trailer: ReadonlyMap<string, string> = new Map();
  stream.on("trailers", (fields) => {
    trailer = mapOf(fields);
  });
  const head = new Promise<HttpHead>((resolve, reject) => {
    stream.on("response", (fields) => resolve({ status: Number(fields[":status"]), header: mapOf(fields) }));
    stream.on("close", () => reject(new Error("the stream closed without an answer")));
  });
  head.catch(() => {});
  return httpCall({
    outgoing: stream,
    head,
    body: Promise.resolve(stream),
    trailer: () => trailer,
    cancel: () => stream.close(8),
    close: () => session.close(),
  });
};

function httpCall({ outgoing, head, body, trailer, cancel, close }: Opened): HttpCall {
  let pieces: AsyncIterator<Uint8Array> | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;

  const pull = async (): Promise<Uint8Array | undefined> => {
    if (ended) return undefined;
    pieces ??= (await body)[Symbol.asyncIterator]();
    const step = await pieces.next();
    if (step.done !== true) return step.value;
    ended = true;
    close();
    return undefined;
  };
  const fill = async (count: number): Promise<void> => {
    const list = new PieceList();
    if (rest.length > 0) list.push(rest);
    while (list.size < count) {
      const piece = await pull();
      if (piece === undefined) break;
      list.push(piece);
    }
    rest = Buffer.from(list.take());
  };
  const cut = (count: number): Buffer => {
    const taken = rest.subarray(0, count);
    rest = rest.subarray(count);
    return taken;
  };

  return {
    write: (bytes) => new Promise((resolve) => outgoing.write(bytes, () => resolve())),
    end: (bytes) => void (bytes === undefined ? outgoing.end() : outgoing.end(bytes)),
    head: () => head,
    async take(count) {
      if (rest.length < count) await fill(count);
      return cut(count);
    },
    async takeUntil(separator) {
      for (let from = 0; ; ) {
        const at = rest.indexOf(separator, from);
        if (at !== -1) return cut(at + separator.length).toString("utf8", 0, at);
        from = Math.max(0, rest.length - separator.length);
        const { length } = rest;
        await fill(length + 1);
        if (rest.length === length) return undefined;
      }
    },
    async takeAll() {
      await fill(Number.POSITIVE_INFINITY);
      return cut(rest.length);
    },
    trailer,
    cancel() {
      cancel();
      close();
    },
  };
}

/** Names in lower case; of several values one list, as HTTP joins them. */
function mapOf(fields: object): Map<string, string> {
  return new Map(
    Object.entries(fields).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : String(value),
    ]),
  );
}
