// Bad input through a real listener: each is answered with a status that says what is wrong, never a 500, and the next
// request on the same listener answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import { createListener } from "../../../src/server/create-listener.ts";
import type { Listener } from "../../../src/server/listener.ts";
import { type Ask, askHttp1, askHttp2, notFound } from "../../server/open-listener.ts";
import { createEdge, note, unaryReply } from "./rest-fixture.ts";

const maxRequestBytes = 1 << 20;
const errors: string[] = [];
let listener: Listener;

/** Takes whatever comes and answers with an empty note. */
const sink: Handler = async (call) => {
  if (call.kind === "stream") for await (const _ of call.messages);
  return unaryReply(note({}));
};
const edge = createEdge(sink, { maxRequestBytes });

before(async () => {
  listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    handle: (request) => edge.protocol.handle(request),
    fallback: notFound,
    onError: (error, where) => errors.push(`${where}: ${String(error)}`),
  });
});
after(() => listener.close(0));

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const multipart = { "content-type": "multipart/form-data; boundary=xx" };

function put(body: string | Uint8Array, header: Record<string, string> = json): Ask {
  return { method: "POST", path: "/notes/7", header, body };
}

function attach(body: string, header: Record<string, string> = multipart): Ask {
  return { method: "POST", path: "/forms/7", header, body };
}

function stream(body: string, header: Record<string, string> = json): Ask {
  return { method: "POST", path: "/folders/7:import", header, body };
}

function get(query: string): Ask {
  return { path: `/notes/7?${query}` };
}

function manyKeys(count: number): string {
  return Array.from({ length: count }, (_, i) => `k${i}`).join("&");
}

