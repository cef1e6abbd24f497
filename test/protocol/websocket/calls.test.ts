// Calls of all four kinds over WebSocket, from the library's client to a grpc-js backend and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { BadRequestSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { encodeGrpcStatusDetails } from "../../../src/wire/grpc-status-details.ts";
import { until } from "../../server/open-listener.ts";
import { allFrames, nextJson, note, openEdge, readNote } from "./websocket-fixture.ts";

const okEnd = { end: { code: 0, message: "", details: [], trailer: {} } };

function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.add(name, value);
  return metadata;
}

for (const [subprotocols, form] of [
  [[], "json"],
  [["protogate.json"], "json"],
  [["unknown", "protogate.proto", "protogate.json"], "proto"],
] as const) {
  const offered = subprotocols.join(", ") || "no subprotocol";
  const message = (value: object): unknown => (form === "json" ? { message: value } : value);
  /** A reply as this form has it. */
  const seen = (frames: readonly unknown[]): unknown[] =>
    frames.map((frame) => {
      if (typeof frame !== "object" || frame === null || !("$typeName" in frame)) return frame;
      const { text } = frame as unknown as { text: string };
      return { text };
    });

  test(`a unary call by ${offered}`, async (t) => {
    const { open } = await openEdge(t, {
      Unary: (call, reply) => {
        call.sendMetadata(metadataOf({ "x-head": "h" }));
        reply(null, note({ text: `got ${readNote(call.request).text}` }), metadataOf({ "x-trail": "t" }));
      },
    });
    const socket = await open("/test.Transport/Unary", { subprotocols });
    assert.equal(socket.ws.protocol, subprotocols.find((name) => name.startsWith("protogate")) ?? "");
    socket.ws.send(form === "json" ? '{"message":{"text":"a"}}' : note({ text: "a" }));
    assert.deepEqual(seen(await allFrames(socket)), [
      { header: { "x-head": "h" } },
      message({ text: "got a" }),
      { end: { ...okEnd.end, trailer: { "x-trail": "t" } } },
    ]);
    assert.deepEqual(await socket.closed, { code: 1000, reason: "" });
  });

  test(`a server stream by ${offered}`, async (t) => {
    const { open } = await openEdge(t, {
      ServerStreaming: (call) => {
        for (let i = 1; i <= 3; i++) call.write(note({ text: `${readNote(call.request).text}${i}` }));
        call.end();
      },
    });
    const socket = await open("/test.Transport/ServerStreaming", { subprotocols });
    socket.ws.send(note({ text: "n" }));
    socket.ws.send('{"halfClose":true}');
    const [, ...rest] = await allFrames(socket);
    assert.deepEqual(seen(rest), [...["n1", "n2", "n3"].map((text) => message({ text })), okEnd]);
  });

  test(`a client stream by ${offered}, of text and binary frames`, async (t) => {
    const { open } = await openEdge(t, {
      ClientStreaming: (call, reply) => {
        const texts: string[] = [];
        call.on("data", (bytes) => texts.push(readNote(bytes).text));
        call.on("end", () => reply(null, note({ text: texts.join() })));
      },
    });
    const socket = await open("/test.Transport/ClientStreaming", { subprotocols });
    socket.ws.send('{"message":{"text":"a"}}');
    socket.ws.send(note({ text: "b" }));
    socket.ws.send('{"halfClose":true}');
    const [, ...rest] = await allFrames(socket);
    assert.deepEqual(seen(rest), [message({ text: "a,b" }), okEnd]);
  });

  test(`a bidi stream by ${offered} answers while the client still talks`, async (t) => {
    const { open } = await openEdge(t, {
      Bidi: (call) => {
        call.on("data", (bytes) => call.write(note({ text: `re ${readNote(bytes).text}` })));
        call.on("end", () => call.end());
      },
    });
    const socket = await open("/test.Transport/Bidi", { subprotocols });
    for (const text of ["a", "b"]) {
      socket.ws.send(JSON.stringify({ message: { text } }));
      await until(() => socket.frames.length === (text === "a" ? 2 : 3));
    }
    socket.ws.send('{"halfClose":true}');
    const [, ...rest] = await allFrames(socket);
    assert.deepEqual(seen(rest), [message({ text: "re a" }), message({ text: "re b" }), okEnd]);
  });
}

test("a backend that speaks first is heard after a header frame, and its header before any message", async (t) => {
  const { open } = await openEdge(t, {
    Bidi: (call) => {
      call.sendMetadata(metadataOf({ "x-early": "1" }));
      call.on("data", () => {
        call.write(note({ text: "bye" }));
        call.end();
      });
    },
  });
  const socket = await open("/test.Transport/Bidi");
  socket.ws.send('{"header":{}}');
  assert.deepEqual(await nextJson(socket), { header: { "x-early": "1" } });
  socket.ws.send('{"message":{}}');
  assert.deepEqual(await nextJson(socket), { message: { text: "bye" } });
  assert.deepEqual(await nextJson(socket), okEnd);
});

