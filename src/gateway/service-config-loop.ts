// Watches the service-config files. A file that has become wrong keeps its last good rules in force and says so.
import type { Logger } from "../rpc/logger.ts";
import { formatProblem, type Problem } from "../schema/problem.ts";
import { readServiceConfig, type ServiceConfig } from "../schema/service-config.ts";
import { createFolderWatch } from "../schema/watch-folders.ts";

export interface ServiceConfigLoopOptions {
  readonly files: readonly string[];
  /** Called when the rules in force have changed; must not throw. */
  readonly onChange: () => void;
  readonly logger: Logger;
}

export interface ServiceConfigLoop {
  /** Those in force, in the order of the files. Empty before the first read. */
  configs(): readonly ServiceConfig[];
  /** Of files that are wrong now while older rules serve. */
  problems(): readonly Problem[];
  /** Resolves when every file has been read once. */
  readonly firstPass: Promise<void>;
  /** Reads every file again soon. */
  refresh(): void;
  stop(): Promise<void>;
}

const recheckMs = 30_000;

export function startServiceConfigLoop({
  files,
  onChange,
  logger,
}: ServiceConfigLoopOptions): ServiceConfigLoop {
  let configs: readonly ServiceConfig[] = [];
  let problems: readonly Problem[] = [];
  let reading: Promise<void> = Promise.resolve();
  let stopped = false;

  const readAll = async (): Promise<void> => {
    if (stopped) return;
    const read = await Promise.all(files.map(readServiceConfig));
    if (stopped) return;
    const chosen = read.map((config, index) => (config.problems.length > 0 && configs[index]) || config);
    const rejected = read.filter((config) => config.problems.length > 0 && !chosen.includes(config));
    const news = rejected.flatMap((config) => config.problems);
    if (news.map(formatProblem).join() !== problems.map(formatProblem).join()) {
      for (const { place, message } of news) {
        logger.warn("service config failed", { place, message, serving: "its last good rules" });
      }
    }
    problems = news;
    const changed = chosen.some((config, index) => config.digest !== configs[index]?.digest);
    configs = chosen;
    if (changed) onChange();
  };
  // One read at a time: two at once could finish in the wrong order.
  const refresh = (): void => {
    reading = reading.then(readAll);
  };

  const folders = createFolderWatch(refresh);
  folders.follow(files);
  refresh();
  // Network and bind mounts report no changes.
  const recheck = files.length === 0 ? undefined : setInterval(refresh, recheckMs).unref();
  return {
    configs: () => configs,
    problems: () => problems,
    firstPass: reading,
    refresh,
    stop: async () => {
      stopped = true;
      folders.close();
      clearInterval(recheck);
      await reading;
    },
  };
}
