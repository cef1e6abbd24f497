// How a stream of JSON messages is laid out in one response body: array, lines or server-sent events.
// Source: semantics "Responses"; NDJSON (https://github.com/ndjson/ndjson-spec); HTML standard §9.2 (event stream).

export interface StreamFormat {
  readonly contentType: string;
  /** Text before everything. */
  readonly open: string;
  /** The message at a position (0 for the first). */
  item(json: string, index: number): string;
  /** The error that ends the stream, after `count` messages; `status` is its JSON. */
  error(status: string, count: number): string;
  /** Text after everything, after `count` messages, where the stream ended well. */
  readonly close: string;
}

const array: StreamFormat = {
  contentType: "application/json",
  open: "[",
  item: (json, index) => (index === 0 ? json : `,${json}`),
  error: (status, count) => `${count === 0 ? "" : ","}{"error":${status}}]`,
  close: "]",
};

function lines(contentType: string): StreamFormat {
  return {
    contentType,
    open: "",
    item: (json) => `${json}\n`,
    error: (status) => `{"error":${status}}\n`,
    close: "",
  };
}

const events: StreamFormat = {
  contentType: "text/event-stream",
  open: "",
  // JSON text holds no line break of its own, so one data line carries it.
  item: (json, index) => `id: ${index + 1}\ndata: ${json}\n\n`,
  error: (status) => `event: error\ndata: ${status}\n\n`,
  close: "",
};

/** grpc-gateway's: each message in an envelope, one a line, under the content type that its clients expect. */
const resultLines: StreamFormat = {
  contentType: "application/json",
  open: "",
  item: (json) => `{"result":${json}}\n`,
  error: (status) => `{"error":${status}}\n`,
  close: "",
};

/** What a client may ask for by `Accept`, in our order of preference. */
export const bareStreamFormats: ReadonlyMap<string, StreamFormat> = new Map([
  ["application/json", array],
  ["application/x-ndjson", lines("application/x-ndjson")],
  ["application/jsonl", lines("application/jsonl")],
  ["text/event-stream", events],
]);

/** The same in the dialect whose streams are `{"result":…}` lines. */
export const resultStreamFormats: ReadonlyMap<string, StreamFormat> = new Map([
  ["application/json", resultLines],
  ["application/x-ndjson", { ...resultLines, contentType: "application/x-ndjson" }],
  ["text/event-stream", events],
]);
