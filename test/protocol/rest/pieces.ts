// Streams and requests as values: what a listener would make of a client, and what is seen of their end.
import { Header } from "../../../src/rpc/header.ts";
import type { HttpRequest, HttpResponse } from "../../../src/wire/http-message.ts";

/** A stream that counts what is pulled and remembers whether its consumer returned it. */
export class Source<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: readonly T[];
  readonly #failure: unknown;
  pulled = 0;
  returned = false;

  /** @param failure thrown after the last item; undefined = the stream ends well */
  constructor(items: readonly T[], failure?: unknown) {
    this.#items = items;
    this.#failure = failure;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.returned) return { done: true, value: undefined };
    const index = this.pulled++;
    if (index < this.#items.length) return { done: false, value: this.#items[index] as T };
    if (index === this.#items.length && this.#failure !== undefined) throw this.#failure;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.returned = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export type TestRequest = HttpRequest & { readonly body: Source<Uint8Array> };

export interface RequestOptions {
  readonly header?: readonly (readonly [string, string])[];
  /** Pieces of the body; absent = there is none. */
  readonly body?: string | readonly (string | Uint8Array)[];
  /** What the body ends with instead of its end. */
  readonly failure?: unknown;
  readonly signal?: AbortSignal;
  readonly scheme?: "http" | "https";
  readonly remoteAddress?: string;
}

/** `requestOf("POST", "/notes/7?x=y", { body: "{}" })` */
export function requestOf(httpMethod: string, target: string, options: RequestOptions = {}): TestRequest {
  const { header = [], body, failure } = options;
  const [path = "", query = ""] = target.split("?", 2);
  const pieces = typeof body === "string" ? [body] : (body ?? []);
  return {
    httpMethod,
    path,
    query,
    header: Header.of(header),
    httpVersion: "1.1",
    scheme: options.scheme ?? "http",
    remoteAddress: options.remoteAddress ?? "192.0.2.7",
    body: new Source(
      pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)),
      failure,
    ),
    bodyless: body === undefined,
    signal: options.signal ?? new AbortController().signal,
  };
}

export const json: readonly [string, string] = ["content-type", "application/json"];

/** The body of a response, streamed or not, as text. */
export async function textOf(response: HttpResponse): Promise<string> {
  return (await piecesOf(response)).join("");
}

/** The pieces of a body as text, one for a body that is there as a whole. */
export async function piecesOf({ body }: HttpResponse): Promise<string[]> {
  if (body === undefined) return [];
  if (typeof body === "string" || body instanceof Uint8Array) return [Buffer.from(body).toString()];
  const pieces: string[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece).toString());
  return pieces;
}

/** The iterator of a streamed body. */
export function bodyIterator({ body }: HttpResponse): AsyncIterator<string | Uint8Array> {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    throw new Error("the body is not streamed");
  }
  return body[Symbol.asyncIterator]();
}

export async function trailerOf({ trailer }: HttpResponse): Promise<[string, string][]> {
  return trailer === undefined ? [] : [...(await trailer())];
}

/** Every item of a stream. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
