// Requests that race a drain over HTTP/2: each is answered, or the client is told that it was not taken and may be sent
// again elsewhere. None is swallowed.
// Source: RFC 9113 §6.8 (streams above GOAWAY's last are not processed), §8.7 (REFUSED_STREAM).
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { frame, frameType, openRaw, preface, requestFrame, settings } from "../hostile/raw-client.ts";
import { openListener, text } from "./open-listener.ts";

interface Fate {
  readonly asked: number[];
  readonly answered: Set<number>;
  readonly refused: Set<number>;
  lastTaken: number;
}

/** Splits what a server sends into frames and notes what becomes of each stream. */
function createReader(fate: Fate): (piece: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) return;
      const [type, flags, stream] = [rest[3], rest[4] ?? 0, rest.readUInt32BE(5)];
      const payload = rest.subarray(9, 9 + length);
      if ((type === frameType.data || type === frameType.headers) && (flags & 1) !== 0)
        fate.answered.add(stream);
      if (type === frameType.reset && payload.readUInt32BE() === 7) fate.refused.add(stream);
      if (type === frameType.goaway) fate.lastTaken = payload.readUInt32BE() & 0x7fffffff;
      rest = rest.subarray(9 + length);
    }
  };
}

async function race(socket: Socket, close: () => void, closeAt: number): Promise<Fate> {
  const fate: Fate = { asked: [], answered: new Set(), refused: new Set(), lastTaken: 0x7fffffff };
  socket.on("data", createReader(fate));
  // Not once(): a client that is still sending is reset when the connection closes, after its answers.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(Buffer.concat([preface, settings(), frame(frameType.settings, 1, 0)]));
  for (let id = 1; !socket.destroyed && socket.writable && id < 4001; id += 2) {
    socket.write(requestFrame(id, "/"));
    fate.asked.push(id);
    if (fate.asked.length === closeAt) close();
    // As many as the limit of streams at once lets pass, in step with the answers.
    while (fate.asked.length - fate.answered.size >= 60 && fate.lastTaken === 0x7fffffff && !socket.destroyed)
      await new Promise((resolve) => setImmediate(resolve));
    if (fate.lastTaken !== 0x7fffffff && fate.asked.length > closeAt + 300) break;
  }
  await closed;
  return fate;
}

test("of requests that race a drain each is answered or known not to be taken", async (t) => {
  let served = 0;
  const listener = await openListener(t, async () => {
    served++;
    await new Promise((resolve) => setTimeout(resolve, 2));
    return text(200, "ok");
  });
  let done: Promise<void> | undefined;
  const close = (): void => {
    done ??= listener.close(600_000);
  };
  const sockets = await Promise.all(Array.from({ length: 8 }, () => openRaw(listener.port)));
  const fates = await Promise.all(sockets.map((socket, i) => race(socket, close, 100 + 20 * i)));
  await done;
  let answered = 0;
  for (const { asked, answered: got, refused, lastTaken } of fates) {
    assert.notEqual(lastTaken, 0x7fffffff, "every client was told to go");
    const lost = asked.filter((id) => !got.has(id) && !refused.has(id) && id <= lastTaken);
    assert.deepEqual(lost, []);
    const both = asked.filter((id) => got.has(id) && (refused.has(id) || id > lastTaken));
    assert.deepEqual(both, [], "what was said not to be taken has not run");
    answered += got.size;
  }
  assert.equal(answered, served);
});
