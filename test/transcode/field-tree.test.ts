import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import {
  addToTree,
  checkWellFormed,
  dropFields,
  type FieldTree,
  joinSubmessages,
} from "../../src/transcode/field-tree.ts";
import { ProtobufWriter } from "../../src/wire/protobuf-writer.ts";

function treeOf(...paths: readonly (readonly number[])[]): FieldTree {
  const tree: FieldTree = new Map();
  for (const path of paths)
    addToTree(
      tree,
      path.map((number) => ({ number })),
    );
  return tree;
}

type Node = { readonly number: number; readonly content: readonly Node[] | number };

const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    number: fc.integer({ min: 1, max: 3 }),
    content: fc.oneof({ depthSize: "small" }, fc.nat(), fc.array(tie("node"), { maxLength: 3 })),
  }),
})).node;

/** Submessages have the field numbers 1 to 3, numbers 11 to 13, so that none is read as the other. */
function encode(nodes: readonly Node[], writer = new ProtobufWriter()): Uint8Array {
  for (const { number, content } of nodes) {
    if (typeof content === "number") {
      writer.tag(10 + number, 0);
      writer.uint32(content);
    } else {
      writer.tag(number, 2);
      writer.lengthPrefixed(encode(content));
    }
  }
  return writer.finish();
}

/** Merges as parsers do: the last number, and all of the submessages' fields. */
function merge(nodes: readonly Node[]): unknown {
  const numbers = new Map<number, number>();
  const submessages = new Map<number, Node[]>();
  for (const { number, content } of nodes) {
    if (typeof content === "number") numbers.set(number, content);
    else submessages.set(number, [...(submessages.get(number) ?? []), ...content]);
  }
  const byNumber = (a: readonly [number, unknown], b: readonly [number, unknown]) => a[0] - b[0];
  const merged = [...submessages].map(([number, fields]) => [number, merge(fields)] as const);
  return [[...numbers].sort(byNumber), merged.sort(byNumber)];
}

function decode(bytes: Uint8Array): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) === 0) {
      nodes.push({ number: (tag >>> 3) - 10, content: value });
    } else {
      nodes.push({ number: tag >>> 3, content: decode(bytes.subarray(at, at + value)) });
      at += value;
    }
  }
  return nodes;
}

test("joining submessages keeps what the message means and leaves one of each", () => {
  const full = treeOf(...[1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => [a, b])));
  fc.assert(
    fc.property(fc.array(node, { maxLength: 5 }), (nodes) => {
      const joined = decode(joinSubmessages(encode(nodes), full));
      assert.deepEqual(merge(joined), merge(nodes));
      const numbers = joined.filter(({ content }) => typeof content !== "number").map(({ number }) => number);
      assert.equal(new Set(numbers).size, numbers.length);
    }),
  );
});

test("dropping fields takes the leaves of the tree and nothing else", () => {
  const nested = {
    number: 1,
    content: [
      { number: 2, content: [] },
      { number: 3, content: [] },
    ],
  };
  const nodes = [nested, { number: 2, content: [] }, nested];
  const kept = decode(dropFields(encode(nodes), treeOf([1, 2], [3])));
  const without = { number: 1, content: [{ number: 3, content: [] }] };
  assert.deepEqual(kept, [without, nodes[1], without]);
});

test("rewriting is total: malformed bytes are refused as INVALID_ARGUMENT", () => {
  const tree = treeOf([1, 2], [3], [4, 5, 6]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const rewrite of [
        checkWellFormed,
        (b: Uint8Array) => dropFields(b, tree),
        (b: Uint8Array) => joinSubmessages(b, tree),
      ]) {
        try {
          rewrite(bytes);
        } catch (reason) {
          assert.match((reason as Error).message, /^INVALID_ARGUMENT: malformed protobuf/);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("a message whose bytes protobuf-es reads is well-formed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      try {
        fromBinary(StructSchema, bytes);
      } catch {
        return;
      }
      checkWellFormed(bytes);
    }),
  );
});
