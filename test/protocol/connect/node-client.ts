// The real client, @connectrpc/connect-node, before a gateway and a backend.
import type { TestContext } from "node:test";
import type { DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  createConnectTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { descOf, type Note } from "../note-service.ts";
import { openGateway } from "./connect-fixture.ts";

export interface Variant {
  readonly name: string;
  readonly httpVersion: "1.1" | "2";
  readonly useBinaryFormat: boolean;
  readonly compression: "identity" | "gzip" | "br";
  readonly useHttpGet?: boolean;
}

const compressionOf = { gzip: compressionGzip, br: compressionBrotli };
export const variants: readonly Variant[] = (["1.1", "2"] as const).flatMap((httpVersion) =>
  [true, false].flatMap((useBinaryFormat) =>
    (["identity", "gzip", "br"] as const).map((compression) => ({
      name: `HTTP/${httpVersion}, ${useBinaryFormat ? "proto" : "JSON"}, ${compression}`,
      httpVersion,
      useBinaryFormat,
      compression,
    })),
  ),
);

/** A gateway before a backend, and the client that reaches it. */
export async function open(
  context: TestContext,
  handlers: BackendHandlers,
  variant: Omit<Variant, "name">,
): Promise<Transport> {
  const { httpVersion, useBinaryFormat, compression, useHttpGet = false } = variant;
  let session: Http2SessionManager | undefined;
  // Said first, since hooks run in order: a session that hears of the listener's end makes an error of it.
  context.after(() => session?.abort());
  const baseUrl = `http://127.0.0.1:${await openGateway(context, handlers)}`;
  const options = {
    baseUrl,
    useBinaryFormat,
    useHttpGet,
    ...(compression === "identity"
      ? { acceptCompression: [] }
      : {
          acceptCompression: [compressionOf[compression]],
          sendCompression: compressionOf[compression],
          compressMinBytes: 0,
        }),
  };
  if (httpVersion === "1.1") return createConnectTransport({ ...options, httpVersion });
  session = new Http2SessionManager(baseUrl);
  return createConnectTransport({ ...options, httpVersion, sessionManager: session });
}

export const unaryDesc = descOf("Unary") as DescMethodUnary;
export const writeDesc = descOf("Write") as DescMethodUnary;
export const streamDesc = (name: "ServerStreaming" | "ClientStreaming" | "Bidi"): DescMethodStreaming =>
  descOf(name) as DescMethodStreaming;

export async function* notes(...items: Partial<Note>[]): AsyncGenerator<Record<string, unknown>> {
  for (const item of items) yield item;
}

export async function failureFrom(work: Promise<unknown>): Promise<ConnectError> {
  try {
    await work;
  } catch (reason) {
    return ConnectError.from(reason);
  }
  throw new Error("it did not fail");
}

export async function collect(messages: AsyncIterable<unknown>): Promise<Note[]> {
  const all: Note[] = [];
  for await (const message of messages) all.push(message as Note);
  return all;
}
