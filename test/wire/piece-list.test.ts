import assert from "node:assert/strict";
import { test } from "node:test";
import { PieceList } from "../../src/wire/piece-list.ts";

test("a single piece comes out as it went in, uncopied", () => {
  const list = new PieceList();
  const piece = Buffer.from("abc");
  list.push(piece);
  assert.equal(list.take(), piece);
});

test("any number of pieces comes out in order and leaves the list empty", () => {
  for (const count of [0, 2, 255, 256, 257, 1_000]) {
    const list = new PieceList();
    const bytes = Array.from({ length: count }, (_, index) => index % 251);
    for (const byte of bytes) list.push(Uint8Array.of(byte));
    assert.equal(list.size, count);
    assert.deepEqual([...list.take()], bytes);
    assert.equal(list.size, 0);
    assert.deepEqual([...list.take()], []);
  }
});
