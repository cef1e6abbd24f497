// A client of the library for the page, by the protocol that the page chose. All that differs is the transport.
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { Library } from "../library/gen/library_pb.ts";

export interface Choice {
  readonly protocol: "connect" | "grpc-web";
  /** Connect only: what has no side effects is asked by GET, which browsers and proxies may cache. */
  readonly useHttpGet: boolean;
}

export function createLibraryClient(
  baseUrl: string,
  { protocol, useHttpGet }: Choice,
): Client<typeof Library> {
  const transport =
    protocol === "connect"
      ? createConnectTransport({ baseUrl, useHttpGet })
      : createGrpcWebTransport({ baseUrl });
  return createClient(Library, transport);
}
