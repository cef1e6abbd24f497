// The contract of `Transport`, run by every implementation: what a call carries and brings back, for all four kinds.
// How calls end, odd peers, and connections stand in transport-endings.ts, transport-peers.ts, transport-connection.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import type { Call, Reply, StreamReply, UnaryReply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { createDeadline, type Deadline } from "../../src/rpc/deadline.ts";
import { Header } from "../../src/rpc/header.ts";
import type { StreamKind } from "../../src/rpc/method.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { streamOf } from "../../src/rpc/stream.ts";
import type { Target, Transport } from "../../src/upstream/upstream.ts";
import { encodeGrpcStatusDetails } from "../../src/wire/grpc-status-details.ts";
import { methodOf, startBackend } from "./transport-backend.ts";

/** What the suite asks of an implementation. */
export interface TransportOptions {
  readonly target: Target;
  readonly maxReplyBytes?: number;
  readonly tls?: { readonly ca?: Uint8Array; readonly serverName?: string };
  readonly header?: Header;
  readonly handshakeLimitMs?: number;
  readonly reconnect?: { readonly initialMs: number; readonly maxMs: number };
}
export type CreateTransport = (options: TransportOptions) => Transport;

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export interface CallParts {
  readonly message?: string;
  readonly messages?: AsyncIterable<Uint8Array>;
  readonly header?: Header;
  readonly deadline?: Deadline;
  readonly signal?: AbortSignal;
  /** What the client believes the method's kind to be. */
  readonly as?: StreamKind;
}

export function callOf(kind: StreamKind, parts: CallParts = {}): Call {
  const head = {
    method: methodOf(kind, parts.as),
    header: parts.header ?? new Header(),
    signal: parts.signal ?? new AbortController().signal,
    ...(parts.deadline && { deadline: parts.deadline }),
  };
  return kind === "unary" || kind === "server_streaming"
    ? { ...head, kind: "unary", message: bytesOf(parts.message ?? "") }
    : { ...head, kind: "stream", messages: parts.messages ?? streamOf() };
}

export async function unaryReply(reply: Promise<Reply>): Promise<UnaryReply> {
  const settled = await reply;
  assert.equal(settled.kind, "unary");
  return settled as UnaryReply;
}

export async function streamReply(reply: Promise<Reply>): Promise<StreamReply> {
  const settled = await reply;
  assert.equal(settled.kind, "stream");
  return settled as StreamReply;
}

export async function errorOf(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => assert.fail("expected a failure"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RpcError, String(error));
  return error;
}

/** Texts of a stream's messages, and the error that ended it. */
export async function readAll(
  messages: AsyncIterable<Uint8Array>,
): Promise<{ texts: string[]; error?: RpcError }> {
  const texts: string[] = [];
  try {
    for await (const message of messages) texts.push(textOf(message));
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    return { texts, error };
  }
  return { texts };
}

/** A transport that is closed when the test's block ends. */
export function using(transport: Transport): Transport & AsyncDisposable {
  return { ...transport, [Symbol.asyncDispose]: () => transport.close() };
}

