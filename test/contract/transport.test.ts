import { createEndpointSet } from "../../src/upstream/endpoint-set.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { type CreateTransport, describeTransportCalls } from "./transport.ts";
import { describeTransportConnection } from "./transport-connection.ts";
import { describeTransportEndings } from "./transport-endings.ts";
import { describeTransportPeers } from "./transport-peers.ts";

const transports: Readonly<Record<string, CreateTransport>> = {
  "the grpc-js transport": createGrpcJsTransport,
  "a set of one endpoint": (options) =>
    createEndpointSet({
      targets: [options.target],
      createTransport: (place) => createGrpcJsTransport({ ...options, ...place }),
    }),
  // Of a name that has one address, so that calls are picked for, wait, and can be sent on.
  "a set of the endpoints of a name": (options) => {
    const host = options.target.host;
    const named = host === "127.0.0.1";
    return createEndpointSet({
      targets: [named ? { ...options.target, host: "backend.test" } : options.target],
      ...(named && { resolveHost: () => Promise.resolve([host]) }),
      createTransport: (place) => createGrpcJsTransport({ ...options, ...place }),
    });
  },
};
const suites = [
  describeTransportCalls,
  describeTransportEndings,
  describeTransportPeers,
  describeTransportConnection,
];
for (const [name, create] of Object.entries(transports)) {
  for (const describeTransport of suites) describeTransport(name, create);
}
