import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Base64Body } from "../../../src/protocol/grpc-web/base64-body.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { collect, Source } from "../rest/pieces.ts";

async function decode(...pieces: readonly (string | Uint8Array)[]): Promise<Buffer> {
  const body = new Base64Body(new Source(pieces.map((piece) => Buffer.from(piece as string))));
  return Buffer.concat(await collect(body));
}

/** The pieces of a text that is cut at these places. */
function cutAt(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

test("chunks that are padded each on its own, cut anywhere, are the bytes of all", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.nat(), { maxLength: 20 }),
      async (chunks, places) => {
        const text = chunks.map((chunk) => Buffer.from(chunk).toString("base64")).join("");
        assert.deepEqual(await decode(...cutAt(text, places)), Buffer.concat(chunks));
      },
    ),
  );
});

test("any bytes either are base64 or end in INVALID_ARGUMENT", async () => {
  const alphabet = fc.constantFrom(..."AQgw09+/=-_ \n\0é");
  const text = fc.oneof(
    fc.array(alphabet).map((parts) => parts.join("")),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 5 }), async (whole, places) => {
      const outcome = await decode(...cutAt(whole, places)).catch((reason: unknown) => reason);
      if (outcome instanceof Buffer) return assert.match(whole, /^[A-Za-z0-9+/=]*$/);
      assert.ok(outcome instanceof RpcError);
      assert.equal(outcome.code, 3);
    }),
  );
});

const table: readonly [text: string, hex: string | undefined, why: string][] = [
  ["", "", "nothing is nothing"],
  ["AAE=", "0001", "one chunk"],
  ["AA==AAE=AAEC", "000001000102", "three chunks"],
  ["AAE", "0001", "the last padding may be missing"],
  ["AAEC AAEC", undefined, "a space is not base64"],
  ["A", undefined, "one character is no byte"],
  ["AAECA", undefined, "nor is it at the end"],
  ["A===", undefined, "three paddings pad nothing"],
  ["====", undefined, "padding alone"],
  ["AA=A", undefined, "padding inside of a group"],
  ["AA=", undefined, "half of a padding"],
  ["_-8=", undefined, "the URL's alphabet is another one"],
];
for (const [text, hex, why] of table) {
  test(`${JSON.stringify(text)} is ${hex === undefined ? "refused" : `<${hex}>`}: ${why}`, async () => {
    if (hex === undefined) await assert.rejects(decode(text), /not base64/);
    else assert.equal((await decode(text)).toString("hex"), hex);
  });
}

test("a body that is refused is let go, and so is one that nobody wants", async () => {
  const bad = new Source([Buffer.from("!!!!"), Buffer.from("AAEC")]);
  await assert.rejects(new Base64Body(bad).next());
  assert.equal(bad.returned, true);
  const good = new Source([Buffer.from("AAEC")]);
  await new Base64Body(good).return();
  assert.equal(good.returned, true);
});

test("return() ends a next() that waits", async () => {
  const waiting = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>();
  const source: AsyncIterableIterator<Uint8Array, undefined> = {
    next: () => waiting.promise,
    async return() {
      waiting.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => source,
  };
  const body = new Base64Body(source);
  const next = body.next();
  await body.return();
  assert.deepEqual(await next, { done: true, value: undefined });
});
