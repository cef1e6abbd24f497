// For tests that do not look at the log.
import type { Logger } from "../../src/rpc/logger.ts";

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
