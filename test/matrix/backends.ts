// Starts foreign backends as processes on a free port of loopback.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type BackendKind, buildFolder, isBuilt } from "./build.ts";
import { type ListeningProcess, startProcess } from "./process.ts";
import type { SchemaVersion } from "./schema.ts";

export interface BackendOptions {
  /** Default `v1`. */
  readonly schema?: SchemaVersion;
  /** Default `matrix`. */
  readonly api?: "matrix" | "ticker";
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface Backend {
  readonly kind: BackendKind;
  /** `127.0.0.1:50051`. */
  readonly target: string;
  readonly port: number;
  /** SIGTERM, then SIGKILL where it does not end; resolves when the process has ended. */
  close(): Promise<void>;
  /** SIGKILL, as a crash would be. */
  kill(): Promise<void>;
}

/** Undefined where the kind can be started, else why not and what to do, to skip a test with. */
export function whyNotBuilt(kind: BackendKind): string | undefined {
  if (isBuilt(kind)) return undefined;
  const state = existsSync(join(buildFolder(kind), "stamp")) ? "built from older sources" : "not built";
  return `THE ${kind.toUpperCase()} BACKEND IS ${state.toUpperCase()}: run node test/matrix/build.ts ${kind}`;
}

/** @throws Error with the end of its output where the backend does not come to listen */
export async function startBackend(kind: BackendKind, options: BackendOptions = {}): Promise<Backend> {
  const { schema = "v1", api = "matrix", port = 0 } = options;
  const [command, args] = commandOf(kind, schema);
  const backend: ListeningProcess = await startProcess(
    command,
    [...args, "--port", String(port), "--api", api],
    /^listening on (127\.0\.0\.1:\d+)\r?\n/m,
  );
  return {
    kind,
    target: backend.address,
    port: Number(backend.address.split(":")[1]),
    close: () => backend.stop("SIGTERM"),
    kill: () => backend.stop("SIGKILL"),
  };
}

function commandOf(kind: BackendKind, schema: SchemaVersion): [command: string, args: readonly string[]] {
  const folder = buildFolder(kind);
  switch (kind) {
    case "go":
      return [join(folder, `backend-${schema}`), []];
    case "python": {
      const script = join(import.meta.dirname, "backends", "python", "backend.py");
      return [join(folder, "venv", "bin", "python"), ["-B", script, "--generated", join(folder, schema)]];
    }
    case "java": {
      const classPath = [join(folder, schema, "backend.jar"), join(folder, schema, "lib", "*")];
      return ["java", ["-Xmx128m", "-cp", classPath.join(delimiter), "matrix.Main"]];
    }
  }
}
