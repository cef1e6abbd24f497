// The README's commands work as they are printed: each block of shell is run, or checked to name what exists.
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parseConfig } from "../src/config/config-file.ts";
import { gatewayFlags } from "../src/config/flag-spec.ts";
import { parseArguments } from "../src/config/parse-arguments.ts";
import { compileProto } from "./support/compile-proto.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
).scripts;

const blocks = [...readme.matchAll(/^```(\w+)(?: (\w+))?\n(.*?)^```$/gms)].map(
  ([, language = "", label = "", text = ""]) => ({ language, label, text }),
);
const linesOf = (label: string): string[] =>
  blocks
    .filter((block) => block.language === "sh" && block.label === label)
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => line !== "" && !line.startsWith("#"));

let url = "";
const gateway = spawn("npm", ["start", "--", "--listen", "127.0.0.1:0"], {
  cwd: root,
  detached: true,
  stdio: ["ignore", "pipe", "ignore"],
});

before(async () => {
  for await (const line of createInterface({ input: gateway.stdout })) {
    const match = /^listening on (http:\S+)$/.exec(line);
    if (match?.[1] === undefined) continue;
    url = match[1];
    break;
  }
  gateway.stdout.resume();
  assert.notEqual(url, "", "npm start did not say where it listens");
});

after(async () => {
  // npm does not pass every signal on: the whole group that was started here is told.
  if (gateway.pid !== undefined && gateway.exitCode === null) {
    process.kill(-gateway.pid, "SIGTERM");
    await once(gateway, "exit");
  }
});

test("every block of shell is of a kind that this test knows", () => {
  const labels = new Set(blocks.filter(({ language }) => language === "sh").map(({ label }) => label));
  assert.deepEqual([...labels].sort(), ["", "grpcurl", "own", "start", "work"]);
});

for (const line of linesOf("")) {
  test(`works by paste: ${line}`, async () => {
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-o", "pipefail", "-c", line.replaceAll("http://127.0.0.1:8080", url)],
      { cwd: root },
    );
    assert.notEqual(stdout, "");
  });
}

const noGrpcurl = spawnSync("grpcurl", ["-version"]).error !== undefined && "grpcurl is not on the PATH";
for (const line of linesOf("grpcurl")) {
  test(`works by paste: ${line}`, { skip: noGrpcurl }, async () => {
    const here = line.replace("127.0.0.1:8080", new URL(url).host);
    const { stdout } = await promisify(execFile)("bash", ["-c", here], { cwd: root });
    assert.match(stdout, /demo\.library\.v1\.Library|"name": "shelves\/7\/books\/9"/);
  });
}

for (const line of linesOf("own")) {
  test(`is understood: ${line}`, () => {
    const parsed = parseArguments(line.replace(/^npm start -- /, "").split(" "), gatewayFlags);
    assert.deepEqual(parsed.problems, []);
  });
}

for (const line of [...linesOf("start"), ...linesOf("work")]) {
  test(`names what exists: ${line}`, () => {
    const [, script] = /^npm (?:run )?(\S+)$/.exec(line) ?? [];
    assert.ok(script === "ci" || (script !== undefined && script in scripts), line);
  });
}

for (const { text } of blocks.filter(({ language }) => language === "yaml")) {
  test(`is a config file: ${text.split("\n", 1)}`, () => {
    const parsed = parseConfig(text, "README.md");
    assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
  });
}

for (const { text } of blocks.filter(({ language }) => language === "proto")) {
  test(`the options are those that options.proto has: ${text.split("\n").at(3)}`, () => {
    const { registry } = compileProto({
      "readme.proto": `syntax = "proto3"; package readme;
        import "google/api/annotations.proto";
        message Book { string name = 1; }
        message CreateBookRequest { Book book = 1; string tenant = 2; }
        ${text}`,
    });
    assert.ok(registry.getService("readme.Library"));
  });
}
