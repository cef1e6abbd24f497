// Raw HTTP for the Connect edge, and handlers in this process.
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { Call, Handler } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import { streamsReplies } from "../../../src/rpc/method.ts";
import type { RpcError } from "../../../src/rpc/rpc-error.ts";
import { type MethodName, note, pathOf } from "../note-service.ts";
import { Source } from "../rest/pieces.ts";

/** Answers with the messages it gets, collected where one is due. */
export const echo: Handler = async (call: Call) => {
  const messages: Uint8Array[] = [];
  if (call.kind === "unary") messages.push(call.message);
  else for await (const message of call.messages) messages.push(message);
  const header = Header.of([["x-header", "h"]]);
  const trailer = Header.of([["x-trailer", "t"]]);
  if (streamsReplies(call.method.kind)) {
    return { kind: "stream", header, messages: new Source(messages), trailer: Promise.resolve(trailer) };
  }
  return { kind: "unary", header, message: messages[0] ?? note({}), trailer };
};

export const failing =
  (error: RpcError): Handler =>
  async () => {
    throw error;
  };

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly name?: MethodName;
  readonly header?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export const json = { "content-type": "application/json" };
export const proto = { "content-type": "application/proto" };
export const streamJson = { "content-type": "application/connect+json" };
export const streamProto = { "content-type": "application/connect+proto" };

/** Over HTTP/1.1, the body as bytes. */
export async function ask(
  port: number,
  { method = "POST", name = "Unary", path = pathOf(name), header, body }: Asked,
) {
  const outgoing = httpRequest({
    host: "127.0.0.1",
    port,
    method,
    path,
    headers: { ...header },
    agent: false,
  });
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, header: response.headers, body: Buffer.concat(pieces) };
}

export const limit = 1000;
export const ofSize = (bytes: number): Buffer => note({ text: "a".repeat(bytes - 3) });
