import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { type JsonValuesOptions, splitJsonValues } from "../../src/wire/json-values.ts";

async function* inPieces(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function split(
  text: string,
  options: Partial<JsonValuesOptions> = {},
  pieceSize = 1_000,
): Promise<string[]> {
  const values: string[] = [];
  const all = { layout: "array", maxValueBytes: 1_000, ...options } as const;
  for await (const value of splitJsonValues(inPieces(text, pieceSize), all)) {
    values.push(Buffer.from(value).toString());
  }
  return values;
}

const good: readonly [text: string, want: readonly string[], why: string][] = [
  ["", [], "no body is a stream of no messages"],
  [" \n", [], "white space alone likewise"],
  ["[]", [], "an empty array"],
  [' [ {"a":1} , {"b":[2]} ] \n', ['{"a":1}', '{"b":[2]}'], "white space anywhere between values"],
  ['{"a":1}', ['{"a":1}'], "one value alone"],
  ['{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}'], "NDJSON"],
  ['{"a":1}{"a":2}', ['{"a":1}', '{"a":2}'], "concatenated values"],
  ['["]","\\"]"]', ['"]"', '"\\"]"'], "brackets and quotes inside strings end nothing"],
  ["[1,null,true]", ["1", "null", "true"], "scalars"],
  ["1 2", ["1", "2"], "scalars without an array"],
];
for (const [text, want, why] of good) {
  test(`${JSON.stringify(text)} is cut into ${want.length}: ${why}`, async () => {
    assert.deepEqual(await split(text), want);
    assert.deepEqual(await split(text, {}, 1), want, "byte by byte");
  });
}

test("in the lines layout an array is a value like any other", async () => {
  assert.deepEqual(await split("[1]\n[2]", { layout: "lines" }), ["[1]", "[2]"]);
});

const bad: readonly [text: string, message: RegExp, why: string][] = [
  ["[1", /message 1 .* ends inside/, "a scalar in an array that is cut off"],
  ['[{"a":1}', /ends before the array does, expected \] \(byte 8\)/, "an array that is cut off"],
  ['{"a":', /message 1 .* ends inside it \(byte 5\)/, "an object that is cut off"],
  ["[1,]", /expected a JSON value, got \] \(byte 3\)/, "a comma promises a value"],
  ["[,1]", /expected a JSON value, got , \(byte 1\)/, "a comma before the first value"],
  ["[{} {}]", /message 2 .*expected , or \] \(byte 4\)/, "a comma is due between elements"],
  ["[] []", /something after the array \(byte 3\)/, "one array is the whole body"],
  ["}", /expected a JSON value, got }/, "a closing brace begins nothing"],
];
for (const [text, message, why] of bad) {
  test(`${JSON.stringify(text)} is refused: ${why}`, async () => {
    await assert.rejects(split(text, {}, 1), (error: unknown) => {
      assert.ok(error instanceof RpcError);
      assert.equal(error.code, Code.INVALID_ARGUMENT);
      assert.match(error.rawMessage, message);
      return true;
    });
  });
}

test("a value of exactly the limit passes, one byte more does not", async () => {
  assert.deepEqual(await split('["abc"]', { maxValueBytes: 5 }, 2), ['"abc"']);
  await assert.rejects(split('["abcd"]', { maxValueBytes: 5 }, 2), { code: Code.RESOURCE_EXHAUSTED });
});

test("any values come out as they went in, whatever the layout and the pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (values, size, asArray) => {
        const texts = values.map((value) => JSON.stringify(value));
        const body = asArray ? `[${texts.join(",")}]` : texts.join("\n");
        const layout = asArray ? "array" : "lines";
        assert.deepEqual(await split(body, { layout, maxValueBytes: 100_000 }, size), texts);
      },
    ),
  );
});

test("arbitrary bytes end in values or in an RpcError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
      await split(text, { maxValueBytes: 50 }, 3).catch((error: unknown) =>
        assert.ok(error instanceof RpcError),
      );
    }),
  );
});
