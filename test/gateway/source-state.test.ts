import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, nextState, type SourceState } from "../../src/gateway/source-state.ts";
import type { SchemaFile, SchemaReading } from "../../src/schema/source.ts";
import { failure, reading, ScriptedSource } from "./gateway-fixture.ts";

const initial = initialState(new ScriptedSource("source", []));

function file(name: string, text: string): SchemaFile {
  return { name, bytes: Buffer.from(text) };
}

function digestOf(files: readonly SchemaFile[], rest: Partial<SchemaReading> = {}): string {
  return nextState(initial, reading(files, rest)).digest;
}

const a = file("a.proto", "A");
const b = file("b.proto", "B");

test("before the first read there is neither reading nor digest", () => {
  const { reading, digest, readAtMs, problems, tried } = initial;
  assert.deepEqual([reading, digest, readAtMs, problems, tried], [undefined, "", undefined, [], false]);
});

test("the digest does not depend on the order of files and services", () => {
  assert.equal(digestOf([a, b]), digestOf([b, a]));
  assert.equal(digestOf([a], { services: ["x.A", "x.B"] }), digestOf([a], { services: ["x.B", "x.A"] }));
});

const different: readonly [left: string, right: string, why: string][] = [
  [digestOf([a]), digestOf([a, b]), "a file more"],
  [digestOf([a]), digestOf([file("a.proto", "B")]), "other bytes"],
  [digestOf([a]), digestOf([file("c.proto", "A")]), "another name"],
  [digestOf([a]), digestOf([a], { services: [] }), "all services are not none"],
  [digestOf([a], { services: ["x.A"] }), digestOf([a], { services: ["x.A", "x.B"] }), "a service more"],
  [
    digestOf([a], { services: ["x.A\nx.B"] }),
    digestOf([a], { services: ["x.A", "x.B"] }),
    "a hostile name is no two names",
  ],
  [digestOf([a], { services: ["*"] }), digestOf([a]), "nor is it all of them"],
  [digestOf([file("a", "1:b1:")]), digestOf([file("a", ""), file("b", "")]), "bytes that look like a border"],
  [
    digestOf([a], { problems: [{ place: "x", message: "y" }] }),
    digestOf([a]),
    "what could not be read is news as well",
  ],
];
for (const [left, right, why] of different) {
  test(`the digest changes with the content: ${why}`, () => {
    assert.match(left, /^[0-9a-f]{64}$/);
    assert.notEqual(left, right);
  });
}

test("a failure keeps the last good reading, a good read ends the complaint", () => {
  const problem = { place: "a.proto:1", message: "broken" };
  const failedFirst = nextState(initial, failure(problem));
  assert.deepEqual([failedFirst.reading, failedFirst.tried], [undefined, true]);

  const good = nextState(failedFirst, reading([a]));
  assert.deepEqual([good.problems, good.tried], [[], true]);

  const stale: SourceState = nextState(good, failure(problem));
  assert.equal(stale.reading, good.reading);
  assert.equal(stale.digest, good.digest);
  assert.equal(stale.readAtMs, good.readAtMs, "its age is that of what serves");
  assert.deepEqual(stale.problems, [problem]);
});