const part = '--xx\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n';
const big = "x".repeat(maxRequestBytes);
const rows: readonly [what: string, ask: Ask, status: number, message: RegExp][] = [
  ["100,000 nested arrays", put(`{"text":${"[".repeat(100_000)}`), 400, /text|depth|deep/],
  ["100,000 nested objects", put('{"a":'.repeat(100_000)), 400, /./],
  ["text that ends in the middle", put('{"text":"a'), 400, /./],
  ["a lone surrogate", put('{"text":"\\ud800"}'), 400, /text/],
  ["bytes that are not UTF-8", put(Buffer.from('{"text":"\xff\xfe"}', "latin1")), 400, /text|UTF-8/],
  ["a number of 10,000 digits", put(`{"size":${"9".repeat(10_000)}}`), 400, /size/],
  ["a number beyond every exponent", put('{"size":1e999999999}'), 400, /size/],
  ["a byte order mark", put("\ufeff{}"), 400, /./],
  ["a NUL", put("\0"), 400, /./],
  ["something after the value", put("{} {}"), 400, /./],
  ["an array where a message is due", put("[]"), 400, /./],
  ["a key named __proto__", put('{"__proto__":{"text":"x"}}'), 400, /__proto__/],
  [
    "10,000 unknown keys",
    put(`{${Array.from({ length: 10_000 }, (_, i) => `"k${i}":1`).join()}}`),
    400,
    /k0/,
  ],
  ["a body larger than the limit", put(big + big), 413, /1048576/],
  ["JSON labelled as a form", put("{}", form), 415, /curl/],
  ["a type that nobody reads", put("x", { "content-type": "image/png" }), 415, /image\/png/],
  ["a type of 10,000 characters", put("x", { "content-type": "a".repeat(10_000) }), 415, /not read/],
  [
    "a body that only says that it is compressed",
    put("x", { ...json, "content-encoding": "gzip" }),
    400,
    /gzip/,
  ],
  ["a body compressed as nobody does", put("x", { ...json, "content-encoding": "lzw" }), 415, /lzw/],
  ["a body compressed twice", put("x", { ...json, "content-encoding": "gzip, br" }), 415, /gzip, br/],
  [
    "a body where none is taken",
    { ...get("text=x"), header: { ...json, "content-length": "2" }, body: "{}" },
    400,
    /no body/,
  ],
  [
    "protobuf that is none",
    put(Buffer.from([0x0a, 0x7f]), { "content-type": "application/protobuf" }),
    400,
    /./,
  ],
  ["10,000 query keys", get(manyKeys(10_000)), 431, /header is too large/],
  ["5,000 query keys", get(manyKeys(5_000)), 400, /k0/],
  ["a key of 5,000 levels", get("a.".repeat(5_000)), 400, /./],
  ["a query key named __proto__", get("__proto__=1&constructor=2"), 400, /__proto__/],
  ["a malformed triple in a query", get("text=%zz"), 400, /text|%zz/],
  ["a malformed triple in a path", { path: "/notes/%zz" }, 400, /%zz|id/],
  ["bytes that are not UTF-8 in a path", { path: "/notes/%ff" }, 400, /id|UTF-8/],
  ["a deadline that is none", { path: "/notes/7", header: { "grpc-timeout": "soon" } }, 400, /grpc-timeout/],
  [
    "an Accept of 5,000 entries",
    { path: "/notes/7", header: { accept: "a/b;q=x,".repeat(2_000) } },
    200,
    /./,
  ],
  ["a form of 10,000 fields", put("text=x&".repeat(10_000), form), 400, /./],
  ["a form with a malformed triple", put("text=%", form), 400, /text|%/],
  ["multipart without an end", attach(part), 400, /boundary/],
  ["multipart without a boundary in it", attach("hello"), 400, /boundary/],
  [
    "multipart without a boundary in its type",
    attach(part, { "content-type": "multipart/form-data" }),
    400,
    /boundary/,
  ],
  ["multipart of 1,001 parts", attach(`${part.repeat(1_001)}--xx--`), 413, /1000/],
  ["a part with a huge name", attach(`${part.replace("title", "t".repeat(5_000))}--xx--`), 413, /name/],
  ["a part with a huge header", attach(`--xx\r\nX: ${"y".repeat(200_000)}\r\n\r\n\r\n--xx--`), 413, /header/],
  ["a part without a name", attach("--xx\r\nContent-Type: a/b\r\n\r\n\r\n--xx--"), 400, /form-data/],
  [
    "multipart in multipart",
    attach(`${part.replace("\r\n\r\n", "\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n")}--xx--`),
    400,
    /multipart itself/,
  ],
  ["multipart larger than the limit", attach(`${part.replace("x\r\n", `${big}\r\n`)}--xx--`), 413, /1048576/],
  ["a stream whose array does not end", stream('[{"text":"a"},'), 400, /message 2/],
  ["a stream with something after its array", stream("[] []"), 400, /after the array/],
  ["a stream of 100,000 nested arrays", stream(`[${"[".repeat(100_000)}`), 400, /message 1/],
  ["a message of a stream larger than the limit", stream(`[{"text":"${big}"}]`), 413, /1048576/],
  ["a stream under a type that nobody reads", stream("x", { "content-type": "text/csv" }), 415, /text\/csv/],
];
for (const [version, askOn] of [
  ["HTTP/1.1", askHttp1],
  ["HTTP/2", askHttp2],
] as const) {
  for (const [what, ask, status, message] of rows) {
    test(`${what} over ${version} is ${status}, and the next request answers`, async () => {
      const answer = await askOn(listener.port, ask);
      assert.equal(answer.status, status, answer.body.slice(0, 300));
      if (status !== 200) {
        const body = JSON.parse(answer.body);
        assert.match(body.message, message);
        assert.ok(answer.body.length < 2_000, "no error repeats what was sent");
      }
      const next = await askOn(listener.port, put("{}"));
      assert.equal(next.status, 200);
    });
  }
}

test("nothing of it was an error of ours", () => {
  // A header that is too large never becomes a request; the listener tells of it as of a broken connection.
  assert.deepEqual(
    errors.filter((error) => !error.includes("Header overflow")),
    [],
  );
  assert.deepEqual(edge.log, []);
});
