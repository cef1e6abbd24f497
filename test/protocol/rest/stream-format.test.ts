import assert from "node:assert/strict";
import { test } from "node:test";
import { type StreamFormat, streamFormatsOf } from "../../../src/protocol/rest/stream-format.ts";
import { dialects } from "../../../src/transcode/dialect.ts";
import type { StreamFormatName } from "../../../src/transcode/rest-policy.ts";

const { policy } = dialects.standard;
const bareStreamFormats = streamFormatsOf(policy);
const resultStreamFormats = streamFormatsOf({ ...policy, streamEnvelope: true });

/** A whole body: the messages, then the error if there is one. */
function layOut(format: StreamFormat, messages: readonly string[], error?: string): string {
  const items = messages.map((message, index) => format.item(message, index)).join("");
  const end =
    error === undefined
      ? format.close
      : format.error({ bare: error, wrapped: `{"error":${error}}` }, messages.length);
  return format.open + items + end;
}

function formatOf(formats: ReadonlyMap<string, StreamFormat>, type: string): StreamFormat {
  const format = formats.get(type);
  if (format === undefined) throw new Error(`no format ${type}`);
  return format;
}

const e = '{"code":5}';
const rows: readonly [
  formats: ReadonlyMap<string, StreamFormat>,
  type: string,
  contentType: string,
  empty: string,
  two: string,
  errorFirst: string,
  errorAfterOne: string,
  why: string,
][] = [
  [
    bareStreamFormats,
    "application/json",
    "application/json",
    "[]",
    "[1,2]",
    `[{"error":${e}}]`,
    `[1,{"error":${e}}]`,
    "a JSON array stays one, whatever its end",
  ],
  [
    bareStreamFormats,
    "application/x-ndjson",
    "application/x-ndjson",
    "",
    "1\n2\n",
    `{"error":${e}}\n`,
    `1\n{"error":${e}}\n`,
    "one value per line, the last one ended too",
  ],
  [
    bareStreamFormats,
    "application/jsonl",
    "application/jsonl",
    "",
    "1\n2\n",
    `{"error":${e}}\n`,
    `1\n{"error":${e}}\n`,
    "the same under its other name",
  ],
  [
    bareStreamFormats,
    "text/event-stream",
    "text/event-stream",
    "",
    "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n",
    `event: error\ndata: ${e}\n\n`,
    `id: 1\ndata: 1\n\nevent: error\ndata: ${e}\n\n`,
    "ids count up from 1, an error is an event of its own",
  ],
  [
    resultStreamFormats,
    "application/json",
    "application/json",
    "",
    '{"result":1}\n{"result":2}\n',
    `{"error":${e}}\n`,
    `{"result":1}\n{"error":${e}}\n`,
    "grpc-gateway's lines, under the type its clients expect",
  ],
  [
    resultStreamFormats,
    "application/x-ndjson",
    "application/x-ndjson",
    "",
    '{"result":1}\n{"result":2}\n',
    `{"error":${e}}\n`,
    `{"result":1}\n{"error":${e}}\n`,
    "the same lines under the name of lines",
  ],
];
for (const [formats, type, contentType, empty, two, errorFirst, errorAfterOne, why] of rows) {
  const dialect = formats === bareStreamFormats ? "bare" : "result-lines";
  test(`${type} in the ${dialect} dialect: ${why}`, () => {
    const format = formatOf(formats, type);
    assert.equal(format.contentType, contentType);
    assert.equal(layOut(format, []), empty);
    assert.equal(layOut(format, ["1", "2"]), two);
    assert.equal(layOut(format, [], e), errorFirst);
    assert.equal(layOut(format, ["1"], e), errorAfterOne);
  });
}

const firsts: readonly [name: StreamFormatName, envelope: boolean, first: string, why: string][] = [
  ["array", false, "application/json", "an array"],
  ["ndjson", false, "application/x-ndjson", "lines"],
  ["sse", false, "text/event-stream", "events"],
  ["array", true, "application/json", "the envelope makes lines of an array"],
  [
    "ndjson",
    true,
    "application/json",
    "lines in the envelope go by the name that grpc-gateway's clients expect",
  ],
  ["sse", true, "text/event-stream", "events are envelopes already"],
];
for (const [streamFormat, streamEnvelope, first, why] of firsts) {
  test(`a client that asks for nothing gets ${first} where the policy says ${streamFormat}, envelope ${streamEnvelope}: ${why}`, () => {
    const formats = streamFormatsOf({ ...policy, streamFormat, streamEnvelope });
    assert.equal([...formats.keys()][0], first);
    assert.equal(formats.size, 4, "whoever asks gets any of the others");
  });
}
