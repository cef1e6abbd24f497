import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { commandNames } from "../../src/cli/help.ts";
import { configKeys } from "../../src/config/config-keys.ts";
import { commonFlags } from "../../src/config/flag-spec.ts";
import { run } from "./run.ts";

for (const command of commands) {
  test(`help ${command.name} has every flag with its meaning and default`, async () => {
    const { code, stdout } = await run("help", command.name);
    const flat = stdout.replace(/\s+/g, " ");
    assert.equal(code, 0);
    for (const flag of [...command.flags, ...commonFlags]) {
      const value = flag.value === undefined ? "" : ` ${flag.value}`;
      assert.ok(flat.includes(`--${flag.name}${value} ${flag.description}`), flag.name);
      if (flag.byDefault !== undefined) assert.ok(flat.includes(`Default: ${flag.byDefault}.`), flag.name);
    }
    for (const [commandLine] of command.examples) assert.ok(stdout.includes(commandLine), commandLine);
    assert.match(stdout, /^Exit codes: 0 .*, 1 .*, 2 /m);
  });

  test(`${command.name} --help and -h are its help page, whatever else is there`, async () => {
    const page = await run("help", command.name);
    assert.deepEqual(await run(command.name, "--help"), page);
    assert.deepEqual(await run(command.name, "-h", "--wat"), page);
  });
}

test("the flags of design.md §1 are there", async () => {
  const { stdout } = await run("help", "serve");
  const contract =
    "listen admin descriptor-set proto proto-path service-config profile max-request-bytes tls-cert tls-key tls-client-ca config";
  for (const name of contract.split(" ")) assert.match(stdout, new RegExp(`^ {2}--${name} [A-Z]`, "m"));
});

test("without a command, and as --help, -h and help, the first page names every command", async () => {
  const first = await run();
  assert.equal(first.code, 0);
  for (const name of commandNames()) assert.match(first.stdout, new RegExp(`^ {2}${name} `, "m"));
  for (const words of ["--help", "-h", "help"]) assert.deepEqual(await run(words), first);
});

test("help config has every key with its meaning and default", async () => {
  const { code, stdout } = await run("help", "config");
  const flat = stdout.replace(/\s+/g, " ");
  assert.equal(code, 0);
  assert.ok(configKeys().length > 30);
  for (const key of configKeys()) {
    const name = key.path.split(".").at(-1)?.replace("[]", "");
    assert.ok(key.form !== "" && key.description !== "", key.path);
    assert.ok(flat.includes(` ${name}: ${key.form} ${key.description}`), key.path);
    if (key.byDefault !== undefined) assert.ok(flat.includes(`Default: ${key.byDefault}.`), key.path);
  }
});

test("help config --json is a JSON Schema with the same keys", async () => {
  const { stdout } = await run("help", "config", "--json");
  const schema = JSON.parse(stdout) as { properties: Record<string, unknown>; additionalProperties: boolean };
  const top = configKeys().filter((key) => !key.path.includes("."));
  assert.deepEqual(
    Object.keys(schema.properties),
    top.map((key) => key.path.replace("[]", "")),
  );
  assert.equal(schema.additionalProperties, false);
  assert.ok(!stdout.includes('"form"') && !stdout.includes("byDefault"));
});

test("help fits a terminal of a hundred columns", async () => {
  for (const topic of [...commandNames(), "config"]) {
    const { stdout } = await run("help", topic);
    const long = stdout.split("\n").filter((line) => line.length > 100);
    assert.deepEqual(long, [], topic);
  }
});

test("an unknown topic is told with the nearest one", async () => {
  assert.deepEqual(await run("help", "confg"), {
    code: 2,
    stdout: "",
    stderr: "`confg`: no such topic, did you mean `config`?\nSee `protogate help`.\n",
  });
});
