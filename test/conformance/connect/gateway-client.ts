// The client under test: the suite's reference client with a gateway between it and each server that the suite starts,
// so that the suite's servers judge what the gateway sends upstream. `gateway-client.ts --front grpc|connect|grpc-web`
// says what the client speaks to the gateway; upstream it is gRPC always, as the suite expects.
// Source: connectrpc/conformance, docs/testing_clients.md
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { suiteProgram, suiteSetFile } from "./prepare-suite.ts";
import { formatSizePrefixed, readSizePrefixed } from "./size-prefixed.ts";
import { type StartedGateway, startGateway } from "./start-gateway.ts";
import {
  type ClientCompatRequest,
  clientRequest,
  type SuiteProtocol,
  suiteProtocols,
} from "./suite-messages.ts";

const { values } = parseArgs({ options: { front: { type: "string", default: "grpc" } } });
const front = Object.keys(suiteProtocols).find((name) => name === values.front) as SuiteProtocol | undefined;
if (front === undefined) throw new Error(`no front ${values.front}`);

const client = spawn(suiteProgram("referenceclient"), { stdio: ["pipe", "inherit", "inherit"] });
process.once("exit", () => client.kill("SIGKILL"));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
client.once("exit", (code) => process.exit(code ?? 1));

const gateways = new Map<string, Promise<StartedGateway>>();

for await (const bytes of readSizePrefixed(process.stdin)) {
  const request = clientRequest.decode(bytes);
  const gateway = await gatewayBefore(request);
  client.stdin.write(formatSizePrefixed(clientRequest.encode(rewritten(request, gateway))));
}
client.stdin.end();

function rewritten(
  request: ClientCompatRequest,
  { host, port }: StartedGateway,
): Partial<ClientCompatRequest> {
  const { clientTlsCreds: _, ...rest } = request;
  // The gateway's own port is cleartext: server mode has TLS on it.
  return {
    ...rest,
    host,
    port,
    protocol: suiteProtocols[front ?? "grpc"],
    serverTlsCert: new Uint8Array(0),
  };
}

/** One for each server, and for each certificate that its calls present. */
function gatewayBefore(request: ClientCompatRequest): Promise<StartedGateway> {
  const { host, port, serverTlsCert: ca, clientTlsCreds: creds } = request;
  const certs = createHash("sha256").update(ca);
  const key = `${host}:${port} ${certs.update(creds?.cert ?? "").digest("hex")}`;
  const known = gateways.get(key);
  if (known !== undefined) return known;
  const hasTls = ca.length > 0;
  const started = startGateway(
    {
      upstreams: [
        {
          target: `${hasTls ? "https" : "http"}://${host}:${port}`,
          ...(hasTls && {
            tls: { caFile: "ca.pem", ...(creds && { certFile: "client.pem", keyFile: "client.key" }) },
          }),
        },
      ],
      schema: { descriptorSets: suiteSetFile },
    },
    {
      ...(hasTls && { "ca.pem": ca }),
      ...(creds && { "client.pem": creds.cert, "client.key": creds.key }),
    },
  );
  gateways.set(key, started);
  return started;
}
