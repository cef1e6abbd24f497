// Every RPC protocol as a way to ask one method and to read how the call ended, by hand: a library would hide what came.
// Sources: gRPC over HTTP/2; gRPC-Web; Connect; the frames of websocket-protocol.ts.
import { connect, type IncomingHttpHeaders } from "node:http2";
import { WebSocket } from "ws";
import { connectCode } from "../../src/protocol/connect/error-json.ts";
import { decodeGrpcMessage } from "../../src/wire/grpc-message.ts";
import { envelope } from "./crooked-backend.ts";

/** How a call ended, as its client sees it. */
export interface Ending {
  /** The gRPC code; a text where the client got no status that its protocol knows. */
  readonly code: number | string;
  readonly text: string;
  /** Of the messages that came, in the codec of the edge. */
  readonly messages: readonly Buffer[];
  readonly header: ReadonlyMap<string, string>;
  readonly trailer: ReadonlyMap<string, string>;
}

export interface Ask {
  readonly port: number;
  /** `Echo`, or the whole path. */
  readonly method: string;
  /** The one message of the request, in the codec of the edge; default: an empty one. */
  readonly message?: Buffer;
  readonly header?: Readonly<Record<string, string>>;
}

export interface Edge {
  readonly name: string;
  readonly codec: "proto" | "json";
  /** Which methods it is for: Connect has other content types for streams. */
  readonly takes: "unary" | "stream" | "both";
  ask(ask: Ask): Promise<Ending>;
}

/** A whole answer over HTTP/2. */
export interface RawAnswer {
  readonly status: number;
  readonly header: ReadonlyMap<string, string>;
  readonly trailer: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Why the stream broke off; undefined where it ended well. */
  readonly broken: string | undefined;
}

export const pathOf = (method: string): string =>
  method.startsWith("/") ? method : `/hostile.v1.Target/${method}`;

/** One request over a connection of its own. */
export async function askHttp2(
  port: number,
  header: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<RawAnswer> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { maxHeaderListSize: 1024 * 1024 },
    maxHeaderListPairs: 2_000,
  });
  session.on("error", () => undefined);
  try {
    const stream = session.request({ ":method": "POST", ...header });
    let [head, tail]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
    let broken: string | undefined;
    stream.on("response", (fields) => {
      head = fields;
    });
    stream.on("trailers", (fields) => {
      tail = fields;
    });
    stream.on("error", (error) => {
      broken = error.message;
    });
    const pieces: Buffer[] = [];
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.end(body);
    await new Promise((resolve) => stream.once("close", resolve));
    const status = Number(head[":status"] ?? 0);
    return { status, header: mapOf(head), trailer: mapOf(tail), body: Buffer.concat(pieces), broken };
  } finally {
    session.destroy();
  }
}

function mapOf(fields: IncomingHttpHeaders): ReadonlyMap<string, string> {
  return new Map(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

const http2Edge = (
  name: string,
  type: string,
  takes: Edge["takes"],
  read: (answer: RawAnswer) => Ending,
): Edge => ({
  name,
  codec: /json$/.test(type) ? "json" : "proto",
  takes,
  async ask({ port, method, message = /json$/.test(type) ? Buffer.from("{}") : Buffer.alloc(0), header }) {
    const isText = type.includes("-text");
    const body = takes === "unary" ? message : envelope(message);
    const answer = await askHttp2(
      port,
      { ":path": pathOf(method), "content-type": type, te: "trailers", ...header },
      isText ? Buffer.from(body.toString("base64")) : body,
    );
    return read(answer);
  },
});

export const edges: readonly Edge[] = [
  http2Edge("gRPC", "application/grpc", "both", readGrpc),
  http2Edge("gRPC+json", "application/grpc+json", "both", readGrpc),
  http2Edge("gRPC-Web", "application/grpc-web+proto", "both", readGrpcWeb),
  http2Edge("gRPC-Web+json", "application/grpc-web+json", "both", readGrpcWeb),
  http2Edge("gRPC-Web text", "application/grpc-web-text", "both", readGrpcWebText),
  http2Edge("Connect proto", "application/proto", "unary", readConnect),
  http2Edge("Connect json", "application/json", "unary", readConnect),
  http2Edge("Connect stream proto", "application/connect+proto", "stream", readConnectStream),
  http2Edge("Connect stream json", "application/connect+json", "stream", readConnectStream),
  { name: "WebSocket", codec: "json", takes: "both", ask: askWebSocket },
];

/** Those that serve methods with, or without, streams. */
export function edgesFor(kind: "unary" | "stream"): readonly Edge[] {
  return edges.filter(({ takes }) => takes === "both" || takes === kind);
}

interface Envelope {
  readonly flags: number;
  readonly bytes: Buffer;
}

/** @throws Error where the body ends within an envelope */
export function splitEnvelopes(body: Buffer): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) throw new Error("the body ends within an envelope");
    envelopes.push({ flags: body[at] ?? 0, bytes: body.subarray(at + 5, end) });
    at = end;
  }
  return envelopes;
}

