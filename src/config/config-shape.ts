// What may stand in the config file: keys, forms, defaults and their meaning, in one place. The descriptions are what
// `protogate help config` prints; how values are written is in shape-values.ts.
import { z } from "zod";
import { parseNamedTarget, parseTarget } from "../upstream/target.ts";
import { accessKeys } from "./access-shape.ts";
import { defaults } from "./config.ts";
import { endpointKeys } from "./endpoints-shape.ts";
import { flowKeys, timeoutKeys } from "./flow-shape.ts";
import { parseListen } from "./listen-text.ts";
import { corsShape, heartbeatShape, limitsShape } from "./listener-shape.ts";
import { methodShape, restShape } from "./rest-shape.ts";
import { key } from "./shape-key.ts";
import {
  duration,
  filePath,
  header,
  oneOrMore,
  parseAdmin,
  parseSelector,
  parseUpstreamName,
  text,
  textOrNumber,
} from "./shape-values.ts";
import { parseSize } from "./size-text.ts";

const files = oneOrMore("a path", filePath).optional();

const schemaKeys = {
  descriptorSets: files.meta({
    form: "path or list",
    description: "FileDescriptorSet files, as `protoc --include_imports -o` and `buf build -o` write them.",
  }),
  protos: files.meta({
    form: "path or list",
    description: ".proto files, compiled at start and again when they change.",
  }),
  protoPaths: files.meta({
    form: "path or list",
    description: "Folders that .proto imports are looked up in. The file's own folder where none is given.",
  }),
};

const upstreamKeys = z.strictObject({
  name: key(text(parseUpstreamName), {
    form: "text",
    description: "Name in logs, pages and metrics; `host:port` where none is given.",
  }),
  target: oneOrMore("host:port", text(parseTarget)).meta({
    form: "host:port or list",
    description:
      "`host:port` or `http://host:port` for cleartext HTTP/2, `https://host:port` for TLS. Each target, and each address of a target's name, is an endpoint that gets its share of the calls.",
  }),
  ...endpointKeys,
  reflection: key(z.boolean(), {
    form: "true or false",
    description:
      "Read the schema by server reflection. Without it: yes where no descriptor set and no .proto file is given, else no. With both, the files are an overlay that supplies what reflection lost.",
  }),
  services: key(oneOrMore("a selector", text(parseSelector)), {
    form: "selector or list",
    description:
      "The services this upstream serves: `acme.v1.Billing`, `acme.v1.*`. Every service of the schema where it is not given.",
  }),
  header: key(header, {
    form: "mapping",
    description: "Header of the gateway's own calls (reflection), such as `authorization: Bearer …`.",
  }),
  required: key(z.boolean(), {
    form: "true or false",
    byDefault: true,
    description: "Whether /readyz waits for this upstream.",
  }),
  schema: key(z.strictObject(schemaKeys), {
    form: "mapping",
    description: "Schema sources of this upstream alone.",
  }),
  tls: key(
    z.strictObject({
      caFile: key(filePath, {
        form: "path",
        description: "Authorities to trust instead of the system's. PEM.",
      }),
      certFile: key(filePath, { form: "path", description: "Certificate to present. PEM." }),
      keyFile: key(filePath, { form: "path", description: "Its private key. PEM." }),
      serverName: key(z.string().min(1), {
        form: "text",
        description: "Name in the backend's certificate, where it is not the target's host.",
      }),
    }),
    { form: "mapping", description: "TLS towards the backend, for an `https://` target." },
  ),
});

const upstreamMapping = upstreamKeys.transform(({ target: targets, ...keys }, context) => {
  const [target] = targets;
  if (target !== undefined) return { ...keys, target, targets };
  context.addIssue({ code: "custom", path: ["target"], message: "expected at least one entry" });
  return z.NEVER;
});

const upstream = z.union([text(parseNamedTarget), upstreamMapping], {
  error: "expected `host:port`, `name=host:port` or a mapping with `target`",
});

