// Which endpoints fail where the others do not, and how long they get no calls for it. Two signs: failures in a row, and
// the share of failures in an interval. Both are measured against the other endpoints: what fails everywhere is the
// fault of the calls, and a client that sends such calls must not be able to take endpoints away from the others.
// Sources: gRFC A50 (https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md), of which the growing
// ejection time, the interval and the failure percentage are; Envoy, "Outlier detection", of which the row is.
import { Code } from "../rpc/code.ts";

export interface OutlierOptions {
  /** Failures in a row that eject. Default 5. */
  readonly consecutiveFailures?: number;
  /** Share of an interval's calls that must fail, 1 to 100. Default 50, and twice that of the others. */
  readonly failurePercent?: number;
  /** Calls in an interval below which their share says nothing. Default 20. */
  readonly minCalls?: number;
  /** Time between two looks at the shares, and the grain of ejection times. Default 10 s. */
  readonly intervalMs?: number;
  /** Time of the first ejection; the second takes twice that, and so on. Default 30 s. */
  readonly ejectionMs?: number;
  /** The longest ejection. Default 300 s. */
  readonly maxEjectionMs?: number;
  /** How many of the endpoints may be out at once, 1 to 100; one always may, all never. Default 50. */
  readonly maxEjectedPercent?: number;
}

/** What is counted of one endpoint. It lives as long as the endpoint does. */
export interface OutlierRecord {
  /** Point on the clock until which it is out; undefined where it is not. */
  readonly ejectedUntilMs: number | undefined;
  readonly ejectionCount: number;
  readonly endedCount: number;
  readonly failedCount: number;
}

export interface OutlierDetector {
  /** Begins to count an endpoint. */
  add(): OutlierRecord;
  remove(record: OutlierRecord): void;
  /** Counts the end of a call. Returns whether the endpoint is ejected by it. */
  ended(record: OutlierRecord, code: number): boolean;
  /** To be called each interval. Returns whether any endpoint was ejected or is back. */
  sweep(): boolean;
}

export const outlierDefaults = {
  consecutiveFailures: 5,
  failurePercent: 50,
  minCalls: 20,
  intervalMs: 10_000,
  ejectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
} satisfies Required<OutlierOptions>;

/** What says that an endpoint may be broken. NOT_FOUND and its like are answers, and CANCELLED is the client's doing. */
const failureCodes: ReadonlySet<number> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);

interface Count {
  ejectedUntilMs: number | undefined;
  ejectionCount: number;
  endedCount: number;
  failedCount: number;
  /** Failures since the last call that ended well. Deadlines are the client's choice and stay out of it. */
  row: number;
  /** How many ejection times the last ejection took; goes down by one each interval that it is not out. */
  multiplier: number;
  intervalEnded: number;
  intervalFailed: number;
}

export function createOutlierDetector(
  options: OutlierOptions = {},
  now: () => number = () => performance.now(),
): OutlierDetector {
  const { consecutiveFailures, failurePercent, minCalls, ejectionMs, maxEjectionMs, maxEjectedPercent } = {
    ...outlierDefaults,
    ...options,
  };
  const counts = new Set<Count>();
  let ejectedCount = 0;

  const mayEject = (): boolean => {
    const most = Math.max(1, Math.floor((counts.size * maxEjectedPercent) / 100));
    return ejectedCount < most && ejectedCount + 1 < counts.size;
  };
  const eject = (count: Count): void => {
    ejectedCount++;
    count.ejectionCount++;
    count.multiplier++;
    count.row = 0;
    count.ejectedUntilMs =
      now() + Math.min(ejectionMs * count.multiplier, Math.max(ejectionMs, maxEjectionMs));
  };
  /** Whether there is somewhere better to go: an endpoint in use that does not fail in a row itself. */
  const othersDoBetter = (count: Count): boolean => {
    for (const other of counts) {
      if (other !== count && other.ejectedUntilMs === undefined && other.row * 2 < count.row) return true;
    }
    return false;
  };
  const isOutlier = (count: Count, ended: number, failed: number): boolean => {
    const ratio = count.intervalFailed / count.intervalEnded;
    if (count.intervalEnded < minCalls || ratio * 100 < failurePercent) return false;
    const otherEnded = ended - count.intervalEnded;
    return otherEnded >= minCalls && ((failed - count.intervalFailed) / otherEnded) * 2 <= ratio;
  };

  return {
    add() {
      const count: Count = {
        ejectedUntilMs: undefined,
        ejectionCount: 0,
        endedCount: 0,
        failedCount: 0,
        row: 0,
        multiplier: 0,
        intervalEnded: 0,
        intervalFailed: 0,
      };
      counts.add(count);
      return count;
    },
    remove(record) {
      const count = record as Count;
      if (counts.delete(count) && count.ejectedUntilMs !== undefined) ejectedCount--;
    },
    ended(record, code) {
      const count = record as Count;
      count.endedCount++;
      count.intervalEnded++;
      if (!failureCodes.has(code)) {
        if (code !== Code.CANCELLED) count.row = 0;
        return false;
      }
      count.failedCount++;
      count.intervalFailed++;
      if (code === Code.DEADLINE_EXCEEDED) return false;
      count.row++;
      if (count.row < consecutiveFailures || count.ejectedUntilMs !== undefined) return false;
      if (!counts.has(count) || !mayEject() || !othersDoBetter(count)) return false;
      eject(count);
      return true;
    },
    sweep() {
      let changed = false;
      let ended = 0;
      let failed = 0;
      for (const count of counts) {
        ended += count.intervalEnded;
        failed += count.intervalFailed;
      }
      for (const count of counts) {
        if (count.ejectedUntilMs === undefined) {
          if (isOutlier(count, ended, failed) && mayEject()) {
            eject(count);
            changed = true;
          } else if (count.multiplier > 0) count.multiplier--;
        } else if (count.ejectedUntilMs <= now()) {
          count.ejectedUntilMs = undefined;
          count.row = 0;
          ejectedCount--;
          changed = true;
        }
      }
      for (const count of counts) count.intervalEnded = count.intervalFailed = 0;
      return changed;
    },
  };
}
