// A gateway before a real gRPC backend that counts: calls that are open, messages that its streams have taken. What the
// backend does is the test's to say, and a proxy between the two can be cut as by a network.
import { once } from "node:events";
import type { TestContext } from "node:test";
import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
} from "@grpc/grpc-js";
import { openApp } from "../../app/open-app.ts";
import { startBackend, startCuttableProxy } from "../transport-backend.ts";
import { decodeItem, descriptorSet, encodeItem, type Item, item } from "./stream-schema.ts";

export interface Script {
  readonly down?: (call: ServerWritableStream<Buffer, Buffer>) => void;
  readonly up?: (call: ServerReadableStream<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void;
  readonly both?: (call: ServerDuplexStream<Buffer, Buffer>) => void;
}

export interface StreamGateway {
  readonly url: string;
  /** What the backend does from now on. */
  play(script: Script): void;
  /** Calls that are open at the backend. */
  readonly openCount: number;
  /** Calls of which the backend was told that they are cancelled. */
  readonly cancelledCount: number;
  /** Cuts the connection between gateway and backend. */
  cut(): void;
}

export async function openStreamGateway(context: TestContext): Promise<StreamGateway> {
  let script: Script = {};
  let cancelledCount = 0;
  const open = new Set<object>();
  const enter = (call: ServerWritableStream<Buffer, Buffer> | ServerReadableStream<Buffer, Buffer>): void => {
    open.add(call);
    call.on("error", () => {});
    call.on("cancelled", () => {
      cancelledCount++;
      open.delete(call);
    });
    if ("end" in call) call.on("finish", () => open.delete(call));
  };
  const backend = await startBackend({
    ServerStreaming(call) {
      enter(call);
      script.down?.(call);
    },
    ClientStreaming(call, reply) {
      enter(call);
      script.up?.(call, (...answer) => {
        open.delete(call);
        reply(...answer);
      });
    },
    Bidi(call) {
      enter(call);
      script.both?.(call);
    },
  });
  const proxy = await startCuttableProxy(backend.target);
  context.after(async () => {
    await proxy[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });
  const upstreams = `streams=127.0.0.1:${proxy.target.port}`;
  const keys = { upstreams, schema: { descriptorSets: "streams.binpb" }, admin: "off" };
  const { url } = await openApp(context, keys, { "streams.binpb": descriptorSet });
  return {
    url,
    play(next) {
      script = next;
    },
    get openCount() {
      return open.size;
    },
    get cancelledCount() {
      return cancelledCount;
    },
    cut: proxy.cut,
  };
}

interface Sink {
  write(bytes: Buffer): boolean;
  end(): void;
}

/** Writes items as the stream takes them; `onTaken` hears of each. Stops where the call is cancelled. */
export async function sendItems(
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  items: Iterable<Item>,
  onTaken: () => void = () => {},
): Promise<void> {
  const sink: Sink = call;
  for (const each of items) {
    if (call.cancelled) return;
    onTaken();
    if (!sink.write(encodeItem(each))) await Promise.race([once(call, "drain"), once(call, "cancelled")]);
  }
  sink.end();
}

/** Sends back what comes; what it cannot write it does not read. */
export function echo(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on("data", (bytes: Buffer) => {
    if (call.write(bytes)) return;
    call.pause();
    call.once("drain", () => call.resume());
  });
  call.on("end", () => call.end());
}

/** So many items, numbered from 1. */
export function* numbered(count: number, padding = ""): Iterable<Item> {
  for (let number = 1; number <= count; number++) yield item(number, padding);
}

/** Reads what the client sends, to its half-close. */
export async function receiveItems(call: AsyncIterable<Buffer>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const bytes of call) numbers.push(decodeItem(bytes).number);
  return numbers;
}

/** Waits until a count has not changed for some 300 ms, and returns it. */
export async function settled(count: () => number): Promise<number> {
  let [last, calm] = [-1, 0];
  while (calm < 15) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    calm = count() === last ? calm + 1 : 0;
    last = count();
  }
  return last;
}
