// How a stream of JSON messages is laid out in one response body: array, lines or server-sent events.
// Source: semantics "Responses"; NDJSON (https://github.com/ndjson/ndjson-spec); HTML standard §9.2 (event stream).
import type { RestPolicy, StreamFormatName } from "../../transcode/rest-policy.ts";

export interface StreamFormat {
  readonly contentType: string;
  /** Whether a message may have line breaks in it. */
  readonly indents: boolean;
  /** Whether messages carry their position, by which a client resumes (`Last-Event-ID`). */
  readonly numbered: boolean;
  /** What keeps proxies and clients from giving a silent stream up; absent where the layout has no place for it. */
  readonly heartbeat?: string;
  /** Text before everything. */
  readonly open: string;
  /** The message at a position (0 for the first). */
  item(json: string, index: number): string;
  /**
   * The error that ends the stream, after `count` messages.
   * @param status its JSON, and the same as `{"error":…}`
   */
  error(status: { readonly bare: string; readonly wrapped: string }, count: number): string;
  /** Text after everything, after `count` messages, where the stream ended well. */
  readonly close: string;
}

const array: StreamFormat = {
  contentType: "application/json",
  indents: true,
  numbered: false,
  open: "[",
  item: (json, index) => (index === 0 ? json : `,${json}`),
  error: ({ wrapped }, count) => `${count === 0 ? "" : ","}${wrapped}]`,
  close: "]",
};

function lines(contentType: string): StreamFormat {
  return {
    contentType,
    indents: false,
    numbered: false,
    open: "",
    item: (json) => `${json}\n`,
    error: ({ wrapped }) => `${wrapped}\n`,
    close: "",
  };
}

const events: StreamFormat = {
  contentType: "text/event-stream",
  indents: false,
  numbered: true,
  heartbeat: ":\n\n",
  open: "",
  // JSON text holds no line break of its own, so one data line carries it.
  item: (json, index) => `id: ${index + 1}\ndata: ${json}\n\n`,
  error: ({ bare }) => `event: error\ndata: ${bare}\n\n`,
  close: "",
};

/** grpc-gateway's: each message in an envelope, one a line. */
function resultLines(contentType: string): StreamFormat {
  return { ...lines(contentType), item: (json) => `{"result":${json}}\n` };
}

/** Layouts by media type, the one for clients that ask for none first. */
export type StreamFormats = ReadonlyMap<string, StreamFormat>;

const bare: readonly StreamFormat[] = [
  array,
  lines("application/x-ndjson"),
  lines("application/jsonl"),
  events,
];
/**
 * Lines are what grpc-gateway's clients expect under `application/json`. Events are envelopes already, and so stay as
 * they are.
 */
const enveloped: readonly StreamFormat[] = [
  resultLines("application/json"),
  resultLines("application/x-ndjson"),
  resultLines("application/jsonl"),
  events,
];

const tables: ReadonlyMap<string, StreamFormats> = new Map(
  (["array", "ndjson", "sse"] as const).flatMap((name) =>
    [false, true].map((envelope): [string, StreamFormats] => [
      tableKey(name, envelope),
      tableOf(name, envelope),
    ]),
  ),
);

/** What the clients of a method may ask for by `Accept`; what they get that ask for nothing stands first. */
export function streamFormatsOf({ streamFormat, streamEnvelope }: RestPolicy): StreamFormats {
  const formats = tables.get(tableKey(streamFormat, streamEnvelope));
  if (formats === undefined) throw new Error(`no stream format ${streamFormat}`);
  return formats;
}

/** The media type under which a layout stands in every table. */
export function streamTypeOf(name: StreamFormatName): string {
  switch (name) {
    case "array":
      return "application/json";
    case "ndjson":
      return "application/x-ndjson";
    case "sse":
      return "text/event-stream";
  }
}

function tableKey(name: StreamFormatName, envelope: boolean): string {
  return `${name} ${envelope}`;
}

function tableOf(name: StreamFormatName, envelope: boolean): StreamFormats {
  const formats = envelope ? enveloped : bare;
  // With the envelope an array is lines as well, and lines go by the name of JSON.
  const first = envelope && name !== "sse" ? "application/json" : streamTypeOf(name);
  const ordered = [...formats].sort(
    (a, b) => Number(b.contentType === first) - Number(a.contentType === first),
  );
  return new Map(ordered.map((format) => [format.contentType, format]));
}
