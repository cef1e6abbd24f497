// Clients of the protocols with envelopes, bare: gRPC and Connect over HTTP/2, Connect and gRPC-Web over HTTP/1.1.
import { fromBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import { Code, codeName } from "../../../src/rpc/code.ts";
import { encodeEnvelope, envelopeFlag } from "../../../src/wire/envelope.ts";
import { type HttpCall, type OpenHttp, openHttp1, openHttp2 } from "./http-call.ts";
import type { CallOptions, ClientCall, Outcome, StreamClient } from "./stream-client.ts";
import { decodeItem, encodeItem, type Item, item, rpcPath } from "./stream-schema.ts";

interface Envelopes {
  readonly name: string;
  readonly contentType: string;
  readonly openHttp: OpenHttp;
  readonly fullDuplex: boolean;
  readonly endFlag: number;
  readonly timeout: (ms: number) => readonly [string, string];
  /** @param end what the last envelope has; undefined where the body ended without one */
  readonly outcome: (http: HttpCall, end: Buffer | undefined) => Promise<Outcome>;
}

function createClient(protocol: Envelopes): StreamClient {
  const { name, contentType, openHttp, fullDuplex, endFlag, timeout, outcome: outcomeOf } = protocol;
  return {
    name,
    directions: ["down", "up", "both"],
    fullDuplex,
    async open(url, direction, { header, timeoutMs }: CallOptions = {}) {
      const http = await openHttp(url, "POST", rpcPath[direction], {
        "content-type": contentType,
        te: "trailers",
        ...header,
        ...(timeoutMs !== undefined && Object.fromEntries([timeout(timeoutMs)])),
      });
      let outcome: Outcome | undefined;
      const call: ClientCall = {
        send: (message: Item) => http.write(encodeEnvelope(0, encodeItem(message))),
        halfClose: () => http.end(),
        header: async () => (await http.head()).header,
        async next() {
          if (outcome !== undefined) return undefined;
          await http.head();
          const prefix = await http.take(5);
          if (prefix.length === 5 && prefix[0] !== endFlag) {
            return decodeItem(await http.take(prefix.readUInt32BE(1)));
          }
          const end = prefix.length === 5 ? await http.take(prefix.readUInt32BE(1)) : undefined;
          // What stands in a trailer comes after the last byte.
          await http.takeAll();
          outcome = await outcomeOf(http, end);
          return undefined;
        },
        outcome() {
          if (outcome === undefined) throw new Error("the call has not ended");
          return outcome;
        },
        cancel: () => http.cancel(),
      };
      if (direction === "down") {
        void call.send(item(0));
        call.halfClose();
      }
      return call;
    },
  };
}

const grpcTimeout = (ms: number): readonly [string, string] => ["grpc-timeout", `${ms}m`];

const grpc = createClient({
  name: "gRPC",
  contentType: "application/grpc",
  openHttp: openHttp2,
  fullDuplex: true,
  endFlag: -1,
  timeout: grpcTimeout,
  async outcome(http) {
    const { header } = await http.head();
    return grpcOutcome(header.has("grpc-status") ? header : http.trailer());
  },
});

function createGrpcWeb(openHttp: OpenHttp, version: string): StreamClient {
  return createClient({
    name: `gRPC-Web over ${version}`,
    contentType: "application/grpc-web+proto",
    openHttp,
    fullDuplex: openHttp === openHttp2,
    endFlag: envelopeFlag.trailer,
    timeout: grpcTimeout,
    async outcome(http, end) {
      if (end === undefined) return grpcOutcome((await http.head()).header);
      const lines = end
        .toString("latin1")
        .split("\r\n")
        .filter((line) => line !== "");
      return grpcOutcome(
        new Map(
          lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
        ),
      );
    },
  });
}

function createConnect(openHttp: OpenHttp, version: string): StreamClient {
  return createClient({
    name: `Connect over ${version}`,
    contentType: "application/connect+proto",
    openHttp,
    fullDuplex: openHttp === openHttp2,
    endFlag: envelopeFlag.endStream,
    timeout: (ms) => ["connect-timeout-ms", String(ms)],
    async outcome(_, end) {
      if (end === undefined) throw new Error("a Connect stream ended without its end");
      const { error, metadata } = JSON.parse(end.toString()) as ConnectEnd;
      return {
        code: error === undefined ? Code.OK : codeNamed(error.code),
        message: error?.message ?? "",
        details: (error?.details ?? []).map(({ type }) => type),
        trailer: new Map(Object.entries(metadata ?? {}).map(([key, values]) => [key, values.join(", ")])),
      };
    },
  });
}

interface ConnectEnd {
  readonly error?: {
    readonly code: string;
    readonly message?: string;
    readonly details?: readonly { readonly type: string }[];
  };
  readonly metadata?: Readonly<Record<string, readonly string[]>>;
}

function codeNamed(name: string): number {
  return Object.values(Code).find((code) => codeName(code).toLowerCase() === name) ?? Code.UNKNOWN;
}

function grpcOutcome(trailer: ReadonlyMap<string, string>): Outcome {
  const details = trailer.get("grpc-status-details-bin");
  return {
    code: Number(trailer.get("grpc-status") ?? Number.NaN),
    message: decodeURIComponent(trailer.get("grpc-message") ?? ""),
    details:
      details === undefined
        ? []
        : fromBinary(StatusSchema, Buffer.from(details, "base64")).details.map(({ typeUrl }) =>
            typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
          ),
    trailer,
  };
}

export const rpcClients: readonly StreamClient[] = [
  grpc,
  createGrpcWeb(openHttp1, "HTTP/1.1"),
  createGrpcWeb(openHttp2, "HTTP/2"),
  createConnect(openHttp1, "HTTP/1.1"),
  createConnect(openHttp2, "HTTP/2"),
];
