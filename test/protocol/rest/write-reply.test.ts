import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseReply, planRoute } from "../../../src/protocol/rest/reply-choice.ts";
import { writeReply } from "../../../src/protocol/rest/write-reply.ts";
import type { Reply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import type { ProfileName } from "../../../src/transcode/dialect.ts";
import type { RestPolicy } from "../../../src/transcode/rest-policy.ts";
import type { HttpResponse } from "../../../src/wire/http-message.ts";
import { metadataRules } from "../../../src/wire/metadata-rules.ts";
import { bodyIterator, piecesOf, Source, textOf, trailerOf } from "./pieces.ts";
import {
  encode,
  httpBodyDesc,
  note,
  routeOf,
  statusFormatOf,
  streamReply,
  unaryReply,
} from "./rest-fixture.ts";

const lost = new RpcError(Code.DATA_LOSS, "lost");
const notAMessage = Uint8Array.of(0x0a, 0x20);

interface Written {
  readonly response: HttpResponse;
  /** What `onStreamError` was told. */
  readonly errors: readonly RpcError[];
}

interface Options {
  readonly accept?: string;
  readonly profile?: ProfileName;
  readonly policy?: Partial<RestPolicy>;
  readonly seenCount?: number;
}

async function write(name: string, reply: Reply, options: Options | string = {}): Promise<Written> {
  const {
    accept,
    profile,
    policy,
    seenCount = 0,
  } = typeof options === "string" ? { accept: options } : options;
  const route = routeOf(name, profile, policy);
  const errors: RpcError[] = [];
  const response = await writeReply(reply, {
    route,
    choice: chooseReply(planRoute(route), accept),
    formatStatus: statusFormatOf(profile),
    rules: metadataRules[profile ?? "standard"],
    heartbeatMs: 15_000,
    seenCount,
    onStreamError: (error) => errors.push(error),
  });
  return { response, errors };
}

function file(text: string, contentType = ""): Uint8Array {
  return encode(httpBodyDesc, { contentType, data: Buffer.from(text) });
}

test("a unary reply is its JSON, header metadata as header, trailer metadata as trailer", async () => {
  const reply = unaryReply(note({ id: "7" }), {
    header: Header.of([
      ["x-a", "1"],
      ["grpc-encoding", "gzip"],
      ["content-type", "application/grpc"],
    ]),
    trailer: Header.of([
      ["x-cost", "2"],
      ["grpc-status", "0"],
      ["grpc-message", ""],
    ]),
  });
  const { response } = await write("Get", reply);
  assert.equal(response.httpStatus, 200);
  assert.deepEqual(
    [...response.header],
    [
      ["content-type", "application/json"],
      ["x-a", "1"],
    ],
  );
  assert.equal(await textOf(response), '{"id":"7"}');
  assert.deepEqual(await trailerOf(response), [["x-cost", "2"]]);
});

test("a unary reply without a trailer announces none", async () => {
  assert.equal((await write("Get", unaryReply(note({})))).response.trailer, undefined);
});

test("a unary HttpBody is its bytes under its type", async () => {
  const { response } = await write("Fetch", unaryReply(file("a,b\n", "text/csv")));
  assert.equal(response.header.get("content-type"), "text/csv");
  assert.equal(await textOf(response), "a,b\n");
});

test("a backend's bytes that are no such message are INTERNAL", async () => {
  await assert.rejects(write("Get", unaryReply(notAMessage)), { code: Code.INTERNAL });
});

test("a stream is written as it is pulled, its trailer after it", async () => {
  const messages = new Source([note({ id: "1" }), note({ id: "2" })]);
  const trailer = Promise.resolve(Header.of([["x-cost", "2"]]));
  const { response, errors } = await write("Watch", streamReply(messages, { trailer }));
  assert.equal(response.httpStatus, 200);
  assert.equal(messages.pulled, 0, "nothing is pulled before the body is");
  assert.deepEqual(await piecesOf(response), ["[", '{"id":"1"}', ',{"id":"2"}', "]"]);
  assert.deepEqual(await trailerOf(response), [["x-cost", "2"]]);
  assert.deepEqual(errors, []);
});

test("an error in a stream is its last element, and its code is in the trailer", async () => {
  for (const count of [0, 1]) {
    const messages = new Source([note({ id: "1" })].slice(0, count), lost);
    const trailer = Promise.resolve(Header.of([["x-cost", "2"]]));
    const { response, errors } = await write("Watch", streamReply(messages, { trailer }));
    const error = { error: { code: 15, message: "lost", details: [] } };
    assert.deepEqual(JSON.parse(await textOf(response)), count === 0 ? [error] : [{ id: "1" }, error]);
    assert.deepEqual(await trailerOf(response), [
      ["x-cost", "2"],
      ["grpc-status", "15"],
    ]);
    assert.deepEqual(errors, [lost]);
  }
});

test("an unknown error in a stream says nothing of our insides and is reported with its cause", async () => {
  const cause = new TypeError("secret");
  const { response, errors } = await write("Watch", streamReply(new Source([], cause)), "text/event-stream");
  assert.equal(
    await textOf(response),
    'event: error\ndata: {"code":13,"message":"internal error","details":[]}\n\n',
  );
  assert.equal(errors[0]?.cause, cause);
});

test("a message in a stream that is none ends it, and the backend's stream too", async () => {
  const messages = new Source([note({ id: "1" }), notAMessage, note({})]);
  const { response } = await write("Watch", streamReply(messages), "application/x-ndjson");
  assert.match(await textOf(response), /^\{"id":"1"\}\n\{"error":\{"code":13,.*\}\}\n$/);
  assert.equal(messages.returned, true);
  assert.equal(messages.pulled, 2);
});

test("a consumer that stops early is felt by the reply's messages", async () => {
  for (const [name, message] of [
    ["Watch", note({})],
    ["Download", file("x")],
  ] as const) {
    const messages = new Source([message, message, message]);
    const { response } = await write(name, streamReply(messages));
    const body = bodyIterator(response);
    await body.next();
    await body.next();
    await body.return?.();
    assert.equal(messages.returned, true, name);
  }
});

test("a stream of HttpBody is its bytes under the first one's type", async () => {
  const trailer = Promise.resolve(Header.of([["x-cost", "2"]]));
  const messages = new Source([file("a,", "text/csv"), file("b", "text/plain")]);
  const { response } = await write("Download", streamReply(messages, { trailer }), "text/event-stream");
  assert.equal(response.header.get("content-type"), "text/csv");
  assert.equal(messages.pulled, 1, "the type is known from the first message");
  assert.deepEqual(await piecesOf(response), ["a,", "b"]);
  assert.deepEqual(await trailerOf(response), [["x-cost", "2"]]);
});

test("an empty stream of HttpBody is an empty file, its trailer not lost", async () => {
  const trailer = Promise.resolve(Header.of([["x-cost", "0"]]));
  const header = Header.of([["x-a", "1"]]);
  const { response } = await write("Download", streamReply(new Source<Uint8Array>([]), { header, trailer }));
  assert.deepEqual(
    [...response.header],
    [
      ["content-type", "application/octet-stream"],
      ["x-a", "1"],
    ],
  );
  assert.equal(await textOf(response), "");
  assert.deepEqual(await trailerOf(response), [["x-cost", "0"]]);
});

test("a raw stream that fails before its first message is an error like any other", async () => {
  await assert.rejects(write("Download", streamReply(new Source<Uint8Array>([], lost))), lost);
});

test("a raw stream that fails in the middle breaks off, since the bytes leave no place for an error", async () => {
  const { response, errors } = await write("Download", streamReply(new Source([file("a")], lost)));
  await assert.rejects(textOf(response), lost);
  assert.deepEqual(errors, [lost]);
});

test("a raw stream whose message is none lets go of the backend's stream", async () => {
  const first = new Source([notAMessage, file("b")]);
  await assert.rejects(write("Download", streamReply(first)), { code: Code.INTERNAL });
  assert.equal(first.returned, true);

  const second = new Source([file("a"), notAMessage]);
  const { response } = await write("Download", streamReply(second));
  await assert.rejects(textOf(response), { code: Code.INTERNAL });
  assert.equal(second.returned, true);
});