const none: ReadonlyMap<string, string> = new Map();

function readGrpc(answer: RawAnswer): Ending {
  const { header, body, broken } = answer;
  const trailer = answer.trailer.size > 0 ? answer.trailer : header;
  const status = trailer.get("grpc-status");
  const text = decodeGrpcMessage(trailer.get("grpc-message") ?? "");
  const code = status === undefined ? `no status: ${broken ?? answer.status}` : Number(status);
  return { code, text, header, trailer, messages: messagesOf(body) };
}

function messagesOf(body: Buffer): readonly Buffer[] {
  return splitEnvelopes(body)
    .filter(({ flags }) => (flags & 0x82) === 0)
    .map(({ bytes }) => bytes);
}

function readGrpcWebText(answer: RawAnswer): Ending {
  const chunks = answer.body.toString("latin1").match(/[^=]+={0,2}/g) ?? [];
  return readGrpcWeb({ ...answer, body: Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, "base64"))) });
}

function readGrpcWeb(answer: RawAnswer): Ending {
  const { header, body, broken } = answer;
  const last = splitEnvelopes(body).at(-1);
  if (last?.flags !== 0x80) {
    return { code: `no status: ${broken ?? answer.status}`, text: "", header, trailer: none, messages: [] };
  }
  const trailer = new Map<string, string>();
  for (const line of last.bytes.toString("latin1").split("\r\n").slice(0, -1)) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error(`a trailer line without a name: ${JSON.stringify(line)}`);
    trailer.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const text = decodeGrpcMessage(trailer.get("grpc-message") ?? "");
  return { code: Number(trailer.get("grpc-status")), text, header, trailer, messages: messagesOf(body) };
}

function readConnect({ status, header, body, broken }: RawAnswer): Ending {
  const trailer = new Map([...header].filter(([name]) => name.startsWith("trailer-")));
  const ending = { header, trailer };
  if (broken !== undefined) return { ...ending, code: `no status: ${broken}`, text: "", messages: [] };
  if (status === 200) return { ...ending, code: 0, text: "", messages: [body] };
  if (header.get("content-type") !== "application/json") {
    return { ...ending, code: `HTTP ${status}`, text: body.toString(), messages: [] };
  }
  return { ...ending, ...errorOf(JSON.parse(body.toString())), messages: [] };
}

function readConnectStream({ status, header, body, broken }: RawAnswer): Ending {
  const last = splitEnvelopes(body).at(-1);
  if (last?.flags !== 2) {
    return { code: `no status: ${broken ?? status}`, text: "", header, trailer: none, messages: [] };
  }
  const end: { readonly error?: unknown; readonly metadata?: object } = JSON.parse(last.bytes.toString());
  const trailer = new Map(Object.entries(end.metadata ?? {}).map(([name, values]) => [name, String(values)]));
  const error = end.error === undefined ? { code: 0, text: "" } : errorOf(end.error);
  return { ...error, header, trailer, messages: messagesOf(body) };
}

const codes = new Map(Array.from({ length: 17 }, (_, code) => [connectCode(code), code]));

function errorOf(json: unknown): Pick<Ending, "code" | "text"> {
  const { code, message = "" } = json as { readonly code: string; readonly message?: string };
  return { code: codes.get(code) ?? `not a code: ${code}`, text: message };
}

function askWebSocket({ port, method, message = Buffer.from("{}"), header = {} }: Ask): Promise<Ending> {
  return new Promise((resolve) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${pathOf(method)}`, { headers: { ...header } });
    const messages: Buffer[] = [];
    let [head, tail] = [none, none];
    let end: { readonly code: number; readonly message: string } | undefined;
    ws.on("open", () => ws.send(`{"message":${message}}`));
    ws.on("message", (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString());
      if ("header" in frame) head = entriesOf(frame.header);
      if ("message" in frame) messages.push(Buffer.from(JSON.stringify(frame.message)));
      if ("end" in frame) {
        end = frame.end;
        tail = entriesOf(frame.end.trailer);
      }
    });
    ws.on("error", () => undefined);
    ws.on("close", (closeCode) =>
      resolve({
        code: end?.code ?? `closed with ${closeCode}`,
        text: end?.message ?? "",
        messages,
        header: head,
        trailer: tail,
      }),
    );
  });
}

function entriesOf(object: object): ReadonlyMap<string, string> {
  return new Map(Object.entries(object).map(([name, value]) => [name, String(value)]));
}