/** The whole file. */
export const configShape = z.strictObject({
  listen: key(oneOrMore("HOST:PORT", textOrNumber("HOST:PORT", parseListen)), {
    form: "HOST:PORT or list",
    byDefault: defaults.listen,
    description: "Where to listen. Port 0 = any free one; without a host it is 127.0.0.1.",
  }),
  admin: key(textOrNumber("HOST:PORT or `off`", parseAdmin), {
    form: "HOST:PORT or off",
    description:
      "Where /debug, /openapi.json, /metrics, /livez and /readyz answer. Not given: on the main listener where that is on loopback, else on 127.0.0.1:9901 only.",
  }),
  profile: key(z.enum(["standard", "grpc-gateway", "google"]), {
    form: "standard, grpc-gateway or google",
    byDefault: defaults.profile,
    description: "REST dialect, for clients that come from one of those.",
  }),
  strict: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: "Treat a shadowed route as an error.",
  }),
  maxRequestBytes: key(textOrNumber("a size such as `4MiB`", parseSize), {
    form: "size",
    byDefault: "4MiB",
    description: "Limit of one request message, decompressed. The default is what gRPC servers accept.",
  }),
  tls: key(
    z.strictObject({
      certFile: key(filePath, { form: "path", description: "Certificate chain. PEM." }),
      keyFile: key(filePath, { form: "path", description: "Its private key. PEM." }),
      clientCaFile: key(filePath, {
        form: "path",
        description:
          "Authorities one of which must have signed the client's certificate. PEM. Backends get who it is as `x-forwarded-client-cert`.",
      }),
      clientAuth: key(z.enum(["require", "optional"]), {
        form: "require or optional",
        byDefault: "require",
        description:
          "Whether a client without a certificate gets in. One that shows a certificate of another authority never does.",
      }),
    }),
    {
      form: "mapping",
      description:
        "TLS on the main listener; cleartext where it is not given. Files that change are read again, for new connections.",
    },
  ),
  cors: key(corsShape, {
    form: "mapping",
    description:
      "Pages of other origins that may call, over every protocol. Not given: none, and backends' own CORS headers pass.",
  }),
  compression: key(
    z.strictObject({
      enabled: key(z.boolean(), {
        form: "true or false",
        byDefault: true,
        description: "Whether replies are compressed where the client accepts it.",
      }),
      minBytes: key(textOrNumber("a size such as `1KiB`", parseSize), {
        form: "size",
        byDefault: "1KiB",
        description: "Replies smaller than this are not compressed.",
      }),
    }),
    { form: "mapping", description: "Compression of replies. Requests may be compressed in any case." },
  ),
  heartbeat: key(heartbeatShape, {
    form: "mapping",
    description:
      "Signs of life on streams that are silent, so that proxies keep them and a client that is gone is noticed.",
  }),
  limits: key(limitsShape, {
    form: "mapping",
    description: "What clients of the main listener may hold.",
  }),
  upstreams: key(oneOrMore("an upstream", upstream), {
    form: "list",
    description:
      "The gRPC backends, each as `host:port`, as `name=host:port`, or as a mapping of these keys:",
  }),
  schema: key(
    z.strictObject({
      ...schemaKeys,
      serviceConfigs: files.meta({
        form: "path or list",
        description: "google.api.Service YAML files; their `http.rules` override annotations.",
      }),
    }),
    { form: "mapping", description: "Schema sources of all upstreams. None at all = reflection of each." },
  ),
  rest: key(restShape, {
    form: "mapping",
    description:
      "How every method speaks HTTP and JSON. Wins over what methods and services say in their options (protogate/v1/options.proto); the defaults are those of the profile `standard`.",
  }),
  ...flowKeys,
  methods: key(oneOrMore("a mapping with `selector`", methodShape), {
    form: "list",
    description: "The same by method, as mappings of these keys. Key by key the last one that matches wins:",
  }),
  ...accessKeys,
  reflection: key(
    z.strictObject({
      enabled: key(z.boolean(), {
        form: "true or false",
        description: "The default of each upstream's `reflection`.",
      }),
      interval: key(duration(100), {
        form: "duration",
        byDefault: "30s",
        description: "Time between two readings.",
      }),
      timeout: key(duration(1), {
        form: "duration",
        byDefault: "10s",
        description: "How long one reading may take.",
      }),
    }),
    { form: "mapping", description: "Server reflection of the upstreams." },
  ),
  timeout: key(
    z.strictObject({
      max: key(duration(1), {
        form: "duration",
        description:
          "Bound of every call's deadline, which no option exceeds. Not given: no bound, and no deadline unless the client or an option sets one.",
      }),
      ...timeoutKeys,
    }),
    { form: "mapping", description: "Deadlines." },
  ),
  drain: key(
    z.strictObject({
      grace: key(duration(0), {
        form: "duration",
        byDefault: "30s",
        description: "How long calls in flight may go on after SIGTERM.",
      }),
    }),
    { form: "mapping", description: "Stopping." },
  ),
  log: key(
    z.strictObject({
      level: key(z.enum(["debug", "info", "warn", "error", "off"]), {
        form: "debug, info, warn, error or off",
        byDefault: defaults.logLevel,
        description: "The least that is logged.",
      }),
    }),
    { form: "mapping", description: "Log, JSON lines on stderr." },
  ),
});
