import assert from "node:assert/strict";
import { test } from "node:test";
import { createBorrowedStates } from "../../src/pipeline/borrowed-states.ts";

test("a key has one state, created at the first borrowing", () => {
  const states = createBorrowedStates<string[]>();
  const first = states.borrow("a", () => ["new"]);
  assert.equal(
    states.borrow("a", () => assert.fail()),
    first,
  );
  assert.equal(states.get("a"), first);
  assert.equal(states.get("b"), undefined);
});

test("beyond the bound the state that was borrowed longest ago is forgotten", () => {
  const states = createBorrowedStates<number>(2);
  states.borrow("a", () => 1);
  states.borrow("b", () => 2);
  states.borrow("a", () => 3);
  states.borrow("c", () => 4);
  assert.deepEqual(
    [...states.entries()],
    [
      ["a", 1],
      ["c", 4],
    ],
  );
});

test("what no snapshot uses is forgotten", () => {
  const states = createBorrowedStates<number>();
  for (const key of ["__proto__", "constructor", "c"]) states.borrow(key, () => 1);
  states.retain(new Set(["__proto__", "x"]));
  assert.deepEqual([...states.entries()], [["__proto__", 1]]);
});
