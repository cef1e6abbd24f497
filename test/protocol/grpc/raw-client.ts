// One gRPC request as raw HTTP/2, and its answer taken apart, for what no gRPC library would send.
import type { IncomingHttpHeaders } from "node:http2";
import { connect } from "node:http2";
import { decodeGrpcMessage } from "../../../src/wire/grpc-message.ts";
import { splitEnvelopes } from "../envelopes.ts";
import { pathOf } from "../note-service.ts";

export interface GrpcAsk {
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
  readonly header?: Record<string, string>;
  readonly body: Buffer;
}

export interface GrpcAnswer {
  readonly status: number;
  readonly header: IncomingHttpHeaders;
  readonly trailer: Record<string, unknown>;
  readonly body: Buffer;
  /** Of the envelopes, flags aside. */
  readonly messages: readonly Buffer[];
  /** From the trailer, or from the header where that is the trailer. */
  readonly grpcStatus: unknown;
  readonly grpcMessage: string;
}

export async function askGrpc(port: number, ask: GrpcAsk): Promise<GrpcAnswer> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({
      ":method": ask.method ?? "POST",
      ":path": ask.path ?? pathOf("Unary"),
      "content-type": ask.type ?? "application/grpc",
      te: "trailers",
      ...ask.header,
    });
    stream.end(ask.body);
    let header: IncomingHttpHeaders = {};
    let trailer: Record<string, unknown> = {};
    stream.on("response", (fields) => {
      header = fields;
    });
    stream.on("trailers", (fields) => {
      trailer = Object.fromEntries(Object.entries(fields));
    });
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const served = String(header["content-type"]).startsWith("application/grpc");
    return {
      status: Number(header[":status"]),
      header,
      trailer,
      body,
      messages: served ? splitEnvelopes(body).map(({ bytes }) => bytes) : [],
      grpcStatus: trailer["grpc-status"] ?? header["grpc-status"],
      grpcMessage: decodeGrpcMessage(String(trailer["grpc-message"] ?? header["grpc-message"] ?? "")),
    };
  } finally {
    session.close();
  }
}
