// Builds grpc-gateway with the generated code of both APIs, and the backend of the second one, from what is checked in.
import { join } from "node:path";
import { buildGo } from "../../matrix/toolchain.ts";

export async function buildPeer(output: string): Promise<void> {
  await buildGo(import.meta.dirname, join(output, "peer"));
  await buildGo(join(import.meta.dirname, "backend"), join(output, "parity-backend"));
}
