// A gateway in this process, from a config file as people write it, closed when the test ends.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { type App, startApp } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { commonFlags, gatewayFlags } from "../../src/config/flag-spec.ts";
import { parseArguments } from "../../src/config/parse-arguments.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import { type HttpCall, type HttpReply, httpCall } from "../matrix/http-client.ts";
import { createLog, type LogLine } from "../protocol/rest/rest-fixture.ts";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";

/** The config that a file says. Paths are relative to a folder with `files` in it; it listens on a free port. */
export function configOf(
  context: TestContext,
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Config {
  const { folder, write, cleanUp } = createTemporaryFolder(files);
  context.after(cleanUp);
  const file = write("protogate.yaml", stringify({ listen: "127.0.0.1:0", ...keys }));
  const parsed = parseArguments(["--config", file], [...gatewayFlags, ...commonFlags]);
  const outcome = resolveConfig(parsed, { upstreams: [] });
  if (!outcome.ok) throw new Error(`${folder}: ${outcome.problems.map(formatProblem).join("\n")}`);
  return outcome.config;
}

export interface OpenApp extends App {
  readonly url: string;
  readonly log: readonly LogLine[];
  call(path: string, call?: HttpCall): Promise<HttpReply>;
}

export async function openApp(
  context: TestContext,
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<OpenApp> {
  const { logger, lines } = createLog();
  const app = await startApp(configOf(context, keys, files), logger);
  context.after(() => app.close());
  const [url = ""] = app.urls;
  return { ...app, url, log: lines, call: (path, call) => httpCall(url, path, call) };
}

/** The library's FileDescriptorSet. */
export const librarySet: Uint8Array = readFileSync(
  join(import.meta.dirname, "../../examples/library/gen/library.binpb"),
);

/** Reflection that is asked often enough for a test. */
export const often = { interval: "200ms" };
