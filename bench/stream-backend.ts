// The backend of the streams' figures, a process of its own: sends as many messages as a call's metadata says, counts
// those it gets, or holds a stream open after the first message.
import type { ServerWritableStream } from "@grpc/grpc-js";
import { numbered, sendItems } from "../test/contract/streams/stream-backend.ts";
import { encodeItem, item } from "../test/contract/streams/stream-schema.ts";
import { startBackend } from "../test/contract/transport-backend.ts";

function numberOf(call: ServerWritableStream<Buffer, Buffer>, name: string): number {
  return Number(call.metadata.get(name)[0] ?? 0);
}

const { target } = await startBackend({
  ServerStreaming(call) {
    const count = numberOf(call, "x-count");
    if (count > 0) void sendItems(call, numbered(count, "x".repeat(numberOf(call, "x-bytes"))));
    else call.write(encodeItem(item(1)));
  },
  ClientStreaming(call, reply) {
    let count = 0;
    call.on("data", () => count++);
    call.on("end", () => reply(null, encodeItem(item(count))));
  },
});
console.log(`listening on ${target.host}:${target.port}`);
process.on("SIGTERM", () => process.exit(0));
