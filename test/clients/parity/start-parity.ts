// The two gateways of the comparison, each before the Go backend of the matrix and the one that echoes. Stopped when the
// test that asked for them ends.
import { join } from "node:path";
import { type Backend, startBackend, whyNotBuilt as whyNoBackend } from "../../matrix/backends.ts";
import { startGateway } from "../../matrix/gateway.ts";
import { type ListeningProcess, startProcess } from "../../matrix/process.ts";
import { clientFolder, whyNotBuilt } from "../build.ts";

/** What ends something later: a test's or a suite's `after`. */
export interface Ending {
  after(end: () => Promise<void>): void;
}

export interface Gateway {
  readonly url: string;
}

/** Undefined where the comparison can run, else why not and what to do. */
export function whyNoParity(): string | undefined {
  return whyNoBackend("go") ?? whyNotBuilt("grpc-gateway");
}

/** grpc-gateway itself. */
export async function startGrpcGateway(ending: Ending): Promise<Gateway> {
  const { matrix, echo } = await startBackends(ending);
  const peer = await startProcess(
    join(clientFolder("grpc-gateway"), "peer"),
    ["--matrix", matrix.target, "--parity", echo.address],
    /^listening on (http:\/\/\S+)\r?\n/m,
  );
  ending.after(() => peer.stop("SIGKILL"));
  return { url: peer.address };
}

/** This gateway in the grpc-gateway profile. */
export async function startParity(ending: Ending): Promise<Gateway> {
  const { matrix, echo } = await startBackends(ending);
  const gateway = await startGateway([matrix.target, echo.address], {
    flags: ["--profile", "grpc-gateway"],
  });
  ending.after(async () => void (await gateway.close()));
  return { url: gateway.url };
}

/** Each gateway has backends of its own: one's open streams are not in the other's way. */
async function startBackends(ending: Ending): Promise<{ matrix: Backend; echo: ListeningProcess }> {
  const matrix = await startBackend("go");
  ending.after(() => matrix.close());
  const echo = await startProcess(
    join(clientFolder("grpc-gateway"), "parity-backend"),
    [],
    /^listening on (127\.0\.0\.1:\d+)\r?\n/m,
  );
  ending.after(() => echo.stop("SIGKILL"));
  return { matrix, echo };
}
