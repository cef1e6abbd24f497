// The gateways that are compared: how each is built and started. Each may use the whole machine as it likes.
import { type ListeningProcess, startProcess } from "../test/matrix/process.ts";
import { buildGrpcGateway, descriptorSet, goVersion, grpcGatewayProgram } from "./build.ts";
import { startProtogate } from "./start-protogate.ts";

export interface GatewayEntry {
  readonly name: string;
  /** What its tools are, for the record; undefined = a tool is missing, so it is skipped. */
  toolchain(): string | undefined;
  /** Before the first start. @throws Error with what the build printed */
  build(): Promise<void>;
  /** Before the backend at `host:port`; its `address` is an http URL. */
  start(backend: string): Promise<ListeningProcess>;
}

export const gateways: readonly GatewayEntry[] = [
  {
    name: "protogate",
    toolchain: () => `node ${process.version}`,
    build: async () => undefined,
    start: (backend) => startProtogate(backend, ["--descriptor-set", descriptorSet]),
  },
  {
    name: "grpc-gateway",
    toolchain: goVersion,
    build: buildGrpcGateway,
    start: (backend) =>
      startProcess(grpcGatewayProgram, ["--backend", backend], /^listening on (http:\/\/\S+)\r?\n/m),
  },
];
