import assert from "node:assert/strict";
import { test } from "node:test";
import { mapStream } from "../../src/wire/map-stream.ts";
import { collect, Source } from "../protocol/rest/pieces.ts";

test("items are mapped one by one, when they are pulled", async () => {
  const source = new Source([1, 2, 3]);
  const mapped = mapStream(source, (item) => item * 2);
  assert.deepEqual(await mapped.next(), { done: false, value: 2 });
  assert.equal(source.pulled, 1);
  assert.deepEqual(await collect(mapped), [4, 6]);
});

test("where the mapping throws, the source is let go", async () => {
  const source = new Source([1, 2]);
  const failure = new Error("odd");
  const mapped = mapStream(source, () => {
    throw failure;
  });
  await assert.rejects(mapped.next(), failure);
  assert.equal(source.returned, true);
  assert.deepEqual(await mapped.next(), { done: true, value: undefined });
});

test("return() and throw() reach the source, also while an item is awaited", async () => {
  for (const end of ["return", "throw"] as const) {
    const waiting = Promise.withResolvers<IteratorResult<number, undefined>>();
    const source: AsyncIterableIterator<number, undefined> = {
      next: () => waiting.promise,
      async return() {
        waiting.resolve({ done: true, value: undefined });
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => source,
    };
    const mapped = mapStream(source, (item) => item);
    const next = mapped.next();
    if (end === "return") await mapped.return?.();
    else await assert.rejects(async () => mapped.throw?.(new Error("enough")), /enough/);
    assert.deepEqual(await next, { done: true, value: undefined });
  }
});