export function describeTransportCalls(name: string, create: CreateTransport): void {
  describe(`${name} carries calls`, { timeout: 30_000 }, () => {
    test("a unary call brings back message, header and trailer", async () => {
      await using backend = await startBackend({
        Unary(call, callback) {
          const header = new Metadata();
          header.set("x-header", "h");
          call.sendMetadata(header);
          const trailer = new Metadata();
          trailer.set("x-trailer", "t");
          callback(null, Buffer.concat([Buffer.from("re:"), call.request]), trailer);
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reply = await unaryReply(transport.invoke(callOf("unary", { message: "hello" })));
      assert.equal(textOf(reply.message), "re:hello");
      assert.equal(reply.header.get("x-header"), "h");
      assert.equal(reply.trailer.get("x-trailer"), "t");
      assert.deepEqual(
        [...reply.header, ...reply.trailer].map(([key]) => key).filter((key) => !key.startsWith("x-")),
        [],
        "nothing of the transport's own",
      );
    });

    test("an empty message is a message", async () => {
      await using backend = await startBackend({ Unary: (call, callback) => callback(null, call.request) });
      await using transport = using(create({ target: backend.target }));
      assert.equal((await unaryReply(transport.invoke(callOf("unary")))).message.length, 0);
    });

    test("a server stream brings its messages in order, then the trailer", async () => {
      await using backend = await startBackend({
        ServerStreaming(call) {
          for (const n of [1, 2, 3]) call.write(Buffer.from(`${call.request}${n}`));
          const trailer = new Metadata();
          trailer.set("x-trailer", "t");
          call.end(trailer);
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reply = await streamReply(transport.invoke(callOf("server_streaming", { message: "m" })));
      assert.deepEqual(await readAll(reply.messages), { texts: ["m1", "m2", "m3"] });
      assert.equal((await reply.trailer).get("x-trailer"), "t");
    });

    test("a server stream without messages ends", async () => {
      await using backend = await startBackend({ ServerStreaming: (call) => call.end() });
      await using transport = using(create({ target: backend.target }));
      const reply = await streamReply(transport.invoke(callOf("server_streaming")));
      assert.deepEqual(await readAll(reply.messages), { texts: [] });
      await reply.trailer;
    });

    test("the header of a stream is there before its first message", async () => {
      const first = Promise.withResolvers<void>();
      await using backend = await startBackend({
        async ServerStreaming(call) {
          const header = new Metadata();
          header.set("x-header", "h");
          call.sendMetadata(header);
          await first.promise;
          call.write(Buffer.from("m"));
          call.end();
        },
      });
      await using transport = using(create({ target: backend.target }));
      const reply = await streamReply(transport.invoke(callOf("server_streaming")));
      assert.equal(reply.header.get("x-header"), "h");
      first.resolve();
      await readAll(reply.messages);
    });

    test("a client stream sends its messages in order and gets one reply", async () => {
      await using backend = await startBackend({
        async ClientStreaming(call, callback) {
          const texts: string[] = [];
          for await (const message of call) texts.push(String(message));
          callback(null, Buffer.from(texts.join()));
        },
      });
      await using transport = using(create({ target: backend.target }));
      const messages = streamOf(...["a", "b", "c"].map(bytesOf));
      const reply = await unaryReply(transport.invoke(callOf("client_streaming", { messages })));
      assert.equal(textOf(reply.message), "a,b,c");
    });

    test("a client stream without messages is a stream", async () => {
      await using backend = await startBackend({
        async ClientStreaming(call, callback) {
          let count = 0;
          for await (const _ of call) count++;
          callback(null, Buffer.from(String(count)));
        },
      });
      await using transport = using(create({ target: backend.target }));
      assert.equal(textOf((await unaryReply(transport.invoke(callOf("client_streaming")))).message), "0");
    });

    test("a bidi stream answers each message before the next is sent", async () => {
      await using backend = await startBackend({
        Bidi(call) {
          call.on("data", (message: Buffer) => call.write(Buffer.concat([Buffer.from("re:"), message])));
          call.on("end", () => call.end());
        },
      });
      await using transport = using(create({ target: backend.target }));
      let heard = Promise.withResolvers<void>();
      const log: string[] = [];
      async function* talk(): AsyncIterable<Uint8Array> {
        for (const word of ["a", "b", "c"]) {
          log.push(word);
          yield bytesOf(word);
          await heard.promise;
          heard = Promise.withResolvers();
        }
      }
      const reply = await streamReply(transport.invoke(callOf("bidi_streaming", { messages: talk() })));
      for await (const message of reply.messages) {
        log.push(textOf(message));
        heard.resolve();
      }
      assert.deepEqual(log, ["a", "re:a", "b", "re:b", "c", "re:c"]);
    });

    test("header metadata reaches the backend: text, binary, duplicates", async () => {
      const seen = Promise.withResolvers<Metadata>();
      await using backend = await startBackend({
        Unary(call, callback) {
          seen.resolve(call.metadata);
          callback(null, call.request);
        },
      });
      const fixed = Header.of([["x-fixed", "gateway"]]);
      await using transport = using(create({ target: backend.target, header: fixed }));
      const header = Header.of([
        ["x-a", "1"],
        ["x-b", "text with, comma"],
        ["x-a", "2"],
        ["trace-bin", "AAEC/w"],
        ["trace-bin", ""],
        ["x-fixed", "client"],
      ]);
      await transport.invoke(callOf("unary", { header }));
      const metadata = await seen.promise;
      assert.equal(metadata.get("x-a").join(", "), "1, 2");
      assert.deepEqual(metadata.get("x-b"), ["text with, comma"]);
      assert.deepEqual(metadata.get("trace-bin"), [Buffer.from([0, 1, 2, 255]), Buffer.from([])]);
      assert.deepEqual(metadata.get("x-fixed"), ["gateway"]);
    });

    test("metadata comes back: text, binary, duplicates", async () => {
      await using backend = await startBackend({
        Unary(call, callback) {
          const header = new Metadata();
          header.add("x-a", "1");
          header.add("x-a", "2");
          header.add("trace-bin", Buffer.from([0, 1, 2, 255]));
          call.sendMetadata(header);
          callback(null, call.request, header);
        },
      });
      await using transport = using(create({ target: backend.target }));
      const { header, trailer } = await unaryReply(transport.invoke(callOf("unary")));
      for (const received of [header, trailer]) {
        assert.equal(received.getAll("x-a").join(", "), "1, 2");
        assert.deepEqual(received.getAll("trace-bin"), ["AAEC/w"]);
      }
    });

    test("the deadline reaches the backend", async () => {
      const seen = Promise.withResolvers<number>();
      await using backend = await startBackend({
        Unary(call, callback) {
          seen.resolve(Number(call.getDeadline()) - Date.now());
          callback(null, call.request);
        },
      });
      await using transport = using(create({ target: backend.target }));
      await transport.invoke(callOf("unary", { deadline: createDeadline(60_000) }));
      const leftMs = await seen.promise;
      assert.ok(leftMs > 0 && leftMs <= 60_001, `${leftMs}`);
    });

    test("a deadline that is farther than a header can say is none", async () => {
      const seen = Promise.withResolvers<unknown>();
      await using backend = await startBackend({
        Unary(call, callback) {
          seen.resolve(call.getDeadline());
          callback(null, call.request);
        },
      });
      await using transport = using(create({ target: backend.target }));
      await transport.invoke(callOf("unary", { deadline: createDeadline(1e300) }));
      assert.equal(await seen.promise, Number.POSITIVE_INFINITY);
    });

    test("a reply beyond gRPC's usual 4 MiB passes", async () => {
      await using backend = await startBackend({
        Unary: (_, callback) => callback(null, Buffer.alloc(5 * 1024 * 1024, 1)),
      });
      await using transport = using(create({ target: backend.target }));
      const { message } = await unaryReply(transport.invoke(callOf("unary")));
      assert.equal(message.length, 5 * 1024 * 1024);
    });

    test("an error brings code, message, details, header and trailer", async () => {
      const details = [{ typeUrl: "type.googleapis.com/google.rpc.BadRequest", value: Uint8Array.of(1, 2) }];
      await using backend = await startBackend({
        Unary(call, callback) {
          const header = new Metadata();
          header.set("x-header", "h");
          call.sendMetadata(header);
          const metadata = new Metadata();
          metadata.set("x-trailer", "t");
          const text = encodeGrpcStatusDetails({ code: 9, message: "nein: 100 % ü", details });
          metadata.set("grpc-status-details-bin", Buffer.from(text, "base64"));
          callback({ code: 9, details: "nein: 100 % ü", metadata });
        },
      });
      await using transport = using(create({ target: backend.target }));
      const error = await errorOf(transport.invoke(callOf("unary")));
      assert.equal(error.code, Code.FAILED_PRECONDITION);
      assert.equal(error.rawMessage, "nein: 100 % ü");
      assert.deepEqual(error.details, details);
      assert.equal(error.header.get("x-header"), "h");
      assert.deepEqual([...error.trailer], [["x-trailer", "t"]]);
    });

    test("an error before any header rejects the handler, of a stream too", async () => {
      await using backend = await startBackend({
        ServerStreaming: (call) => call.emit("error", { code: 5, details: "no such shelf" }),
      });
      await using transport = using(create({ target: backend.target }));
      const error = await errorOf(transport.invoke(callOf("server_streaming")));
      assert.deepEqual([error.code, error.rawMessage], [Code.NOT_FOUND, "no such shelf"]);
    });

    test("an unknown method is UNIMPLEMENTED", async () => {
      await using backend = await startBackend({});
      await using transport = using(create({ target: backend.target }));
      assert.equal((await errorOf(transport.invoke(callOf("unary")))).code, Code.UNIMPLEMENTED);
    });
  });
}
