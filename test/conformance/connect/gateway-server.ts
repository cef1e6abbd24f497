// The server under test: reads what server the suite wants from stdin, starts a backend and the gateway before it, and
// writes where the gateway is to stdout. `gateway-server.ts --backend referenceserver|grpcserver`; SIGTERM ends it.
// Source: connectrpc/conformance, docs/testing_servers.md
import { parseArgs } from "node:util";
import { suiteSetFile } from "./prepare-suite.ts";
import { formatSizePrefixed, readSizePrefixed } from "./size-prefixed.ts";
import { backendKinds, startBackend } from "./start-backend.ts";
import { startGateway } from "./start-gateway.ts";
import { type ServerCompatRequest, serverRequest, serverResponse } from "./suite-messages.ts";

const { values } = parseArgs({ options: { backend: { type: "string", default: "referenceserver" } } });
const kind = backendKinds.find((name) => name === values.backend);
if (kind === undefined) throw new Error(`no backend ${values.backend}; there are ${backendKinds.join(", ")}`);

const asked = await readRequest();
const backend = await startBackend(kind);
// Also where this process fails: the backend would outlive it.
process.once("exit", backend.stop);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));

const { serverCreds: creds, clientTlsCert: clientCa } = asked;
const needsCertificate = clientCa.length > 0;
const gateway = await startGateway(
  {
    upstreams: [`${backend.host}:${backend.port}`],
    schema: { descriptorSets: suiteSetFile },
    maxRequestBytes: asked.messageReceiveLimit,
    ...(creds && {
      tls: {
        certFile: "server.pem",
        keyFile: "server.key",
        ...(needsCertificate && { clientCaFile: "client-ca.pem" }),
      },
    }),
  },
  {
    ...(creds && { "server.pem": creds.cert, "server.key": creds.key }),
    ...(needsCertificate && { "client-ca.pem": clientCa }),
  },
);
const started = { host: gateway.host, port: gateway.port, ...(creds && { pemCert: creds.cert }) };
process.stdout.write(formatSizePrefixed(serverResponse.encode(started)));

async function readRequest(): Promise<ServerCompatRequest> {
  for await (const bytes of readSizePrefixed(process.stdin)) return serverRequest.decode(bytes);
  throw new Error("stdin ends before a request");
}
