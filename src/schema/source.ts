// The one contract of everything that descriptors can come from: server reflection, descriptor sets, .proto sources.
import type { Problem } from "./problem.ts";

/** One .proto file as its source gave it. */
export interface SchemaFile {
  /** The import path: `google/api/http.proto`. */
  readonly name: string;
  /** `google.protobuf.FileDescriptorProto`, binary, byte for byte as received. */
  readonly bytes: Uint8Array;
}

/** What one source says at one moment. A source whose content has not changed yields the same object again. */
export interface SchemaReading {
  /** Any order, possibly incomplete; merging sorts them. */
  readonly files: readonly SchemaFile[];
  /** Full names of the services offered; absent = every service in `files`. Reflection lists them. */
  readonly services?: readonly string[];
  /** What could not be read although the rest could: a service without a descriptor, a file that is no descriptor. */
  readonly problems?: readonly Problem[];
}

/** `reading` = the source was read; `failure` = it could not be, the last good reading stays in force. */
export type SourceEvent =
  | { readonly kind: "reading"; readonly reading: SchemaReading }
  | { readonly kind: "failure"; readonly problems: readonly Problem[] };

export interface SchemaSource {
  /** Shown to people: `reflection of library (localhost:50051)`, `descriptor set api.binpb`. Unique in a gateway. */
  readonly name: string;
  /** Names of the upstreams that serve its services; empty = an overlay, which only supplies files and options. */
  readonly upstreams: readonly string[];
  /**
   * Reads at once, then again whenever the source may have changed (interval, file change, `refresh`). The first event
   * is the outcome of the initial read. The same content may be yielded again. Ends when the signal fires.
   */
  watch(signal: AbortSignal): AsyncIterable<SourceEvent>;
  /** Asks for a read soon: reconnect, SIGHUP. Requests during a read collapse into one more read. */
  refresh(): void;
}
