// Starts one of the suite's own servers as a gRPC backend: cleartext HTTP/2, every message size that the suite sends.
import { spawn } from "node:child_process";
import { suiteProgram } from "./prepare-suite.ts";
import { formatSizePrefixed, readSizePrefixed } from "./size-prefixed.ts";
import {
  type ServerCompatResponse,
  serverRequest,
  serverResponse,
  suiteProtocols,
} from "./suite-messages.ts";

/** Both speak gRPC: one by connect-go, one by grpc-go, which lacks the method that Connect GET calls. */
export const backendKinds = ["referenceserver", "grpcserver"] as const;
export type BackendKind = (typeof backendKinds)[number];

export interface StartedBackend {
  readonly host: string;
  readonly port: number;
  stop(): void;
}

/** To grpcserver a limit of 0 is no bytes at all; the largest messages of the suite have some 200 KB. */
const receiveLimitBytes = 4 * 1024 * 1024;

export async function startBackend(kind: BackendKind): Promise<StartedBackend> {
  const child = spawn(suiteProgram(kind), { stdio: ["pipe", "pipe", "inherit"] });
  const request = serverRequest.encode({
    protocol: suiteProtocols.grpc,
    httpVersion: 2,
    messageReceiveLimit: receiveLimitBytes,
  });
  child.stdin.end(formatSizePrefixed(request));
  const started = await firstResponse(child.stdout);
  if (started === undefined) throw new Error(`${kind} ended before it said where it listens`);
  return { host: started.host, port: started.port, stop: () => child.kill("SIGKILL") };
}

async function firstResponse(pipe: AsyncIterable<Uint8Array>): Promise<ServerCompatResponse | undefined> {
  for await (const bytes of readSizePrefixed(pipe)) return serverResponse.decode(bytes);
  return undefined;
}
