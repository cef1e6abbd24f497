// What every room may say into the log: an event, named by a constant text, and its fields. The ground knows only
// this shape; the library behind it lives in `telemetry`.

/** Values beside the event; an `Error` is written with its causes, every other value as JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured log. `event` is a short constant text ("schema source failed"), never built from parts: what varies goes
 * into `fields`, so that lines can be searched and counted. Never throws and never waits.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
