// What the contract of streams knows of a protocol: how a client of it opens a call, sends, reads one message at a time
// and learns how the call ended. Nothing is read from the socket that was not asked for.
import type { Item } from "./stream-schema.ts";

/** `down`: one request, a stream of replies; `up`: a stream of requests, one reply; `both`: streams both ways. */
export type Direction = "down" | "up" | "both";

export interface CallOptions {
  /** Metadata in lower case; `-bin` values in base64. */
  readonly header?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** How a call ended, as its client learned it. */
export interface Outcome {
  /** gRPC code. */
  readonly code: number;
  readonly message: string;
  /** Type names of the error's details. */
  readonly details: readonly string[];
  readonly trailer: ReadonlyMap<string, string>;
}

export interface ClientCall {
  /** Resolves when the transport has taken it: into the socket, and on HTTP/2 as far as the window reaches. */
  send(item: Item): Promise<void>;
  /** No more requests. */
  halfClose(): void;
  /** Header metadata of the reply. */
  header(): Promise<ReadonlyMap<string, string>>;
  /** The next reply; undefined where there are no more, and then there is an outcome. One at a time. */
  next(): Promise<Item | undefined>;
  /** @throws Error where the call has not ended */
  outcome(): Outcome;
  /** The client goes away. */
  cancel(): void;
}

export interface StreamClient {
  readonly name: string;
  readonly directions: readonly Direction[];
  /** Whether replies come while requests still go out. */
  readonly fullDuplex: boolean;
  /** @param url of the gateway. A `down` call has its one request sent already. */
  open(url: string, direction: Direction, options?: CallOptions): Promise<ClientCall>;
}

/** Every reply of a call, to its end. */
export async function readAll(call: ClientCall): Promise<Item[]> {
  const items: Item[] = [];
  for (let item = await call.next(); item !== undefined; item = await call.next()) items.push(item);
  return items;
}
