// The log: JSON lines on stderr, one event a line, written at once. The only file that knows pino.
// Lines are for machines: ISO time, level by name, `msg` a constant text, fields beside it.
import { type DestinationStream, destination, pino } from "pino";
import type { LogFields, Logger } from "../rpc/logger.ts";
import { logValue } from "./log-value.ts";

export interface LoggerOptions {
  /** The least that is logged; `off` = nothing. */
  readonly level: "debug" | "info" | "warn" | "error" | "off";
  /** Takes one line per `write`. Default: stderr, synchronously, so that the last lines before an exit are not lost. */
  readonly destination?: DestinationStream;
}

/** Keys that a field may not have, because the line has them already: they get a `_` behind. */
const reserved = new Set(["time", "level", "msg"]);

/** Never throws, whatever the fields hold. */
export function createLogger(options: LoggerOptions): Logger {
  const stream = options.destination ?? openStderr();
  const log = pino(
    {
      level: options.level === "off" ? "silent" : options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const write = (level: "debug" | "info" | "warn" | "error", event: string, fields?: LogFields): void => {
    // Fields are not even looked at when the level is off.
    if (!log.isLevelEnabled(level)) return;
    if (fields === undefined) log[level](event);
    else log[level](plainFields(fields), event);
  };
  return {
    debug: (event, fields) => write("debug", event, fields),
    info: (event, fields) => write("info", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    error: (event, fields) => write("error", event, fields),
  };
}

function plainFields(fields: LogFields): Record<string, unknown> {
  const plain: [string, unknown][] = [];
  for (const [key, value] of Object.entries(fields)) {
    plain.push([reserved.has(key) ? `${key}_` : key, logValue(value)]);
  }
  return Object.fromEntries(plain);
}

function openStderr(): DestinationStream {
  const stderr = destination({ dest: 2, sync: true });
  // A log that nobody reads any more is no reason to stop serving.
  stderr.on("error", () => {});
  return stderr;
}
