// Watches every schema source and swaps a new snapshot in when what they say together has changed.
import type { Logger } from "../rpc/logger.ts";
import { formatProblem } from "../schema/problem.ts";
import type { SchemaSource, SourceEvent } from "../schema/source.ts";
import { initialState, nextState, type SourceState } from "./source-state.ts";

export interface SchemaLoopOptions {
  readonly sources: readonly SchemaSource[];
  /** Called after an event that changed what a source says; must not throw. */
  readonly onChange: () => void;
  readonly logger: Logger;
}

export interface SchemaLoop {
  /** In the order of the sources. */
  states(): readonly SourceState[];
  /** Resolves when every source has been tried once, well or not. */
  readonly firstPass: Promise<void>;
  /** Asks every source for a read soon. */
  refresh(): void;
  /** Stops watching; resolves when every source has let go. */
  stop(): Promise<void>;
}

export function startSchemaLoop({ sources, onChange, logger }: SchemaLoopOptions): SchemaLoop {
  const states = sources.map(initialState);
  const abort = new AbortController();
  const { promise: firstPass, resolve: passed } = Promise.withResolvers<void>();
  if (sources.length === 0) passed();

  const take = (index: number, event: SourceEvent): void => {
    const before = states[index];
    if (before === undefined) return;
    const after = nextState(before, event);
    states[index] = after;
    logEvent(before, after, logger);
    if (before.digest !== after.digest) onChange();
    if (states.every((state) => state.tried)) passed();
  };

  const follow = async (source: SchemaSource, index: number): Promise<void> => {
    // A source reports failures as events and watches until it is told to stop; what else it does is a defect of the
    // source, which must not end the others or be waited for.
    let message = "the source has ended, nothing is read from it any more";
    try {
      for await (const event of source.watch(abort.signal)) take(index, event);
    } catch (reason) {
      message = reason instanceof Error ? reason.message : String(reason);
    }
    if (abort.signal.aborted) return;
    take(index, { kind: "failure", problems: [{ place: source.name, message }] });
  };
  const running = sources.map(follow);

  return {
    states: () => states,
    firstPass,
    refresh: () => {
      for (const source of sources) source.refresh();
    },
    stop: async () => {
      abort.abort();
      await Promise.all(running);
    },
  };
}

function logEvent(before: SourceState, after: SourceState, logger: Logger): void {
  const source = after.source.name;
  if (after.problems.length > 0) {
    const problems = after.problems.map(formatProblem);
    // A source that stays down is read again and again: only news is worth a warning.
    const news = problems.join() !== before.problems.map(formatProblem).join();
    logger[news ? "warn" : "debug"]("schema source failed", {
      source,
      problems,
      serving: after.reading === undefined ? "nothing of it" : "its last good reading",
    });
  } else if (before.digest !== after.digest || before.problems.length > 0) {
    logger.info("schema source read", { source, files: after.reading?.files.length, digest: after.digest });
  }
}
