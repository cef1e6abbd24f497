// A config file as text: what it says, or what is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/config-file.ts";
import { formatProblem } from "../../src/schema/problem.ts";

export const file = "etc/protogate.yaml";

export function problems(text: string): readonly string[] {
  const outcome = parseConfig(text, file);
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

export function layer(text: string) {
  const outcome = parseConfig(text, file);
  assert.deepEqual(outcome.ok ? [] : outcome.problems, []);
  assert.ok(outcome.ok);
  return outcome.reading.layer;
}

/** Text, where the one problem is, what it says. */
export type Wrong = readonly [title: string, text: string, problem: string];

export function testWrong(rows: readonly Wrong[]): void {
  for (const [title, text, problem] of rows) {
    test(`${title} is told with line and column`, () => {
      assert.deepEqual(problems(text), [`${file}:${problem}`]);
    });
  }
}
