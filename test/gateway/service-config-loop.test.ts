import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ServiceConfigLoop, startServiceConfigLoop } from "../../src/gateway/service-config-loop.ts";
import { createLog, type LogLine } from "../protocol/rest/rest-fixture.ts";
import { createTemporaryFolder, type TemporaryFolder } from "../schema/temporary-folder.ts";
import { until } from "../server/open-listener.ts";

interface OpenLoop extends ServiceConfigLoop {
  readonly files: TemporaryFolder;
  readonly log: readonly LogLine[];
  changes(): number;
  /** The templates of the rules in force. */
  templates(): (string | undefined)[];
}

function openLoop(
  context: TestContext,
  texts: Readonly<Record<string, string>>,
  ...names: string[]
): OpenLoop {
  const files = createTemporaryFolder(texts);
  const { logger, lines } = createLog();
  let changes = 0;
  const paths = (names.length > 0 ? names : Object.keys(texts)).map((name) => join(files.folder, name));
  const loop = startServiceConfigLoop({ files: paths, logger, onChange: () => changes++ });
  context.after(async () => {
    await loop.stop();
    files.cleanUp();
  });
  return {
    ...loop,
    files,
    log: lines,
    changes: () => changes,
    templates: () =>
      loop.configs().flatMap(({ rules }) => rules.map(({ rule }) => rule.pattern.value as string)),
  };
}

function yaml(template: string): string {
  return `type: google.api.Service\nhttp:\n  rules:\n    - selector: t.Notes.Get\n      get: ${template}\n`;
}

test("without files there are no rules and nothing changes", async (t) => {
  const loop = openLoop(t, {});
  await loop.firstPass;
  assert.deepEqual([loop.configs(), loop.problems(), loop.changes()], [[], [], 0]);
});

test("every file is read at once, in the order given", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a"), "b.yaml": yaml("/b") }, "b.yaml", "a.yaml");
  assert.deepEqual(loop.configs(), []);
  await loop.firstPass;
  assert.deepEqual(loop.templates(), ["/b", "/a"]);
  assert.equal(loop.changes(), 1);
});

test("an edit comes into force", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a") });
  await loop.firstPass;
  loop.files.write("a.yaml", yaml("/edited"));
  await until(() => loop.templates()[0] === "/edited");
  assert.equal(loop.changes(), 2);
});

test("a broken edit keeps the last good rules and says so, once", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a") });
  await loop.firstPass;
  loop.files.write("a.yaml", "http:\n  rules:\n    - selektor: x\n");
  await until(() => loop.problems().length > 0);
  assert.deepEqual(loop.templates(), ["/a"]);
  assert.equal(loop.changes(), 1);
  assert.match(loop.problems()[0]?.place ?? "", /a\.yaml:3:\d+$/);
  const warnings = loop.log.filter(({ level }) => level === "warn");
  assert.ok(warnings.length > 0);
  assert.ok(warnings.every(({ fields }) => fields.serving === "its last good rules"));

  // Another good file in the same folder proves that the folder was read again.
  loop.refresh();
  loop.files.write("a.yaml", yaml("/repaired"));
  await until(() => loop.templates()[0] === "/repaired");
  assert.deepEqual(loop.problems(), []);
  assert.equal(loop.log.filter(({ level }) => level === "warn").length, warnings.length);
});

test("a file that is gone keeps its rules, and one that comes back as it was ends the complaint", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a") });
  await loop.firstPass;
  rmSync(join(loop.files.folder, "a.yaml"));
  await until(() => loop.problems().length === 1);
  assert.deepEqual(loop.templates(), ["/a"]);
  loop.files.write("a.yaml", yaml("/a"));
  await until(() => loop.problems().length === 0);
  assert.equal(loop.changes(), 1);
});

test("a file that is broken from the start gives its good rules, its problems stand beside them", async (t) => {
  const loop = openLoop(t, { "a.yaml": `${yaml("/a")}    - selector: t.Notes.Put\n      gett: /b\n` });
  await loop.firstPass;
  assert.deepEqual(loop.templates(), ["/a"]);
  const places = loop.configs()[0]?.problems.map(({ place }) => place) ?? [];
  assert.match(places.join(), /a\.yaml:6:7/);
  assert.deepEqual(loop.problems(), [], "they are not those of a later edit");
});

test("a file that appears later is read then", async (t) => {
  const loop = openLoop(t, {}, "late.yaml");
  await loop.firstPass;
  assert.equal(loop.configs()[0]?.problems.length, 1);
  loop.files.write("late.yaml", yaml("/late"));
  await until(() => loop.templates()[0] === "/late");
});

test("refresh reads without a change on disk having been noticed, and the same content changes nothing", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a") });
  await loop.firstPass;
  loop.refresh();
  loop.refresh();
  await loop.stop();
  assert.equal(loop.changes(), 1);
});

test("nothing changes after stop, not even by a read that was under way", async (t) => {
  const loop = openLoop(t, { "a.yaml": yaml("/a") });
  await loop.firstPass;
  loop.files.write("a.yaml", yaml("/b"));
  loop.refresh();
  // The read has begun: its continuation runs after this turn.
  await Promise.resolve();
  await loop.stop();
  assert.equal(loop.changes(), 1);
});
