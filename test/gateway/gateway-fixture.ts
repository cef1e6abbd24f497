// A gateway for one test, closed when the test ends; sources that say what the test tells them to, at the contract of
// schema sources; and the small schema that most tests serve.
import type { TestContext } from "node:test";
import { createGateway, type Gateway, type GatewayOptions } from "../../src/gateway/gateway.ts";
import type { Problem } from "../../src/schema/problem.ts";
import type { SchemaFile, SchemaReading, SchemaSource, SourceEvent } from "../../src/schema/source.ts";
import { dialects } from "../../src/transcode/dialect.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { requestOf, textOf } from "../protocol/rest/pieces.ts";
import { createLog, type LogLine } from "../protocol/rest/rest-fixture.ts";
import { compileFiles } from "../schema/schema-inputs.ts";

/** A source that says what it is told, when it is told. */
export class ScriptedSource implements SchemaSource {
  readonly name: string;
  readonly upstreams: readonly string[];
  refreshCount = 0;
  /** How many watches run. */
  watchCount = 0;
  readonly #events: SourceEvent[] = [];
  #wake = (): void => {};

  constructor(name: string, upstreams: readonly string[], ...events: readonly SourceEvent[]) {
    this.name = name;
    this.upstreams = upstreams;
    this.#events.push(...events);
  }

  say(event: SourceEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  refresh(): void {
    this.refreshCount++;
  }

  async *watch(signal: AbortSignal): AsyncIterable<SourceEvent> {
    this.watchCount++;
    signal.addEventListener("abort", () => this.#wake());
    try {
      while (!signal.aborted) {
        const event = this.#events.shift();
        if (event !== undefined) yield event;
        else await this.#nextEvent();
      }
    } finally {
      this.watchCount--;
    }
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

export function reading(files: readonly SchemaFile[], rest: Partial<SchemaReading> = {}): SourceEvent {
  return { kind: "reading", reading: { files, ...rest } };
}

export function failure(...problems: readonly Problem[]): SourceEvent {
  return { kind: "failure", problems };
}

/** `rpc Get` of `t.Notes` at `template`; `more` stands in the service too. */
export function notesFiles(template: string, more = "", file = "notes.proto"): SchemaFile[] {
  return compileFiles({
    [file]: `syntax = "proto3"; package t;
import "google/api/annotations.proto";
import "protogate/v1/options.proto";
message Note { string id = 1; int64 size = 2; }
service Notes {
  rpc Get(Note) returns (Note) { option (google.api.http) = { get: "${template}" }; }
  ${more}
}`,
  });
}

/** An upstream that reconnects fast enough for a test. */
export function upstreamOf(name: string, port: number): Upstream {
  const target = { host: "127.0.0.1", port, tls: false };
  return {
    name,
    target,
    transport: createGrpcJsTransport({ target, reconnect: { initialMs: 20, maxMs: 50 } }),
  };
}

export interface OpenGateway extends Gateway {
  readonly log: readonly LogLine[];
  /** The digests that came into service, in order. */
  swaps(): unknown[];
  /** HTTP status and body of a GET. */
  get(target: string): Promise<readonly [httpStatus: number, body: string]>;
}

export function openGateway(
  context: TestContext,
  options: Partial<GatewayOptions> & Pick<GatewayOptions, "sources">,
): OpenGateway {
  const { logger, lines } = createLog();
  const upstreams = options.upstreams ?? [];
  const gateway = createGateway({
    upstreams,
    required: new Set(upstreams.map(({ name }) => name)),
    serviceConfigFiles: [],
    servicesOf: new Map(),
    dialect: dialects.standard,
    strict: false,
    connect: true,
    maxRequestBytes: 100_000,
    minCompressedBytes: 1024,
    logger,
    ...options,
  });
  context.after(() => gateway.close());
  return {
    ...gateway,
    log: lines,
    swaps: () =>
      lines.filter(({ event }) => event === "snapshot in service").map(({ fields }) => fields.digest),
    async get(target) {
      const request = requestOf("GET", target);
      const response = (await gateway.handle(request)) ?? gateway.notFound(request);
      return [response.httpStatus, await textOf(response)];
    },
  };
}

/** The path templates that are served. */
export function templatesOf(gateway: Gateway): string[] {
  return gateway.routes().routes.map(({ httpMethod, template }) => `${httpMethod} ${template}`);
}
