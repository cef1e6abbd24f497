// A schema source that asks a backend by server reflection: v1, or v1alpha where the backend has only that. Read again
// at an interval, because no backend says when its schema has changed.
import { createHash } from "node:crypto";
import type { Handler } from "../rpc/call.ts";
import { Code, codeName } from "../rpc/code.ts";
import { createDeadline } from "../rpc/deadline.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { reasonOf } from "./parse-file.ts";
import type { Problem } from "./problem.ts";
import { createReadLoop, retryDelayMs } from "./read-loop.ts";
import { readByReflection } from "./reflection-client.ts";
import type { ReflectionVersion } from "./reflection-session.ts";
import type { SchemaLimits } from "./schema-limits.ts";
import type { SchemaReading, SchemaSource, SourceEvent } from "./source.ts";

export interface ReflectionSourceOptions {
  /** `reflection of library (localhost:50051)` */
  readonly name: string;
  /** The upstream that is asked, and that serves what it says. */
  readonly upstream: string;
  /** For problems. Default: `upstream <upstream>`; `upstream library (localhost:50051)` where the address is known. */
  readonly place?: string;
  /** Carries calls to that upstream. */
  readonly invoke: Handler;
  /** Between good reads. Default 30 s. */
  readonly intervalMs?: number;
  /** For one read, all questions together. Default 10 s. */
  readonly timeoutMs?: number;
  /** Sent with the call: a token where reflection wants one. Default empty. */
  readonly header?: Header;
  /** Default: 10,000 files, 64 MiB, a million elements. */
  readonly limits?: SchemaLimits;
}

export function createReflectionSource(options: ReflectionSourceOptions): SchemaSource {
  const { name, upstream, invoke, intervalMs = 30_000, timeoutMs = 10_000, limits } = options;
  const place = options.place ?? `upstream ${upstream}`;
  const header = options.header ?? new Header();
  let version: ReflectionVersion = "v1";
  let last: { readonly reading: SchemaReading; readonly digest: string } | undefined;

  const readOnce = async (signal: AbortSignal): Promise<SchemaReading> => {
    const deadline = createDeadline(timeoutMs);
    const base = { invoke, header, deadline, signal, place, ...(limits !== undefined && { limits }) };
    try {
      return await readByReflection({ ...base, version });
    } catch (error) {
      if (RpcError.from(error).code !== Code.UNIMPLEMENTED) throw error;
      const other = version === "v1" ? "v1alpha" : "v1";
      const reading = await readByReflection({ ...base, version: other });
      version = other;
      return reading;
    }
  };

  const loop = createReadLoop({
    delayMs: (failures) =>
      failures === 0 ? intervalMs : Math.min(intervalMs, retryDelayMs(failures, intervalMs)),
    async read(signal, asked): Promise<SourceEvent> {
      // Somebody asks when the backend has come back, and it may have come back with v1.
      if (asked) version = "v1";
      try {
        const reading = await withTimeout(readOnce, timeoutMs, signal);
        const digest = digestOf(reading);
        if (last?.digest !== digest) last = { reading, digest };
        return { kind: "reading", reading: last.reading };
      } catch (error) {
        return { kind: "failure", problems: [explain(toRpcError(error), place, timeoutMs)] };
      }
    },
  });
  return { name, upstreams: [upstream], watch: loop.watch, refresh: loop.refresh };
}

/** Runs with a signal that also fires after the time, with the `RpcError` that a call's signal has to carry. */
async function withTimeout<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  outer: AbortSignal,
): Promise<T> {
  const abort = new AbortController();
  const expire = (): void => abort.abort(new RpcError(Code.DEADLINE_EXCEEDED, "the read took too long"));
  const stop = (): void => abort.abort(new RpcError(Code.CANCELLED, "the source is not watched any more"));
  const timer = setTimeout(expire, timeoutMs);
  outer.addEventListener("abort", stop);
  if (outer.aborted) stop();
  try {
    return await run(abort.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}

/** A problem is for the people who run the gateway: the text of an unknown error may be told. */
function toRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(Code.INTERNAL, reasonOf(error), { cause: error });
}

/** What went wrong and what to do about it. */
function explain(error: RpcError, place: string, timeoutMs: number): Problem {
  const said = `${codeName(error.code)}: ${error.rawMessage}`;
  switch (error.code) {
    case Code.UNIMPLEMENTED:
      return {
        place,
        message:
          "the backend does not offer server reflection: enable it, or give --descriptor-set / --proto",
      };
    case Code.UNAVAILABLE:
      return {
        place,
        message: `cannot be read (${said}): check that it runs at this address; it is tried again`,
      };
    case Code.UNAUTHENTICATED:
    case Code.PERMISSION_DENIED:
      return {
        place,
        message: `refuses server reflection (${said}): give it a header that it accepts, or give --descriptor-set / --proto`,
      };
    case Code.DEADLINE_EXCEEDED:
      return {
        place,
        message: `did not answer server reflection within ${timeoutMs} ms: check what listens there, or raise the timeout`,
      };
    case Code.RESOURCE_EXHAUSTED:
      return {
        place,
        message: `sends descriptors that are too large to receive (${said}): give --descriptor-set / --proto`,
      };
    default:
      return {
        place,
        message: `server reflection failed (${said}): give --descriptor-set / --proto if it stays so`,
      };
  }
}

function digestOf(reading: SchemaReading): string {
  const hash = createHash("sha256");
  const files = [...reading.files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of files)
    hash.update(`${name.length}:${name}${bytes.byteLength}:`).update(bytes);
  hash.update(JSON.stringify([reading.services, reading.problems]));
  return hash.digest("hex");
}
