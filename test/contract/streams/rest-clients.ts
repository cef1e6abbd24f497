// Clients of the REST layouts of a stream: lines, an array, events. An error in the middle stands where a message would.
import { Code } from "../../../src/rpc/code.ts";
import { type HttpCall, type OpenHttp, openGzipHttp1, openHttp1, openHttp2 } from "./http-call.ts";
import type { ClientCall, Direction, Outcome, StreamClient } from "./stream-client.ts";
import { itemFromJson, itemToJson } from "./stream-schema.ts";

/** A message or the error that ends the stream, parsed; undefined where the body has ended. */
type ReadValue = (http: HttpCall) => Promise<{ readonly json: object; readonly error?: object } | undefined>;

interface Layout {
  readonly name: string;
  readonly accept: string;
  readonly directions: readonly Direction[];
  readonly openHttp: OpenHttp;
  readonly read: ReadValue;
}

const targets = { down: ["GET", "/down"], up: ["POST", "/up"], both: ["POST", "/both"] } as const;

function createClient({ name, accept, directions, openHttp, read }: Layout): StreamClient {
  return {
    name,
    directions,
    fullDuplex: openHttp === openHttp2,
    async open(url, direction, { header, timeoutMs } = {}) {
      const [method, path] = targets[direction];
      const http = await openHttp(url, method, path, {
        accept,
        te: "trailers",
        ...(direction !== "down" && { "content-type": "application/x-ndjson" }),
        ...header,
        ...(timeoutMs !== undefined && { "grpc-timeout": `${timeoutMs}m` }),
      });
      let outcome: Outcome | undefined;
      const end = (status: object | undefined): undefined => {
        outcome = outcomeOf(status, http.trailer());
        return undefined;
      };
      let answered = false;
      const call: ClientCall = {
        send: (message) => http.write(`${itemToJson(message)}\n`),
        halfClose: () => http.end(),
        header: async () => (await http.head()).header,
        async next() {
          if (outcome !== undefined) return undefined;
          const { status } = await http.head();
          if (status !== 200) return end(JSON.parse((await http.takeAll()).toString()));
          if (direction === "up") {
            const text = (await http.takeAll()).toString();
            if (answered) return end(undefined);
            answered = true;
            return itemFromJson(JSON.parse(text));
          }
          const value = await read(http);
          if (value?.error === undefined && value !== undefined) return itemFromJson(value.json as never);
          await http.takeAll();
          return end(value?.error);
        },
        outcome() {
          if (outcome === undefined) throw new Error("the call has not ended");
          return outcome;
        },
        cancel: () => http.cancel(),
      };
      if (direction === "down") http.end();
      return call;
    },
  };
}

interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly "@type": string }[];
}

function outcomeOf(status: object | undefined, trailer: ReadonlyMap<string, string>): Outcome {
  if (status === undefined) return { code: Code.OK, message: "", details: [], trailer };
  const { code, message, details } = status as Status;
  return {
    code,
    message,
    details: details.map(({ "@type": type }) => type.slice(type.lastIndexOf("/") + 1)),
    trailer,
  };
}

const readLine: ReadValue = async (http) => {
  const line = await http.takeUntil("\n");
  return line === undefined ? undefined : withError(JSON.parse(line));
};

/** The gateway prints messages without white space, and these have no objects inside. */
const readElement: ReadValue = async (http) => {
  const text = await http.takeUntil("}");
  if (text === undefined) return undefined;
  const json = `${text.replace(/^[[,]/, "")}}`;
  // An error has objects inside; it is the last.
  if (!json.startsWith('{"error":')) return withError(JSON.parse(json));
  const rest = (await http.takeAll()).toString();
  return withError(JSON.parse((json + rest).replace(/\]$/, "")));
};

const readEvent: ReadValue = async (http) => {
  for (;;) {
    const block = await http.takeUntil("\n\n");
    if (block === undefined) return undefined;
    const lines = block.split("\n");
    const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
    if (data === undefined) continue;
    const json = JSON.parse(data) as object;
    return lines.includes("event: error") ? { json, error: json } : { json };
  }
};

function withError(json: object): { readonly json: object; readonly error?: object } {
  return "error" in json ? { json, error: json.error as object } : { json };
}

export const restClients: readonly StreamClient[] = [
  {
    name: "REST lines over HTTP/1.1",
    accept: "application/x-ndjson",
    directions: ["down", "up", "both"] as const,
    openHttp: openHttp1,
    read: readLine,
  },
  {
    name: "REST lines over HTTP/2",
    accept: "application/x-ndjson",
    directions: ["down", "up", "both"] as const,
    openHttp: openHttp2,
    read: readLine,
  },
  {
    name: "REST lines in gzip",
    accept: "application/x-ndjson",
    directions: ["down", "up", "both"] as const,
    openHttp: openGzipHttp1,
    read: readLine,
  },
  {
    name: "a REST array",
    accept: "application/json",
    directions: ["down"] as const,
    openHttp: openHttp1,
    read: readElement,
  },
  {
    name: "REST events",
    accept: "text/event-stream",
    directions: ["down"] as const,
    openHttp: openHttp1,
    read: readEvent,
  },
].map(createClient);
