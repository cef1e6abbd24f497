import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { describeTransportCalls } from "./transport.ts";
import { describeTransportConnection } from "./transport-connection.ts";
import { describeTransportEndings } from "./transport-endings.ts";
import { describeTransportPeers } from "./transport-peers.ts";

const suites = [
  describeTransportCalls,
  describeTransportEndings,
  describeTransportPeers,
  describeTransportConnection,
];
for (const describeTransport of suites) describeTransport("the grpc-js transport", createGrpcJsTransport);
