// The real client in every combination of HTTP version, codec and compression.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry, toBinary } from "@bufbuild/protobuf";
import { Code as ConnectCode, type ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  file_google_rpc_error_details,
} from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { until } from "../../server/open-listener.ts";
import { failureOf, metadataOf } from "../backend-failure.ts";
import { type Note, note, readNote } from "../note-service.ts";
import {
  collect,
  failureFrom,
  notes,
  open,
  streamDesc,
  unaryDesc,
  variants,
  writeDesc,
} from "./node-client.ts";

const long = "lorem ipsum ".repeat(50);
const badRequest = toBinary(BadRequestSchema, {
  $typeName: "google.rpc.BadRequest",
  fieldViolations: [
    {
      $typeName: "google.rpc.BadRequest.FieldViolation",
      field: "text",
      description: "too long",
      reason: "",
      localizedMessage: undefined as never,
    },
  ],
});
const details = [
  { typeUrl: "type.googleapis.com/google.rpc.BadRequest", value: badRequest },
  { typeUrl: "type.googleapis.com/test.Unknown", value: Uint8Array.of(8, 1) },
];

const echo: BackendHandlers = {
  Unary(call, callback) {
    const asked = readNote(call.request);
    call.sendMetadata(metadataOf({ "x-header": "h", "x-data-bin": Buffer.from([0, 1, 255]) }));
    const trailer = metadataOf({ "x-trailer": "t", "x-end-bin": Buffer.from([254]) });
    if (asked.id === "fail") {
      callback({ ...failureOf(3, "no good", details, { "x-trailer": "t" }) } as never);
      return;
    }
    callback(null, note({ ...asked, seen: call.metadata.get("x-sent").map(String) }), trailer);
  },
  ServerStreaming(call) {
    const asked = readNote(call.request);
    call.sendMetadata(metadataOf({ "x-header": "h" }));
    for (let i = 0; i < 3; i++) call.write(note({ id: String(i), text: asked.text }));
    if (asked.id === "fail") call.emit("error", failureOf(3, "no good", details, { "x-trailer": "t" }));
    else call.end(metadataOf({ "x-trailer": "t" }));
  },
  ClientStreaming(call, callback) {
    const seen: string[] = [];
    call.on("data", (message: Buffer) => seen.push(readNote(message).id));
    call.on("end", () => {
      call.sendMetadata(metadataOf({ "x-header": "h" }));
      callback(null, note({ seen, text: long }), metadataOf({ "x-trailer": "t" }));
    });
  },
  Bidi(call) {
    call.sendMetadata(metadataOf({ "x-header": "h" }));
    call.on("data", (message: Buffer) => call.write(note({ id: `got ${readNote(message).id}` })));
    call.on("end", () => call.end(metadataOf({ "x-trailer": "t" })));
  },
};

