// The server stream: new books as they come, and the catalogue one by one in between.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { NewBook, Subscription } from "./arrival-feed.ts";
import { viewOf } from "./book-view.ts";
import { Arrival_Reason, type ArrivalSchema, type WatchArrivalsRequest } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { errorInfo, invalidArgument, StatusError } from "./status-error.ts";
import type { Store } from "./store.ts";

type ArrivalInit = MessageInitShape<typeof ArrivalSchema>;

const defaultIntervalMs = 1000;
/** So that nobody makes the demo spin. */
const minIntervalMs = 10;
const maxIntervalMs = 3_600_000;

export function createWatchArrivalsHandler(store: Store): Pick<LibraryHandlers, "watchArrivals"> {
  return {
    watchArrivals(request, call) {
      const intervalMs = parseInterval(request.interval);
      for (const field of ["limit", "failAfter"] as const) {
        if (request[field] < 0) {
          const name = field === "limit" ? "limit" : "fail_after";
          throw invalidArgument({ field: name, description: "must not be negative" });
        }
      }
      return watch(store, store.arrivals.subscribe(), request, intervalMs, call.signal);
    },
  };
}

async function* watch(
  store: Store,
  subscription: Subscription,
  request: WatchArrivalsRequest,
  intervalMs: number,
  signal: AbortSignal,
): AsyncIterable<ArrivalInit> {
  try {
    let shown = 0;
    let nextTickMs = performance.now();
    for (let sequence = 1; request.limit === 0 || sequence <= request.limit; sequence++) {
      if (request.failAfter > 0 && sequence > request.failAfter) throw brokenOff(request.failAfter);
      const idleMs = request.createdOnly ? Infinity : nextTickMs - performance.now();
      if (idleMs > 0) await subscription.wait(idleMs, signal);
      const taken = subscription.take();
      const { book, reason, time } = taken?.arrival ?? fromCatalogue(store, shown++);
      // A new book does not put off the next one of the catalogue, and a slow reader does not pile them up.
      if (taken === undefined) nextTickMs = Math.max(nextTickMs + intervalMs, performance.now());
      yield {
        sequence: BigInt(sequence),
        missed: taken?.missed ?? 0,
        reason,
        arriveTime: time,
        ...(book === undefined ? {} : { book: viewOf(book) }),
      };
    }
  } finally {
    subscription.close();
  }
}

function fromCatalogue(store: Store, index: number): Omit<NewBook, "book"> & Partial<Pick<NewBook, "book">> {
  const books = store.listBooks("");
  const book = books[index % Math.max(books.length, 1)];
  const rest = { reason: Arrival_Reason.CATALOGUE, time: timestampFromDate(store.now()) };
  return book === undefined ? rest : { ...rest, book };
}

function parseInterval(interval: Duration | undefined): number {
  if (interval === undefined) return defaultIntervalMs;
  const intervalMs = durationMs(interval);
  if (intervalMs >= minIntervalMs && intervalMs <= maxIntervalMs) return intervalMs;
  throw invalidArgument({ field: "interval", description: "must be between 0.010s and 3600s" });
}

function brokenOff(after: number): StatusError {
  return new StatusError(status.DATA_LOSS, `broken off after ${after} arrivals, as you asked`, [
    errorInfo("FAIL_AFTER", { after: String(after) }),
  ]);
}
