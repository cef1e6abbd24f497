// What the two sources that read files have in common: they are read again when a folder says that something happened,
// at a slow interval where nothing says so (network and bind mounts), and soon after a failure.
import type { Problem } from "./problem.ts";
import { createReadLoop, retryDelayMs } from "./read-loop.ts";
import type { SchemaReading, SchemaSource, SourceEvent } from "./source.ts";
import { createFolderWatch, type FolderWatch } from "./watch-folders.ts";

/** Where a read has ended. */
export type FileRead = {
  /** Files whose change would change the outcome, also those that could not be read. */
  readonly files: readonly string[];
} & (
  | {
      readonly kind: "reading";
      /** Equal = the same content as at the read before. */
      readonly digest: string;
      readonly reading: SchemaReading;
    }
  | { readonly kind: "failure"; readonly problems: readonly Problem[] }
);

export interface FileSourceOptions {
  readonly name: string;
  readonly upstreams: readonly string[];
  /** Files that are known before the first read. */
  readonly files: readonly string[];
  /** Reads everything. Failures are values. */
  readonly read: (signal: AbortSignal) => Promise<FileRead>;
  /** Between checks where no folder reports a change. Default 30 s. */
  readonly intervalMs?: number;
}

export function createFileSource(options: FileSourceOptions): SchemaSource {
  const { name, upstreams, files, read, intervalMs = 30_000 } = options;
  // Of the source and not of one watch, so that unchanged content is the same object for all.
  let last: { readonly digest: string; readonly reading: SchemaReading } | undefined;
  const watches = new Set<FolderWatch>();
  const told = { digest: "" };

  const loop = createReadLoop({
    delayMs: (failures) =>
      failures === 0 ? intervalMs : Math.min(intervalMs, retryDelayMs(failures, intervalMs)),
    async read(signal, asked): Promise<SourceEvent | undefined> {
      const outcome = await read(signal);
      for (const watch of watches) watch.follow(outcome.files);
      if (outcome.kind === "failure") {
        told.digest = "";
        return { kind: "failure", problems: outcome.problems };
      }
      if (last?.digest !== outcome.digest) last = outcome;
      if (!asked && told.digest === outcome.digest) return undefined;
      told.digest = outcome.digest;
      return { kind: "reading", reading: last.reading };
    },
  });

  return {
    name,
    upstreams,
    refresh: loop.refresh,
    async *watch(signal) {
      const folders = createFolderWatch(loop.recheck);
      watches.add(folders);
      // Before the first read, so that no change falls between reading and watching.
      folders.follow(files);
      try {
        yield* loop.watch(signal);
      } finally {
        watches.delete(folders);
        folders.close();
      }
    },
  };
}
