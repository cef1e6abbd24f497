// A fact of a client of @connectrpc, and which transports it needs. Knows neither Node nor a browser.
import type { Client, Transport } from "@connectrpc/connect";
import type { Library } from "../../../examples/library/gen/library_pb.ts";

/** What of gRPC's kinds a transport can carry. */
export interface Ability {
  /** Requests can be streamed. */
  readonly clientStreams: boolean;
  /** Replies can be read while requests are still sent. */
  readonly fullDuplex: boolean;
}

export interface Fact {
  readonly what: string;
  readonly needs?: keyof Ability;
  readonly check: (client: Client<typeof Library>, transport: Transport) => Promise<void>;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
