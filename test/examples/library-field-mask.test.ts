import assert from "node:assert/strict";
import { test } from "node:test";
import { clone, create, equals } from "@bufbuild/protobuf";
import fc from "fast-check";
import { copyFields, selectFields, setFields } from "../../examples/library/field-mask.ts";
import { BookSchema } from "../../examples/library/gen/library_pb.ts";
import { createSeededStore } from "../../examples/library/seed.ts";

const books = createSeededStore().listBooks("");
const book = fc.constantFrom(...books);
const paths = fc.subarray(BookSchema.fields.map(({ name }) => name));

test("selecting fields twice is selecting them once", () => {
  fc.assert(
    fc.property(book, paths, (from, mask) => {
      const once = selectFields(BookSchema, from, mask, "m");
      assert.ok(equals(BookSchema, once, selectFields(BookSchema, once, mask, "m")));
    }),
  );
});

test("fields that were copied are equal, the others are as they were", () => {
  fc.assert(
    fc.property(book, book, paths, (from, to, mask) => {
      // Members of one oneof exclude each other: copying one changes its neighbours.
      const plain = mask.filter((path) => !["purchase", "donation", "inherited_from"].includes(path));
      const target = clone(BookSchema, to);
      copyFields(BookSchema, from, target, plain, "m");
      const rest = setFields(BookSchema, to).filter((path) => !plain.includes(path));
      for (const path of BookSchema.fields.map(({ name }) => name)) {
        const expected = plain.includes(path) ? from : to;
        assert.equal(
          setFields(BookSchema, target).includes(path),
          setFields(BookSchema, expected).includes(path),
        );
      }
      assert.ok(rest.every((path) => setFields(BookSchema, target).includes(path)));
      const [a, b] = [target, from].map((each) =>
        plain.length === 0 ? create(BookSchema) : selectFields(BookSchema, each, plain, "m"),
      );
      assert.ok(a && b && equals(BookSchema, a, b));
    }),
  );
});

test("copying everything that is set makes a copy", () => {
  fc.assert(
    fc.property(book, (from) => {
      const target = create(BookSchema);
      copyFields(BookSchema, from, target, setFields(BookSchema, from), "m");
      assert.ok(equals(BookSchema, target, from));
    }),
  );
});

test("a path is any text", () => {
  fc.assert(
    fc.property(fc.string(), (path) => {
      const known = BookSchema.fields.some(({ name }) => name === path.split(".")[0]) || path === "*";
      const copy = () => copyFields(BookSchema, create(BookSchema), create(BookSchema), [path], "m");
      if (!known) assert.throws(copy, /invalid m/);
    }),
  );
});
