// One call of the library's GetBook in every protocol, for what must be the same whoever asks how.
import { ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { WebSocket } from "ws";
import { Library } from "../../examples/library/gen/library_pb.ts";
import { httpCall } from "../matrix/http-client.ts";

export const book = "shelves/7/books/9";
export const getBook = "demo.library.v1.Library.GetBook";

/** What a call with this header came to: its gRPC code, 0 for OK. */
export type Ask = (url: string, header: Readonly<Record<string, string>>) => Promise<number>;

const asks: Readonly<Record<string, Ask>> = {
  "REST on HTTP/1.1": async (url, header) => {
    const { status, text } = await httpCall(url, `/v1/${book}`, { header });
    return status === 200 ? 0 : JSON.parse(text).code;
  },
  "Connect on HTTP/1.1": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })),
  "Connect GET": byTransport((baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true }),
  ),
  "Connect on HTTP/2": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })),
  gRPC: byTransport((baseUrl) => createGrpcTransport({ baseUrl })),
  "gRPC-Web": byTransport((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  WebSocket: (url, header) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/demo.library.v1.Library/GetBook`, {
        headers: header,
      });
      socket.on("open", () => socket.send(JSON.stringify({ message: { name: book } })));
      socket.on("close", (code) => resolve(code === 1000 ? 0 : code - 4000));
      socket.on("error", reject);
    }),
};

/** By the protocol's name. */
export const protocols: readonly (readonly [name: string, ask: Ask])[] = Object.entries(asks);

function byTransport(transportOf: (baseUrl: string) => ReturnType<typeof createConnectTransport>): Ask {
  return async (url, headers) => {
    const client = createClient(Library, transportOf(url));
    try {
      await client.getBook({ name: book }, { headers });
      return 0;
    } catch (reason) {
      return ConnectError.from(reason).code;
    }
  };
}
