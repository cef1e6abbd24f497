// HTTP/1.1 with nothing between: any header, paths as they are, trailers, a body that can be read piece by piece or
// broken off. Fetch would normalise and forbid what these tests are about.
import { type ClientRequest, type IncomingMessage, request } from "node:http";

export interface HttpCall {
  /** Default GET, POST where there is a body. */
  readonly httpMethod?: string;
  readonly header?: Readonly<Record<string, string | readonly string[]>>;
  /** Text, or a value that is sent as JSON. */
  readonly body?: unknown;
}

export interface HttpReply {
  readonly status: number;
  readonly header: IncomingMessage["headers"];
  readonly trailer: IncomingMessage["trailers"];
  readonly text: string;
  /** The text as JSON. */
  readonly json: unknown;
}

export interface OpenReply {
  readonly status: number;
  readonly header: IncomingMessage["headers"];
  readonly pieces: AsyncIterable<Buffer>;
  /** Breaks the connection off. */
  abort(): void;
}

/** Sends a request and reads the whole reply. */
export async function httpCall(url: string, path: string, call: HttpCall = {}): Promise<HttpReply> {
  const response = await responseOf(send(url, path, call));
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  return {
    status: response.statusCode ?? 0,
    header: response.headers,
    trailer: response.trailers,
    text,
    get json(): unknown {
      return JSON.parse(text);
    },
  };
}

/** Sends a request and resolves at the reply's header. */
export async function httpOpen(url: string, path: string, call: HttpCall = {}): Promise<OpenReply> {
  const sent = send(url, path, call);
  const response = await responseOf(sent);
  // An aborted reply ends by an error that nobody waits for.
  response.on("error", () => undefined);
  return {
    status: response.statusCode ?? 0,
    header: response.headers,
    pieces: response,
    abort: () => sent.destroy(),
  };
}

/** Sends a request whose reply nobody waits for. Returns what breaks it off. */
export function httpStart(url: string, path: string, call: HttpCall = {}): () => void {
  const sent = send(url, path, call);
  sent.on("error", () => undefined);
  return () => sent.destroy();
}

function send(url: string, path: string, call: HttpCall): ClientRequest {
  const { hostname, port } = new URL(url);
  const body =
    call.body === undefined || typeof call.body === "string" ? call.body : JSON.stringify(call.body);
  const sent = request({
    hostname,
    port,
    path,
    method: call.httpMethod ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...call.header },
    // One connection per request: none is left open when a test ends.
    agent: false,
  });
  sent.end(body);
  return sent;
}

function responseOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
  });
}
