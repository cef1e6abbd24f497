// Messages on a pipe, each with its size before it as four bytes, big-endian.
// Source: connectrpc/conformance, docs/testing_servers.md "Starting your server"

/** Reads messages until the pipe ends. */
export async function* readSizePrefixed(pipe: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held = Buffer.alloc(0);
  for await (const chunk of pipe) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4) {
      const end = 4 + held.readUInt32BE(0);
      if (held.length < end) break;
      yield held.subarray(4, end);
      held = held.subarray(end);
    }
  }
  if (held.length > 0) throw new Error("the pipe ends within a message");
}

export function formatSizePrefixed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + message.length);
  bytes.writeUInt32BE(message.length, 0);
  bytes.set(message, 4);
  return bytes;
}
