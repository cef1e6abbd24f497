// A listener on a free loopback port for one test, closed when the test ends, and the small clients that talk to it.
import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type IncomingHttpHeaders as Http2Headers,
  type OutgoingHttpHeaders,
} from "node:http2";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import { createListener } from "../../src/server/create-listener.ts";
import type { Listener, ListenerOptions, RawHandler } from "../../src/server/listener.ts";
import type { HttpRequest, HttpResponse } from "../../src/wire/http-message.ts";

export interface TestListener extends Listener {
  /** What onError was told: `where: message`. */
  readonly errors: string[];
}

export const notFound: RawHandler = (request, response) => {
  const { statusCode } = Object.assign(response, { statusCode: 404 });
  response.setHeader("content-type", "text/plain");
  (response.end as (text: string) => void).call(response, `${statusCode} fallback ${request.url}`);
};

export async function openListener(
  context: TestContext,
  handle: (request: HttpRequest) => Promise<HttpResponse | undefined>,
  options: Partial<ListenerOptions> = {},
): Promise<TestListener> {
  const errors: string[] = [];
  const listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    handle,
    fallback: notFound,
    onError: (error, where) => {
      errors.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    },
    ...options,
  });
  context.after(() => listener.close(0));
  return Object.defineProperty(listener, "errors", { value: errors }) as TestListener;
}

export function text(httpStatus: number, body: string, header: [string, string][] = []): HttpResponse {
  return {
    httpStatus,
    header: Header.of([["content-type", "text/plain"], ...header]),
    body: Buffer.from(body),
  };
}

/** The bytes of a body as text. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

export interface Answer {
  readonly status: number;
  readonly header: IncomingHttpHeaders | Http2Headers;
  readonly body: string;
  readonly trailer: Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly header?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** One request over HTTP/1.1 on a connection of its own. */
export async function askHttp1(port: number, ask: Ask = {}): Promise<Answer> {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method: ask.method ?? "GET",
    path: ask.path ?? "/",
    headers: ask.header ?? {},
    agent: false,
  });
  outgoing.end(ask.body);
  const [response] = await once(outgoing, "response");
  const body = await readText(response);
  return { status: response.statusCode, header: response.headers, body, trailer: response.trailers };
}

/** One request over HTTP/2 with prior knowledge on a connection of its own. */
export async function askHttp2(port: number, ask: Ask = {}): Promise<Answer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    return await askSession(session, ask);
  } finally {
    session.close();
  }
}

export async function askSession(session: ClientHttp2Session, ask: Ask): Promise<Answer> {
  const headers: OutgoingHttpHeaders = {
    ":method": ask.method ?? "GET",
    ":path": ask.path ?? "/",
    ...ask.header,
  };
  const stream = session.request(headers, { endStream: ask.body === undefined });
  if (ask.body !== undefined) stream.end(ask.body);
  let trailer: Record<string, unknown> = {};
  stream.on("trailers", (fields) => {
    trailer = { ...fields };
  });
  const closed = once(stream, "close").then(() => {
    throw new Error("the stream closed without a response");
  });
  const [header] = await Promise.race([once(stream, "response"), closed]);
  const body = await readText(stream);
  return { status: Number(header[":status"]), header, body, trailer };
}

export const versions = [
  { name: "HTTP/1.1", ask: askHttp1 },
  { name: "HTTP/2", ask: askHttp2 },
] as const;

/** A plain TCP connection that says `bytes`. */
export async function openSocket(port: number, bytes?: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  await once(socket, "connect");
  if (bytes !== undefined) socket.write(bytes, "latin1");
  return socket;
}

/** Says `bytes` and returns all that comes until the server ends the connection. */
export async function sayRaw(port: number, bytes: string): Promise<string> {
  return readAll(await openSocket(port, bytes));
}

/** All that comes until the connection ends, by FIN or reset. */
export async function readAll(socket: Socket): Promise<string> {
  let seen = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    seen += piece;
  });
  // Not once(): it rejects when the socket is reset.
  await new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
  return seen;
}

/** Waits until `condition` holds; ten seconds without it mean that it never will. */
export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