for (const variant of variants) {
  test(`a unary call has message, header and trailer (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const sent = { id: "7", text: long, size: 2n ** 62n };
    const reply = await client.unary(unaryDesc, undefined, undefined, { "x-sent": "s" }, sent);
    const got = reply.message as Note;
    assert.deepEqual([got.id, got.text, got.size, got.seen], ["7", long, 2n ** 62n, ["s"]]);
    assert.equal(reply.header.get("x-header"), "h");
    assert.equal(reply.header.get("x-data-bin"), "AAH/");
    assert.equal(reply.trailer.get("x-trailer"), "t");
    assert.equal(reply.trailer.get("x-end-bin"), "/g");
    assert.equal(
      reply.header.get("content-encoding"),
      variant.compression === "identity" ? null : variant.compression,
    );
  });

  test(`a unary error has code, message, details and metadata (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const error = await failureFrom(client.unary(unaryDesc, undefined, undefined, {}, { id: "fail" }));
    assertFailure(error);
    assert.equal(error.metadata.get("x-header"), "h");
    assert.equal(error.metadata.get("trailer-x-trailer") ?? error.metadata.get("x-trailer"), "t");
  });

  test(`a server stream has messages, header and trailer (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const reply = await client.stream(
      streamDesc("ServerStreaming"),
      undefined,
      undefined,
      {},
      notes({ text: long }),
    );
    const got = await collect(reply.message);
    assert.deepEqual(
      got.map(({ id }) => id),
      ["0", "1", "2"],
    );
    assert.equal(got[0]?.text, long);
    assert.equal(reply.header.get("x-header"), "h");
    assert.equal(reply.trailer.get("x-trailer"), "t");
  });

  test(`a server stream that fails has its messages, then the error (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const reply = await client.stream(
      streamDesc("ServerStreaming"),
      undefined,
      undefined,
      {},
      notes({ id: "fail" }),
    );
    const seen: unknown[] = [];
    const error = await failureFrom(
      (async () => {
        for await (const message of reply.message) seen.push(message);
      })(),
    );
    assert.equal(seen.length, 3);
    assertFailure(error);
    assert.equal(error.metadata.get("x-trailer"), "t");
  });

  test(`a client stream has its reply, header and trailer (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const input = notes({ id: "a" }, { id: "b", text: long }, {});
    const reply = await client.stream(streamDesc("ClientStreaming"), undefined, undefined, {}, input);
    const got = await collect(reply.message);
    assert.deepEqual(
      got.map(({ seen }) => seen),
      [["a", "b", ""]],
    );
    assert.equal(reply.header.get("x-header"), "h");
    assert.equal(reply.trailer.get("x-trailer"), "t");
  });

  test(`a bidi stream that is half-duplex works (${variant.name})`, async (context) => {
    const client = await open(context, echo, variant);
    const input = notes({ id: "a" }, { id: "b" });
    const reply = await client.stream(streamDesc("Bidi"), undefined, undefined, {}, input);
    const got = await collect(reply.message);
    assert.deepEqual(
      got.map(({ id }) => id),
      ["got a", "got b"],
    );
    assert.equal(reply.header.get("x-header"), "h");
    assert.equal(reply.trailer.get("x-trailer"), "t");
  });
}

function assertFailure(error: ConnectError): void {
  assert.equal(error.code, ConnectCode.InvalidArgument);
  assert.equal(error.rawMessage, "no good");
  const [found] = error.findDetails(createRegistry(file_google_rpc_error_details)) as unknown as [
    { fieldViolations: { field: string }[] },
  ];
  assert.equal(found.fieldViolations[0]?.field, "text");
  const [known, unknown] = error.details as { type: string; value: Uint8Array; debug?: unknown }[];
  assert.deepEqual(known?.debug, { fieldViolations: [{ field: "text", description: "too long" }] });
  assert.equal(unknown?.type, "test.Unknown");
  assert.deepEqual([...(unknown?.value ?? [])], [8, 1]);
  assert.equal(unknown?.debug, undefined);
}

for (const useBinaryFormat of [true, false]) {
  const codec = useBinaryFormat ? "proto" : "JSON";
  for (const compression of ["identity", "gzip"] as const) {
    test(`a method without side effects is reached by GET (${codec}, ${compression})`, async (context) => {
      const variant = { httpVersion: "1.1", useBinaryFormat, compression, useHttpGet: true } as const;
      const client = await open(context, echo, variant);
      const sent = { id: "ü+/&=%", text: long };
      const reply = await client.unary(unaryDesc, undefined, undefined, {}, sent);
      assert.equal((reply.message as Note).id, sent.id);
      assert.equal((reply.message as Note).text, long);
      assert.match(reply.header.get("vary") ?? "", /accept-encoding/);
      const error = await failureFrom(client.unary(unaryDesc, undefined, undefined, {}, { id: "fail" }));
      assertFailure(error);
    });
  }

  test(`messages of a bidi stream are answered one by one (${codec})`, async (context) => {
    const variant = { httpVersion: "2", useBinaryFormat, compression: "identity" } as const;
    const client = await open(context, echo, variant);
    let say: ((note: Record<string, unknown> | undefined) => void) | undefined;
    const hear = (): Promise<Record<string, unknown> | undefined> =>
      new Promise((resolve) => {
        say = resolve;
      });
    async function* talk(): AsyncGenerator<Record<string, unknown>> {
      for (
        let next: Record<string, unknown> | undefined = { id: "0" };
        next !== undefined;
        next = await hear()
      )
        yield next;
    }
    const reply = await client.stream(streamDesc("Bidi"), undefined, undefined, {}, talk());
    const heard: string[] = [];
    for await (const message of reply.message) {
      heard.push((message as unknown as Note).id);
      await until(() => say !== undefined);
      const answer = say;
      say = undefined;
      answer?.(heard.length < 3 ? { id: String(heard.length) } : undefined);
    }
    assert.deepEqual(heard, ["got 0", "got 1", "got 2"]);
  });
}

test("a method that has side effects is called by POST whatever the client prefers", async (context) => {
  const client = await open(context, echo, {
    httpVersion: "1.1",
    useBinaryFormat: false,
    compression: "identity",
    useHttpGet: true,
  });
  // The backend has no such method: what matters is that it was asked.
  const error = await failureFrom(client.unary(writeDesc, undefined, undefined, {}, {}));
  assert.equal(error.code, ConnectCode.Unimplemented);
});
