import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { describeTransportCalls } from "./transport.ts";
import { describeTransportConnection } from "./transport-connection.ts";
import { describeTransportEndings } from "./transport-endings.ts";

for (const describeTransport of [
  describeTransportCalls,
  describeTransportEndings,
  describeTransportConnection,
]) {
  describeTransport("the grpc-js transport", createGrpcJsTransport);
}
