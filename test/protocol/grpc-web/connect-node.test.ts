// @connectrpc/connect-node as a client of gRPC-Web, in both codecs, over both versions of HTTP.
import { createGrpcWebTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { createGrpcWebProtocol } from "../../../src/protocol/grpc-web/grpc-web-protocol.ts";
import { testConnectClient } from "../grpc/connect-node-suite.ts";

for (const httpVersion of ["1.1", "2"] as const) {
  for (const useBinaryFormat of [true, false]) {
    testConnectClient({
      name: `gRPC-Web over HTTP/${httpVersion}, ${useBinaryFormat ? "proto" : "JSON"}`,
      create: createGrpcWebProtocol,
      fullDuplex: httpVersion === "2",
      connect(baseUrl, compression) {
        const options = { baseUrl, useBinaryFormat, ...compression };
        if (httpVersion === "1.1") {
          return { transport: createGrpcWebTransport({ ...options, httpVersion }), close() {} };
        }
        const sessionManager = new Http2SessionManager(baseUrl);
        const transport = createGrpcWebTransport({ ...options, httpVersion, sessionManager });
        return { transport, close: () => sessionManager.abort() };
      },
    });
  }
}