test("an error has code, message, details and trailer in its frame, and code and message in the close", async (t) => {
  const value = toBinary(
    BadRequestSchema,
    create(BadRequestSchema, { fieldViolations: [{ field: "text", description: "no" }] }),
  );
  const typeUrl = "type.googleapis.com/google.rpc.BadRequest";
  const { open } = await openEdge(t, {
    ServerStreaming: (call) => {
      const metadata = metadataOf({ "x-trail": "t" });
      const details = encodeGrpcStatusDetails({ code: 3, message: "bäd", details: [{ typeUrl, value }] });
      metadata.add("grpc-status-details-bin", Buffer.from(details, "base64"));
      call.write(note({ text: "one" }), () => {
        call.emit("error", { code: 3, details: "bäd", metadata });
      });
    },
  });
  for (const subprotocol of ["protogate.json", "protogate.proto"]) {
    const socket = await open("/test.Transport/ServerStreaming", { subprotocols: [subprotocol] });
    socket.ws.send('{"message":{}}');
    const frames = await allFrames(socket);
    assert.equal(frames.length, 3);
    assert.deepEqual(frames.at(-1), {
      end: {
        code: 3,
        message: "bäd",
        details: [{ "@type": typeUrl, value: Buffer.from(value).toString("base64") }],
        trailer: { "x-trail": "t" },
      },
    });
    assert.deepEqual(await socket.closed, { code: 4003, reason: "bäd" });
  }
});

