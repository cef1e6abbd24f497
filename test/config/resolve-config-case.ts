// A config from arguments and the text of a file, in a folder of files that a config can name.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { commonFlags, gatewayFlags } from "../../src/config/flag-spec.ts";
import { parseArguments } from "../../src/config/parse-arguments.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { formatProblem } from "../../src/schema/problem.ts";

/** One for each test file; gone at its end. */
export const folder = mkdtempSync(join(tmpdir(), "protogate-"));
mkdirSync(join(folder, "protos/acme/v1"), { recursive: true });
for (const name of [
  "api.binpb",
  "api.yaml",
  "cert.pem",
  "key.pem",
  "ca.pem",
  "a.proto",
  "protos/acme/v1/b.proto",
]) {
  writeFileSync(join(folder, name), "");
}
after(() => rmSync(folder, { recursive: true }));

/** Paths on the command line are below DIR, the file is DIR/protogate.yaml. */
function resolve(args: readonly string[], yaml?: string) {
  const words = args.map((word) => word.replaceAll("DIR", folder));
  if (yaml !== undefined) {
    writeFileSync(join(folder, "protogate.yaml"), yaml);
    words.push("--config", join(folder, "protogate.yaml"));
  }
  const parsed = parseArguments(words, [...gatewayFlags, ...commonFlags]);
  return resolveConfig(parsed, { upstreams: parsed.positionals });
}

export function config(args: readonly string[], yaml?: string): Config {
  const outcome = resolve(args, yaml);
  assert.deepEqual(outcome.ok ? [] : outcome.problems, []);
  assert.ok(outcome.ok);
  return outcome.config;
}

export function problems(args: readonly string[], yaml?: string): readonly string[] {
  const outcome = resolve(args, yaml);
  return outcome.ok
    ? []
    : outcome.problems.map((problem) => formatProblem(problem).replaceAll(folder, "DIR"));
}
