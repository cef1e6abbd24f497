// @connectrpc/connect-node as a client of gRPC, in both codecs and with compression.
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { createGrpcProtocol } from "../../../src/protocol/grpc/grpc-protocol.ts";
import { testConnectClient } from "./connect-node-suite.ts";

for (const useBinaryFormat of [true, false]) {
  testConnectClient({
    name: `gRPC over HTTP/2, ${useBinaryFormat ? "proto" : "JSON"}`,
    create: createGrpcProtocol,
    fullDuplex: true,
    connect(baseUrl, compression) {
      const sessionManager = new Http2SessionManager(baseUrl);
      const transport = createGrpcTransport({ baseUrl, useBinaryFormat, sessionManager, ...compression });
      return { transport, close: () => sessionManager.abort() };
    },
  });
}
