// Keys of the config file about the main listener's clients: which pages may call, and how much one client may hold.
import { z } from "zod";
import { formatSize } from "../gateway/flow-text.ts";
import { parseOrigin } from "../server/origin-pattern.ts";
import { parseDuration } from "./duration-text.ts";
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";
import { key } from "./shape-key.ts";
import { duration, oneOrMore, text, textOrNumber } from "./shape-values.ts";
import { parseSize } from "./size-text.ts";

function parseToken(value: string): Parsed<string> {
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}$/.test(value)) return parsed(value);
  return notParsed(`expected a name of letters, digits and !#$%&'*+-.^_\`|~, got ${quoted(value)}`);
}

/** A list of names; `*` is not one, because with credentials browsers take it for a header of that name. */
const headerNames = oneOrMore(
  "the name of a header",
  text((value) => {
    if (value === "*") return notParsed("expected names of headers; without this key all are allowed");
    const outcome = parseToken(value);
    return outcome.ok ? parsed(outcome.value.toLowerCase()) : outcome;
  }),
);

const methodNames = oneOrMore(
  "a method of HTTP",
  text((value) => {
    if (value === "*") return notParsed("expected methods of HTTP; without this key all are allowed");
    const outcome = parseToken(value);
    return outcome.ok ? parsed(outcome.value.toUpperCase()) : outcome;
  }),
);

export const corsShape = z.strictObject({
  origins: key(oneOrMore("an origin", text(parseOrigin)), {
    form: "origin or list",
    description:
      "`https://app.example.com`, `https://*.example.com` for all names below, `http://localhost:*` for all ports, or `*` for every one. Requests of other origins are served, but no page of theirs can read the answer; a WebSocket of theirs is refused.",
  }),
  methods: key(methodNames, {
    form: "method or list",
    description: "Methods that a page may use. Not given: those that paths have.",
  }),
  headers: key(headerNames, {
    form: "name or list",
    description:
      "Request headers that a page may send beside those of Connect and gRPC-Web. Not given: those it asks for.",
  }),
  exposed: key(headerNames, {
    form: "name or list",
    description:
      "Headers and trailers of replies that a page may read beside those of Connect and gRPC-Web. Not given: all that a reply has.",
  }),
  maxAge: key(duration(0), {
    form: "duration",
    byDefault: "2h",
    description: "How long browsers may remember what was allowed; Chromium takes 2h at most.",
  }),
  credentials: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description:
      "Whether cookies, HTTP authentication and client certificates count. Not with the origin `*`.",
  }),
});

/** A duration, `off` being none. */
const heartbeat = text((value): Parsed<number> => {
  if (value === "off") return parsed(0);
  const outcome = parseDuration(value);
  if (!outcome.ok) return notParsed(`${outcome.message}; or \`off\``);
  if (outcome.value !== 0 && outcome.value < 1000) {
    return notParsed(`expected a duration of at least 1s, or \`off\`, got ${quoted(value)}`);
  }
  return outcome;
}, "expected a duration such as `15s`, or `off`");

export const heartbeatShape = z.strictObject({
  sse: key(heartbeat, {
    form: "duration or off",
    byDefault: "15s",
    description: "Silence on a stream of server-sent events after which a comment is sent.",
  }),
  webSocket: key(heartbeat, {
    form: "duration or off",
    byDefault: "30s",
    description:
      "Time between two pings of a WebSocket; a client that has not answered one by the next is gone.",
  }),
});

function size(leastBytes: number, mostBytes: number) {
  return textOrNumber("a size such as `32KiB`", (value) => {
    const outcome = parseSize(value);
    if (!outcome.ok || (outcome.value >= leastBytes && outcome.value <= mostBytes)) return outcome;
    return notParsed(
      `expected a size from ${formatSize(leastBytes)} to ${formatSize(mostBytes)}, got ${quoted(value)}`,
    );
  });
}

function count(most: number) {
  return z
    .int({ error: `expected a number from 1 to ${most}` })
    .min(1, `expected a number from 1 to ${most}`)
    .max(most, `expected a number from 1 to ${most}`);
}

export const limitsShape = z.strictObject({
  maxHeaderBytes: key(size(4096, 64 * 1024), {
    form: "size",
    byDefault: "32KiB",
    description:
      "Names and values of one request's header; a larger one is 431. At most 64KiB, which is what an HTTP/2 header block may have.",
  }),
  maxConnections: key(count(1_000_000), {
    form: "number",
    description: "Connections at once; more are closed. Not given: as many as the process may have files.",
  }),
  maxConcurrentRequests: key(count(100_000), {
    form: "number",
    byDefault: 128,
    description: "Requests at once on one connection: HTTP/2 streams, pipelined HTTP/1.1 requests.",
  }),
  maxBufferedBytes: key(size(1024 ** 2, 2 ** 31 - 1), {
    form: "size",
    byDefault: "256MiB",
    description:
      "Bytes of answers that wait for clients to take them, of all clients together; above it those that have not moved for longest are cut off. As many again of large requests that backends have yet to answer; above it large requests are refused.",
  }),
  stall: key(duration(1000), {
    form: "duration",
    byDefault: "5m",
    description:
      "How long a client that has to send or to take something may rest. A stream on which the backend is silent is not resting.",
  }),
  keepAlive: key(duration(1000), {
    form: "duration",
    byDefault: "75s",
    description: "How long an HTTP/1.1 connection may rest between requests.",
  }),
  http2Idle: key(duration(1000), {
    form: "duration",
    byDefault: "15m",
    description: "How long an HTTP/2 connection may rest without a request.",
  }),
});