test("what is wrong with a message is told with its number, path and position", async (t) => {
  const { open } = await openEdge(t, {
    Bidi: (call) => void call.on("data", () => {}).on("end", () => call.end()),
    Unary: (_, reply) => reply(null, note({})),
  });
  const bidi = await open("/test.Transport/Bidi");
  bidi.ws.send('{"message":{"size":"1"}}');
  bidi.ws.send('{"message":{"size":"x"}}');
  assert.equal((await bidi.closed).code, 4003);
  assert.match(bidi.frames.at(-1) as string, /"code":3,"message":"message 2: .*size.*int64/);
  assert.match(bidi.frames.at(-1) as string, /column/);

  const unary = await open("/test.Transport/Unary");
  unary.ws.send('{"message":{"text":1}}');
  assert.equal((await unary.closed).code, 4003);
  assert.match(unary.frames.at(-1) as string, /"code":3,"message":".*text.*string/);
});

test("a method that takes one message gets one: none and two are UNIMPLEMENTED", async (t) => {
  let calls = 0;
  const { open } = await openEdge(t, {
    Unary: () => void calls++,
  });
  const none = await open("/test.Transport/Unary");
  none.ws.send('{"halfClose":true}');
  assert.equal((await none.closed).code, 4012);
  assert.equal(calls, 0);
  const two = await open("/test.Transport/Unary");
  two.ws.send('{"message":{}}');
  two.ws.send('{"message":{}}');
  assert.deepEqual(await two.closed, { code: 4012, reason: "the method takes one message, got more" });
});

test("frames out of order are INVALID_ARGUMENT, before and after the half-close", async (t) => {
  const { open } = await openEdge(t, {
    Bidi: (call) => void call.on("data", () => {}),
    Unary: () => {},
  });
  for (const [path, frames, reason] of [
    ["Bidi", ['{"message":{}}', '{"header":{}}'], /header is the first/],
    ["Bidi", ['{"header":{}}', '{"header":{}}'], /header is the first/],
    ["Bidi", ['{"halfClose":true}', '{"message":{}}'], /a message after/],
    ["Bidi", ['{"message":{}}', '{"halfClose":true}', '{"halfClose":true}'], /a half_close after/],
    ["Bidi", ["hello"], /malformed frame: it is no JSON/],
    ["Bidi", ['{"message":{}}', '{"text":"bare"}'], /malformed frame: expected one key/],
    ["Unary", ['{"message":{}}', '{"header":{}}'], /a header after/],
    ["Unary", ['{"message":{}}', "{}"], /malformed/],
    ["Unary", ['{"message":{"text":"a"},"header":{}}'], /.*/],
  ] as const) {
    const socket = await open(`/test.Transport/${path}`);
    for (const frame of frames) socket.ws.send(frame);
    const { code, reason: said } = await socket.closed;
    assert.equal(code, 4003, frames.join());
    assert.match(said, reason);
  }
});

test("a header frame is metadata by the rules of requests, and never replaces what the handshake has", async (t) => {
  const { open } = await openEdge(t, {
    Unary: (call, reply) => {
      const map = Object.entries(call.metadata.getMap()).map(([name, value]) => `${name}=${value}`);
      reply(null, note({ seen: map.sort() }));
    },
  });
  const socket = await open("/test.Transport/Unary", {
    header: { "x-from": "handshake", origin: "http://127.0.0.1", "x-forwarded-for": "9.9.9.9" },
  });
  const header = {
    Authorization: "Bearer t",
    "x-from": "frame",
    "a-bin": "AAE=",
    "x-list": ["1", "2"],
    origin: "http://evil",
    cookie: "a=b",
    te: "x",
    host: "evil",
    "grpc-status": "0",
    "sec-fetch-site": "none",
    "x-forwarded-for": "1.1.1.1",
    "x-real-ip": "1.1.1.1",
    "x-forwarded-client-cert": "Subject=me",
    "content-length": "5",
  };
  socket.ws.send(JSON.stringify({ header }));
  socket.ws.send('{"message":{}}');
  const [, reply] = (await allFrames(socket)) as [unknown, { message: { seen: string[] } }];
  const seen = reply.message.seen.filter((entry) => !entry.startsWith("user-agent"));
  assert.deepEqual(seen, [
    "a-bin=\u0000\u0001",
    "authorization=Bearer t",
    "origin=http://127.0.0.1",
    "x-forwarded-for=9.9.9.9, 127.0.0.1",
    `x-forwarded-host=${new URL(socket.ws.url).host}`,
    "x-forwarded-proto=http",
    "x-from=handshake",
    "x-list=1, 2",
  ]);
});

test("a header that gRPC cannot carry is refused", async (t) => {
  const { open } = await openEdge(t, { Unary: (_, reply) => reply(null, note({})) });
  for (const header of [{ "a b": "1" }, { a: "é" }, { "a-bin": "not base64!" }, { a: "1\n2" }, { "": "1" }]) {
    const socket = await open("/test.Transport/Unary");
    socket.ws.send(JSON.stringify({ header }));
    socket.ws.send('{"message":{}}');
    assert.equal((await socket.closed).code, 4003, JSON.stringify(header));
  }
});

test("a deadline comes from the query, the handshake or the header frame", async (t) => {
  const { open } = await openEdge(t, {
    Unary: () => {},
    Bidi: (call) => void call.on("data", () => {}),
  });
  for (const [path, handshake, frame] of [
    ["Unary?$timeout=0.05", {}, {}],
    ["Unary?%24timeout=0.05s&a=1", {}, {}],
    ["Unary", { "grpc-timeout": "50m" }, {}],
    ["Unary", {}, { "X-Server-Timeout": "0.05" }],
    ["Bidi?$timeout=60", {}, { "connect-timeout-ms": "50" }],
  ] as const) {
    const socket = await open(`/test.Transport/${path}`, { header: handshake });
    socket.ws.send(JSON.stringify({ header: frame }));
    socket.ws.send('{"message":{}}');
    assert.equal((await socket.closed).code, 4004, path);
    assert.equal(JSON.parse(socket.frames.at(-1) as string).end.code, 4);
  }
  const malformed = await open("/test.Transport/Unary?$timeout=soon");
  malformed.ws.send('{"message":{}}');
  assert.deepEqual(await malformed.closed, {
    code: 4003,
    reason: 'query parameter $timeout: expected a timeout, got "soon"',
  });
});

test("any value of Value and any key of Struct is a message, also those of our own frames", async (t) => {
  const { open } = await openEdge(t, {});
  for (const value of [null, true, 1.5, "text", [], [null], {}, { halfClose: true }, { message: 1 }]) {
    const socket = await open("/test.Echo/Value");
    socket.ws.send(JSON.stringify({ message: value }));
    assert.deepEqual(await allFrames(socket), [{ header: {} }, { message: value }, okEnd]);
  }
  const socket = await open("/test.Echo/Struct");
  const structs = [{ header: { a: "1" } }, { halfClose: true }, { end: {} }, { message: null }, {}];
  for (const message of structs) socket.ws.send(JSON.stringify({ message }));
  socket.ws.send('{"halfClose":true}');
  const frames = await allFrames(socket);
  assert.deepEqual(
    frames.slice(1, -1),
    structs.map((message) => ({ message })),
  );
});

test("who offers only subprotocols that nobody knows is refused", async (t) => {
  const { open } = await openEdge(t, {});
  await assert.rejects(open("/test.Transport/Unary", { subprotocols: ["graphql-ws"] }), /400/);
  await assert.rejects(open("/test.Transport/Nope"), /404/);
  await assert.rejects(open("/nowhere"), /404/);
});
