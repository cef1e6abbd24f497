// WebSockets at REST paths: path and query go into the first message, bodies are what the route's rule says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allFrames, note, openEdge, readNote } from "./websocket-fixture.ts";

const okEnd = { end: { code: 0, message: "", details: [], trailer: {} } };

test("a GET without a body begins with the connection", async (t) => {
  const { open } = await openEdge(t, {
    ServerStreaming: (call) => {
      const { id, size } = readNote(call.request);
      call.write(note({ text: `${id} ${size}` }));
      call.end();
    },
  });
  const socket = await open("/notes/a%20b:watch?size=7&$timeout=60");
  assert.deepEqual(await allFrames(socket), [{ header: {} }, { message: { text: "a b 7" } }, okEnd]);
});

test("of the routes of a path the one that streams is meant, and what deletes is none", async (t) => {
  const { open } = await openEdge(t, {
    ServerStreaming: (call) => {
      call.write(note({ text: readNote(call.request).id }));
      call.end();
    },
  });
  const socket = await open("/notes/1");
  socket.ws.send('{"message":{"id":"beaten by the path"}}');
  assert.deepEqual((await allFrames(socket))[1], { message: { text: "1" } });
  await assert.rejects(open("/trash/1"), /404/);
  await assert.rejects(open("/files/1"), /404/);
});

test("path and query go into the first message of a stream only, in JSON and in protobuf", async (t) => {
  const { open } = await openEdge(t, {
    Bidi: (call) => {
      call.on("data", (bytes) => {
        const { id, text, size } = readNote(bytes);
        call.write(note({ text: `${id}/${text}/${size}` }));
      });
      call.on("end", () => call.end());
    },
  });
  const socket = await open("/texts/x?size=3");
  socket.ws.send('{"message":"a"}');
  socket.ws.send('{"message":"b"}');
  socket.ws.send('{"halfClose":true}');
  const [, ...rest] = await allFrames(socket);
  assert.deepEqual(rest, [{ message: { text: "x/a/3" } }, { message: { text: "/b/0" } }, okEnd]);

  const binary = await open("/chat/x", { subprotocols: ["protogate.proto"] });
  binary.ws.send(note({ id: "beaten", text: "a", size: 5n }));
  binary.ws.send(note({ text: "b" }));
  binary.ws.send('{"halfClose":true}');
  const [, first, second] = (await allFrames(binary)) as { text: string }[];
  assert.deepEqual([first?.text, second?.text], ["x/a/5", "/b/0"]);
});

test("a reply is what the route's response_body says", async (t) => {
  const { open } = await openEdge(t, {
    ClientStreaming: (call, reply) => {
      const seen: string[] = [];
      call.on("data", (bytes) => seen.push(readNote(bytes).id));
      call.on("end", () => reply(null, note({ text: seen.join() })));
    },
  });
  const socket = await open("/folders/f:import");
  socket.ws.send('{"message":{}}');
  socket.ws.send('{"message":{"id":"own"}}');
  socket.ws.send('{"halfClose":true}');
  assert.deepEqual((await allFrames(socket))[1], { message: "f,own" });
});

test("what is wrong with path or query is told in frames, which browsers can read", async (t) => {
  const { open } = await openEdge(t, { ServerStreaming: (call) => call.end(), Bidi: (call) => call.end() });
  for (const [path, message] of [
    ["/notes/1:watch?size=x", /size/],
    ["/notes/1:watch?nope=1", /nope/],
    ["/notes/1:watch?$alt=nope", /alt/],
    ["/texts/1?size=x", /size/],
  ] as const) {
    const socket = await open(path);
    socket.ws.send('{"message":"a"}');
    assert.equal((await socket.closed).code, 4003, path);
    assert.match(JSON.parse(socket.frames.at(-1) as string).end.message, message);
  }
});

test("a file is an HttpBody in a frame", async (t) => {
  const { open } = await openEdge(t, {});
  const socket = await open("/blobs/1");
  assert.deepEqual((await allFrames(socket))[1], { message: { contentType: "text/plain", data: "aGk=" } });
});
