// Counts the objects that a FileDescriptorProto would become, on the wire and without building any of them, so that a
// file that is small as bytes and huge in memory is refused before it is decoded.
// Source: google/protobuf/descriptor.proto; https://protobuf.dev/programming-guides/encoding/

/** Field number → the message in it, or `plain` for a scalar that costs no object. */
type Shape = ReadonlyMap<number, Shape | typeof plain>;
const plain = 0;

/** Inside options and source locations every field counts: custom options are kept one object per occurrence. */
const leaf: Shape = new Map();

function shape(
  plainFields: readonly number[],
  messages: Iterable<readonly [number, Shape]>,
): Map<number, Shape | 0> {
  return new Map<number, Shape | 0>([...plainFields.map((no) => [no, plain] as const), ...messages]);
}

const location = shape([1, 2, 3, 4, 6], []);
const field = shape([1, 2, 3, 4, 5, 6, 7, 9, 10, 17], [[8, leaf]]);
const range = shape([1, 2], [[3, leaf]]);
const enumeration = shape(
  [1, 5, 6],
  [
    [2, shape([1, 2], [[3, leaf]])],
    [3, leaf],
    [4, range],
  ],
);
const message = shape(
  [1, 10, 11],
  [
    [2, field],
    [4, enumeration],
    [5, range],
    [6, field],
    [7, leaf],
    [8, shape([1], [[2, leaf]])],
    [9, range],
  ],
);
message.set(3, message);
const service = shape(
  [1],
  [
    [2, shape([1, 2, 3, 5, 6], [[4, leaf]])],
    [3, leaf],
  ],
);
const file = shape(
  [1, 2, 3, 10, 11, 12, 14, 15],
  [
    [4, message],
    [5, enumeration],
    [6, service],
    [7, field],
    [8, leaf],
    [9, shape([], [[1, location]])],
  ],
);

/** Reads a varint up to 64 bits at `pos`; values beyond 2^53 lose precision, which only ever means "too long". */
function readVarint(bytes: Uint8Array, pos: number): { value: number; next: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let next = pos; next < pos + 10; next++) {
    const byte = bytes[next];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return undefined;
}

/**
 * The number of objects in a binary FileDescriptorProto; stops and returns `limit + 1` as soon as it is passed.
 * Malformed bytes end the count early: decoding them fails anyway.
 */
export function countDescriptorObjects(bytes: Uint8Array, limit: number): number {
  let count = 0;
  // An explicit stack: nesting in the bytes must not become nesting of calls.
  const stack: { shape: Shape; pos: number; end: number }[] = [{ shape: file, pos: 0, end: bytes.length }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const end = Math.min(top.end, bytes.length);
    let pos = top.pos;
    while (pos < end && count <= limit) {
      const tag = readVarint(bytes, pos);
      if (tag === undefined) return count;
      pos = tag.next;
      const known = top.shape.get(Math.floor(tag.value / 8));
      if (known !== plain) count++;
      switch (tag.value % 8) {
        case 0: {
          const skipped = readVarint(bytes, pos);
          if (skipped === undefined) return count;
          pos = skipped.next;
          break;
        }
        case 1:
          pos += 8;
          break;
        case 5:
          pos += 4;
          break;
        case 2: {
          const length = readVarint(bytes, pos);
          if (length === undefined) return count;
          if (known !== undefined && known !== plain) {
            stack.push({ shape: known, pos: length.next, end: Math.min(length.next + length.value, end) });
          }
          pos = length.next + length.value;
          break;
        }
        default:
          // Groups: their tags count like fields of the message they stand in.
          break;
      }
    }
    if (count > limit) return limit + 1;
  }
  return count;
}
