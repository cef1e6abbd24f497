// The gateways that are compared: how each is built and started. Each may use the whole machine as it likes.
import { type ListeningProcess, startProcess } from "../test/matrix/process.ts";
import { projectRoot } from "../test/matrix/toolchain.ts";
import { buildGoPeer, descriptorSet, goVersion } from "./build.ts";

export interface GatewayEntry {
  readonly name: string;
  /** What its tools are, for the record; undefined = a tool is missing, so it is skipped. */
  toolchain(): string | undefined;
  /** Before the first start. @throws Error with what the build printed */
  build(): Promise<void>;
  /** Before the backend at `host:port`; its `address` is an http URL. */
  start(backend: string): Promise<ListeningProcess>;
}

const listening = /^listening on (http:\/\/\S+)\r?\n/m;

export const gateways: readonly GatewayEntry[] = [
  {
    name: "protogate",
    toolchain: () => `node ${process.version}`,
    build: async () => undefined,
    start: (backend) =>
      startProcess(
        process.execPath,
        ["src/cli/main.ts", "serve", backend, "--listen", "127.0.0.1:0", "--descriptor-set", descriptorSet],
        listening,
        { cwd: projectRoot, env: { NODE_ENV: "production" } },
      ),
  },
  goPeer("grpc-gateway"),
];

function goPeer(name: string): GatewayEntry {
  let program = "";
  return {
    name,
    toolchain: goVersion,
    async build() {
      program = await buildGoPeer(name);
    },
    start: (backend) => startProcess(program, ["--backend", backend], listening),
  };
}
