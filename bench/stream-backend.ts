// The backend of the streams' figures, a process of its own: sends as many messages as a call's metadata says, counts
// those it gets, or holds a stream open after the first message.
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { numbered, sendItems } from "../test/contract/streams/stream-backend.ts";
import { encodeItem, item, rpcPath } from "../test/contract/streams/stream-schema.ts";

function numberOf(call: ServerWritableStream<Buffer, Buffer>, name: string): number {
  return Number(call.metadata.get(name)[0] ?? 0);
}

const same = (bytes: Buffer): Buffer => bytes;
const serializers = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const server = new Server();
server.addService(
  {
    down: { path: rpcPath.down, requestStream: false, responseStream: true, ...serializers },
    up: { path: rpcPath.up, requestStream: true, responseStream: false, ...serializers },
  },
  {
    down(call: ServerWritableStream<Buffer, Buffer>) {
      const count = numberOf(call, "x-count");
      if (count > 0) void sendItems(call, numbered(count, "x".repeat(numberOf(call, "x-bytes"))));
      else call.write(encodeItem(item(1)));
    },
    up(call: ServerReadableStream<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
      let count = 0;
      call.on("data", () => count++);
      call.on("end", () => reply(null, encodeItem(item(count))));
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
process.on("SIGTERM", () => process.exit(0));
