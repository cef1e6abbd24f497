// What a backend says of trying again: the trailer `grpc-retry-pushback-ms`. Source: gRFC A6 "Pushback": a number is the
// time to wait, a negative number or anything else is "do not".
import type { Header } from "../../rpc/header.ts";

/** Milliseconds to wait, `never` where the call is not to be tried again, `unsaid` where the backend says nothing. */
export type Pushback = number | "never" | "unsaid";

/** Who wants more than that is not waited for: the call would be held here all that time, and its client is told too. */
const maxPushbackMs = 60_000;

export function readPushback(trailer: Header): Pushback {
  const values = trailer.getAll("grpc-retry-pushback-ms");
  const [value] = values;
  if (value === undefined) return "unsaid";
  if (values.length > 1 || !/^\d{1,10}$/.test(value)) return "never";
  const ms = Number(value);
  return ms > maxPushbackMs ? "never" : ms;
}
