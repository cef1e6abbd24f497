// Clients over WebSocket, in JSON and in protobuf. The socket is read only while a frame is awaited.
import { once } from "node:events";
import { WebSocket } from "ws";
import type { ClientCall, Outcome, StreamClient } from "./stream-client.ts";
import { decodeItem, encodeItem, item, itemFromJson, itemToJson, rpcPath } from "./stream-schema.ts";

type Metadata = Readonly<Record<string, string | readonly string[]>>;

interface End {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly "@type": string }[];
  readonly trailer: Metadata;
}

interface ServerFrame {
  readonly header?: Metadata;
  readonly message?: never;
  readonly end?: End;
}

function createClient(form: "json" | "proto"): StreamClient {
  return {
    name: `WebSocket in ${form}`,
    directions: ["down", "up", "both"],
    fullDuplex: true,
    async open(url, direction, { header, timeoutMs } = {}) {
      const query = timeoutMs === undefined ? "" : `?$timeout=${timeoutMs / 1000}`;
      const target = url.replace(/^http/, "ws") + rpcPath[direction] + query;
      const ws = new WebSocket(target, [`protogate.${form}`], { perMessageDeflate: false });
      const frames: (Buffer | string | undefined)[] = [];
      let wake: (() => void) | undefined;
      const arrive = (frame: Buffer | string | undefined): void => {
        frames.push(frame);
        ws.pause();
        wake?.();
      };
      ws.on("message", (bytes, isBinary) => arrive(isBinary ? (bytes as Buffer) : bytes.toString()));
      ws.on("error", () => {});
      ws.on("close", () => arrive(undefined));
      await once(ws, "open");
      const nextFrame = async (): Promise<Buffer | string | undefined> => {
        while (frames.length === 0) {
          ws.resume();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return frames.shift();
      };

      let replyHeader: Promise<ReadonlyMap<string, string>> | undefined;
      let early: Buffer | string | undefined;
      let outcome: Outcome | undefined;
      const readHeader = async (): Promise<ReadonlyMap<string, string>> => {
        const frame = await nextFrame();
        const { header: metadata } = typeof frame === "string" ? (JSON.parse(frame) as ServerFrame) : {};
        if (metadata === undefined) early = frame;
        return mapOf(metadata ?? {});
      };
      const write = (frame: string | Buffer): Promise<void> =>
        new Promise((resolve) => ws.send(frame, () => resolve()));
      const call: ClientCall = {
        send: (message) =>
          write(form === "json" ? `{"message":${itemToJson(message)}}` : encodeItem(message)),
        halfClose: () => void write('{"halfClose":true}'),
        header() {
          replyHeader ??= readHeader();
          return replyHeader;
        },
        async next() {
          if (outcome !== undefined) return undefined;
          await call.header();
          const frame = early ?? (await nextFrame());
          early = undefined;
          if (frame === undefined) throw new Error("the WebSocket closed without an end");
          if (typeof frame !== "string") return decodeItem(frame);
          const { message, end } = JSON.parse(frame) as ServerFrame;
          if (end === undefined) return itemFromJson(message as never);
          outcome = {
            code: end.code,
            message: end.message,
            details: end.details.map(({ "@type": type }) => type.slice(type.lastIndexOf("/") + 1)),
            trailer: mapOf(end.trailer),
          };
          ws.resume();
          return undefined;
        },
        outcome() {
          if (outcome === undefined) throw new Error("the call has not ended");
          return outcome;
        },
        cancel: () => ws.terminate(),
      };
      if (header !== undefined) void write(JSON.stringify({ header }));
      if (direction === "down") {
        void call.send(item(0));
        call.halfClose();
      }
      return call;
    },
  };
}

function mapOf(metadata: Metadata): Map<string, string> {
  return new Map(
    Object.entries(metadata).map(([name, value]) => [
      name,
      typeof value === "string" ? value : value.join(", "),
    ]),
  );
}

export const webSocketClients: readonly StreamClient[] = [createClient("json"), createClient("proto")];
