// Runs protobuf's own conformance suite, binary and JSON, against the codec: `npm run conformance:protobuf`. Exits with the
// runner's verdict: 0 where exactly the tests of failing_tests.txt fail. More arguments go to the runner (`--test NAME`).
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { prepareRunner, type RunnerCommand } from "./prepare-runner.ts";

const here = import.meta.dirname;
/** Where the runner writes its lists of what failed unexpectedly. */
const output = join(here, "../../../.cache/conformance/output");

function prepared(): RunnerCommand {
  try {
    return prepareRunner();
  } catch (error) {
    console.error(`protobuf's conformance suite cannot run here: ${(error as Error).message}`);
    process.exit(1);
  }
}

const [program, ...first] = prepared();
mkdirSync(output, { recursive: true });
const { status, signal } = spawnSync(
  program,
  [
    ...first,
    "--enforce_recommended",
    "--maximum_edition",
    "2023",
    "--failure_list",
    join(here, "failing_tests.txt"),
    "--output_dir",
    output,
    ...process.argv.slice(2),
    process.execPath,
    join(here, "testee.ts"),
  ],
  { stdio: "inherit" },
);
if (signal !== null) console.error(`the conformance runner was ended by ${signal}`);
process.exitCode = status ?? 1;
