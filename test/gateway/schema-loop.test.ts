import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type SchemaLoop, startSchemaLoop } from "../../src/gateway/schema-loop.ts";
import { createDescriptorSetSource } from "../../src/schema/descriptor-set-source.ts";
import type { SchemaSource, SourceEvent } from "../../src/schema/source.ts";
import { createLog, type LogLine } from "../protocol/rest/rest-fixture.ts";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";
import { until } from "../server/open-listener.ts";
import { compileProto } from "../support/compile-proto.ts";
import { failure, reading, ScriptedSource } from "./gateway-fixture.ts";

interface OpenLoop extends SchemaLoop {
  readonly log: readonly LogLine[];
  changes(): number;
}

function openLoop(context: TestContext, ...sources: readonly SchemaSource[]): OpenLoop {
  const { logger, lines } = createLog();
  let changes = 0;
  const loop = startSchemaLoop({ sources, logger, onChange: () => changes++ });
  context.after(() => loop.stop());
  return { ...loop, log: lines, changes: () => changes };
}

function bytesOf(text: string): SourceEvent {
  return reading([{ name: "a.proto", bytes: Buffer.from(text) }]);
}

const broken = failure({ place: "a.proto:1", message: "broken" });

test("without sources the first pass is over at once", async (t) => {
  await openLoop(t).firstPass;
});

test("the first pass ends when every source was tried, well or not", async (t) => {
  const good = new ScriptedSource("good", ["up"], bytesOf("A"));
  const bad = new ScriptedSource("bad", ["up"]);
  const loop = openLoop(t, good, bad);
  let passed = false;
  void loop.firstPass.then(() => {
    passed = true;
  });
  await until(() => loop.changes() === 1);
  assert.equal(passed, false);
  bad.say(broken);
  await loop.firstPass;
  assert.deepEqual(
    loop.states().map(({ source, reading, tried }) => [source.name, reading !== undefined, tried]),
    [
      ["good", true, true],
      ["bad", false, true],
    ],
  );
});

test("only news is told on, and only a change of content is a change", async (t) => {
  const source = new ScriptedSource(
    "source",
    ["up"],
    bytesOf("A"),
    bytesOf("A"),
    broken,
    broken,
    bytesOf("A"),
  );
  const loop = openLoop(t, source);
  source.say(bytesOf("B"));
  await until(() => loop.changes() === 2);
  assert.deepEqual(
    loop.log.map(({ level, event, fields }) => [level, event, fields.serving]),
    [
      ["info", "schema source read", undefined],
      ["warn", "schema source failed", "its last good reading"],
      ["debug", "schema source failed", "its last good reading"],
      ["info", "schema source read", undefined],
      ["info", "schema source read", undefined],
    ],
  );
  assert.deepEqual(loop.log[1]?.fields.problems, ["a.proto:1: broken"]);
});

test("a source that breaks its contract by throwing is a failed source, and the others go on", async (t) => {
  const thrower: SchemaSource = {
    name: "thrower",
    upstreams: [],
    refresh() {},
    watch: () => {
      throw new Error("oops");
    },
  };
  const good = new ScriptedSource("good", ["up"], bytesOf("A"));
  const loop = openLoop(t, thrower, good);
  await loop.firstPass;
  assert.deepEqual(loop.states()[0]?.problems, [{ place: "thrower", message: "oops" }]);
  assert.notEqual(loop.states()[1]?.reading, undefined);
});

test("a source that ends without a word does not hold up the first pass", async (t) => {
  const silent: SchemaSource = {
    name: "silent",
    upstreams: [],
    refresh() {},
    async *watch() {},
  };
  const loop = openLoop(t, silent);
  await loop.firstPass;
  assert.match(loop.states()[0]?.problems[0]?.message ?? "", /ended/);
});

test("stop ends every watch and resolves when they have let go", async () => {
  const sources = [new ScriptedSource("a", [], bytesOf("A")), new ScriptedSource("b", [])];
  const { logger, lines } = createLog();
  const loop = startSchemaLoop({ sources, logger, onChange() {} });
  await until(() => loop.states()[0]?.tried === true);
  await loop.stop();
  assert.deepEqual(
    sources.map(({ watchCount }) => watchCount),
    [0, 0],
  );
  assert.equal(lines.length, 1, "that it was stopped is nobody's failure");
});

test("refresh asks every source", (t) => {
  const sources = [new ScriptedSource("a", []), new ScriptedSource("b", [])];
  openLoop(t, ...sources).refresh();
  assert.deepEqual(
    sources.map(({ refreshCount }) => refreshCount),
    [1, 1],
  );
});

test("a file that is edited is read again; one that breaks keeps what it said and says so", async (t) => {
  const message = (name: string) => compileProto({ "a.proto": `syntax = "proto3"; message ${name} {}` }).set;
  const { folder, write, cleanUp } = createTemporaryFolder({ "api.binpb": message("A") });
  t.after(cleanUp);
  const source = createDescriptorSetSource({ files: [`${folder}/api.binpb`], upstreams: ["up"] });
  const loop = openLoop(t, source);
  await loop.firstPass;
  const first = loop.states()[0];
  assert.equal(loop.changes(), 1);

  write("api.binpb", "no descriptor set");
  await until(() => loop.states()[0]?.problems.length === 1);
  assert.equal(loop.states()[0]?.reading, first?.reading);
  assert.equal(loop.changes(), 1);

  write("api.binpb", message("B"));
  await until(() => loop.changes() === 2);
  assert.deepEqual(loop.states()[0]?.problems, []);
  assert.notEqual(loop.states()[0]?.digest, first?.digest);
});
