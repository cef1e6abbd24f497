// Hostile input: whatever the bytes are, the codec answers with a result or an RpcError, and what it accepts holds up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { anyRegistry, arbitraryMessage } from "./arbitrary-message.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

const types = ["all.Lists", "all.Maps", "all.Choice", "all.Known", "all.Tree", "old.Old", "ed.Ed"];
const arbitraryType = fc.constantFrom(...types);
const strict = testCodec();
const lenient = testCodec({ unknownFields: "ignore", emitDefaults: true });

/** The result, or undefined where it was refused with the code. */
function attempt<T>(run: () => T, code: number): T | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof RpcError, String((error as Error)?.stack ?? error));
    assert.equal(error.code, code);
    assert.ok(error.message.length < 1000);
    return undefined;
  }
}

/** Decodes; what was accepted must be JSON, and binary that protobuf-es and the codec can read. */
function tryDecode(type: string, json: Uint8Array): void {
  const desc = messageDesc(type);
  for (const codec of [strict, lenient]) {
    const message = attempt(() => codec.message(desc).decodeJson(json), Code.INVALID_ARGUMENT);
    if (message === undefined) continue;
    JSON.parse(Buffer.from(json).toString());
    fromBinary(desc, message);
    codec.message(desc).encodeJson(message);
  }
}

/** Encodes; what was printed must be JSON, in the same text as UTF-8. */
function tryEncode(type: string, message: Uint8Array): void {
  const desc = messageDesc(type);
  for (const codec of [strict, lenient]) {
    const json = attempt(() => codec.message(desc).encodeJson(message), Code.INTERNAL);
    if (json === undefined) continue;
    JSON.parse(json);
    assert.ok(json.isWellFormed());
    assert.equal(Buffer.from(codec.message(desc).encodeJsonBytes(message)).toString(), json);
  }
}

interface Mutation {
  readonly at: number;
  readonly cut: number;
  readonly insert: Uint8Array;
}

const jsonPieces = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "null",
  "1e9",
  "-",
  "0",
  "\\ud800",
  "\u0000",
  '"@type":',
  "true",
  " ",
];
const mutation = (insert: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Mutation> =>
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 8 }), insert });
const jsonMutation = mutation(
  fc.oneof(
    fc.constantFrom(...jsonPieces).map(utf8),
    fc.uint8Array({ maxLength: 3 }),
    fc.constant(new Uint8Array(0)),
  ),
);
const binaryMutation = mutation(fc.uint8Array({ maxLength: 4 }));

function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let result = bytes;
  for (const { at, cut, insert } of mutations) {
    const start = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, start), insert, result.subarray(start + cut)]);
  }
  return result;
}

test("arbitrary bytes as JSON are read or refused", () => {
  fc.assert(fc.property(arbitraryType, fc.uint8Array({ maxLength: 100 }), tryDecode), { numRuns: 2000 });
});

test("arbitrary tokens of JSON are read or refused", () => {
  const tokens = fc.array(fc.constantFrom(...jsonPieces, '"any"', '"left"', '"id":', '"struct"', '"a"'), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(arbitraryType, tokens, (type, parts) => tryDecode(type, utf8(parts.join("")))),
    { numRuns: 2000 },
  );
});

test("JSON that was tampered with is read or refused", () => {
  for (const type of types) {
    const desc = messageDesc(type);
    const json = arbitraryMessage(desc).map((message) =>
      utf8(JSON.stringify(toJson(desc, message, { registry: anyRegistry }))),
    );
    fc.assert(
      fc.property(json, fc.array(jsonMutation, { minLength: 1, maxLength: 3 }), (valid, mutations) =>
        tryDecode(type, mutate(valid, mutations)),
      ),
      { numRuns: 150 },
    );
  }
});

test("JSON that is cut off anywhere is refused", () => {
  const desc = messageDesc("all.Known");
  const json = utf8(
    '{"any":{"@type":"x/all.Author","birthYear":12},"timestamp":"2024-01-01T00:00:00Z","value":[1.5e3,"\\u00e9é",null,{"a":true}],"int64Value":"12"}',
  );
  assert.ok(strict.message(desc).decodeJson(json).length > 0);
  for (let end = 0; end < json.length; end++) {
    assert.equal(
      attempt(() => strict.message(desc).decodeJson(json.subarray(0, end)), Code.INVALID_ARGUMENT),
      undefined,
    );
  }
});

test("a hundred thousand arrays, objects or keys in one another are refused", () => {
  const n = 100_000;
  for (const [type, json] of [
    ["google.protobuf.Value", "[".repeat(n)],
    ["google.protobuf.Value", '{"a":'.repeat(n)],
    ["all.Tree", '{"left":'.repeat(n)],
    ["all.Tree", '{"named":{"a":'.repeat(n)],
    ["all.Known", `{"any":${'{"@type":"x/google.protobuf.Any","value":'.repeat(n)}`],
    ["all.Book", `{"x":${"[".repeat(n)}`],
  ] as const) {
    for (const codec of [strict, lenient]) {
      assert.equal(
        attempt(() => codec.message(messageDesc(type)).decodeJson(utf8(json)), Code.INVALID_ARGUMENT),
        undefined,
      );
    }
  }
});

test("a hundred thousand repetitions of a key cost one walk", () => {
  const desc = messageDesc("all.Book");
  const json = `{${'"years":[1],"labels":{"a":1},"author":{"givenName":"a"},'.repeat(100_000)}"pages":1}`;
  assert.equal(
    strict.message(desc).encodeJson(strict.message(desc).decodeJson(utf8(json))),
    '{"years":[1],"labels":{"a":1},"author":{"givenName":"a"},"pages":1}',
  );
});

test("arbitrary bytes as binary are printed or refused", () => {
  fc.assert(fc.property(arbitraryType, fc.uint8Array({ maxLength: 100 }), tryEncode), { numRuns: 3000 });
});

test("binary that was tampered with is printed or refused", () => {
  for (const type of types) {
    const desc = messageDesc(type);
    const binary = arbitraryMessage(desc).map((message) => toBinary(desc, message));
    fc.assert(
      fc.property(binary, fc.array(binaryMutation, { minLength: 1, maxLength: 3 }), (valid, mutations) =>
        tryEncode(type, mutate(valid, mutations)),
      ),
      { numRuns: 200 },
    );
  }
});

test("binary in any order of records means what protobuf-es reads in it", () => {
  for (const type of ["all.Lists", "all.Maps", "all.Optionals", "all.Choice", "all.Tree", "old.Old"]) {
    const desc = messageDesc(type);
    const message = arbitraryMessage(desc).map((value) => toBinary(desc, value));
    fc.assert(
      // Two messages one after the other: scalars twice, lists in pieces, messages to merge, oneofs to replace.
      fc.property(message, message, (a, b) => {
        const binary = Buffer.concat([a, b]);
        const printed = strict.message(desc).encodeJson(binary);
        const read = fromBinary(desc, strict.message(desc).decodeJson(utf8(printed)));
        assert.deepEqual(
          toJson(desc, read, { registry: anyRegistry }),
          toJson(desc, fromBinary(desc, binary), { registry: anyRegistry }),
        );
      }),
      { numRuns: 150 },
    );
  }
});

test("groups a hundred thousand deep are refused", () => {
  for (const number of [7, 50]) {
    const tag = (number << 3) | 3;
    const bytes = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
    const deep = Buffer.alloc(100_000 * bytes.length, Uint8Array.from(bytes));
    assert.equal(
      attempt(() => strict.message(messageDesc("old.Old")).encodeJson(deep), Code.INTERNAL),
      undefined,
    );
  }
});
