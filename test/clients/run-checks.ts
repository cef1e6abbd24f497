// Runs a client of another language and makes a test of each line that it prints: {"what": …, "error"?: …}.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

interface Line {
  readonly what: string;
  /** A stack or a sentence; absent = it holds. */
  readonly error?: string;
}

/** @throws Error where the client does not end with 0 or checks less than `leastCount` facts */
export async function runChecks(
  context: TestContext,
  command: string,
  args: readonly string[],
  leastCount: number,
): Promise<void> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    signal: AbortSignal.timeout(120_000),
  });
  let problems = "";
  child.stderr.on("data", (chunk: Buffer) => {
    problems = (problems + chunk.toString("utf8")).slice(-8000);
  });
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let count = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    const { what, error } = JSON.parse(text) as Line;
    count += 1;
    await context.test(what, () => {
      if (error !== undefined) assert.fail(error);
    });
  }
  assert.equal(await exitCode, 0, problems);
  assert.ok(count >= leastCount, `only ${count} facts were checked: ${problems}`);
}
