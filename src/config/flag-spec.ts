// The flags as data: what parsing accepts and what help prints is this one table. Names are a contract (design.md §1).
import { defaults } from "./config.ts";

export interface FlagSpec {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called in help; absent = the flag takes none. */
  readonly value?: string;
  /** Whether it may be given more than once. */
  readonly repeats?: true;
  /** One or two sentences. */
  readonly description: string;
  /** What holds without it, where that is one value. */
  readonly byDefault?: string;
}

/** The flags of every command that loads a gateway's inputs: `serve`, `check`, `routes`, `explain`. */
export const gatewayFlags: readonly FlagSpec[] = [
  {
    name: "listen",
    value: "HOST:PORT",
    repeats: true,
    byDefault: defaults.listen,
    description:
      "Where to listen: `8080` or `:8080` on 127.0.0.1, `0.0.0.0:8080` on every interface, `[::1]:8080` on IPv6. Port 0 = any free one.",
  },
  {
    name: "admin",
    value: "HOST:PORT|off",
    description:
      "Where /debug/*, /openapi.json, /metrics, /livez and /readyz answer. Not given: on the main listener where that is on loopback, else on 127.0.0.1:9901 and only there.",
  },
  {
    name: "descriptor-set",
    value: "FILE",
    repeats: true,
    description:
      "Schema from a FileDescriptorSet, as `protoc --include_imports -o` and `buf build -o` write it.",
  },
  {
    name: "proto",
    value: "FILE",
    repeats: true,
    description: "Schema from a .proto file, compiled at start and again when it changes.",
  },
  {
    name: "proto-path",
    value: "DIR",
    repeats: true,
    description: "Folder that .proto imports are looked up in. Not given: the folder of each --proto.",
  },
  {
    name: "reflection",
    description:
      "Read the schema by server reflection beside descriptor sets and .proto files, which then are an overlay: they supply the options that reflection lost. With neither, reflection is read anyway.",
  },
  {
    name: "service-config",
    value: "FILE",
    repeats: true,
    description: "google.api.Service YAML; its http.rules override annotations.",
  },
  {
    name: "profile",
    value: "NAME",
    byDefault: defaults.profile,
    description: "REST dialect: `standard`, `grpc-gateway` or `google`.",
  },
  { name: "strict", description: "Treat a shadowed route as an error." },
  {
    name: "max-request-bytes",
    value: "N",
    byDefault: "4MiB",
    description: "Limit of one request message, decompressed: a number of bytes or a size such as `16MiB`.",
  },
  {
    name: "redis",
    value: "URL",
    repeats: true,
    description:
      "Where gateways count limits of scope `shared` together: `redis://host:6379`, `rediss://` over TLS; several = nodes of a cluster. Not given: each counts for itself.",
  },
  {
    name: "tls-cert",
    value: "FILE",
    description: "Certificate chain (PEM) of the main listener; needs --tls-key.",
  },
  { name: "tls-key", value: "FILE", description: "Its private key (PEM); needs --tls-cert." },
  {
    name: "tls-client-ca",
    value: "FILE",
    description: "Authorities (PEM) one of which must have signed the client's certificate.",
  },
  {
    name: "config",
    value: "FILE",
    description: "The same and more, as YAML (`protogate help config`). Flags and arguments win, key by key.",
  },
  {
    name: "log-level",
    value: "LEVEL",
    byDefault: "info, for `serve`; else off",
    description:
      "The least that is logged: `debug`, `info`, `warn`, `error` or `off`. The log is JSON lines on stderr.",
  },
];

/** Flags of every command. */
export const commonFlags: readonly FlagSpec[] = [
  { name: "help", short: "h", description: "Print help." },
  { name: "version", description: "Print the version." },
];
