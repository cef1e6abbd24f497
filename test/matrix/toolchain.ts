// Finds and runs the toolchains that foreign backends are built with: go, python3, mvn, and protoc from npm. A missing
// one is a value with a sentence, so that builds and tests can say what they left out and why.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

export const projectRoot = join(import.meta.dirname, "..", "..");

/** Where everything built goes; ignored by git. */
export const cacheFolder = join(projectRoot, ".cache");

/** The folder of the vendored google and grpc .proto files. */
export const vendoredProtos = join(projectRoot, "protos");

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The first line that `tool` answers to its version question, or undefined where there is no such tool. */
export function toolVersion(tool: string, args: readonly string[] = ["--version"]): string | undefined {
  const answer = spawnSync(tool, args, { encoding: "utf8" });
  if (answer.error !== undefined || answer.status !== 0) return undefined;
  return `${answer.stdout}${answer.stderr}`.trim().split("\n")[0];
}

/**
 * Runs a build step to its end, at low priority where the system has `nice`: other work shares the machine.
 * @throws Error with the end of what it printed where it does not exit with 0
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const nice = findOnPath("nice");
  const [file, argv] = nice === undefined ? [command, args] : [nice, ["-n", "10", command, ...args]];
  const child = spawn(file, argv, {
    cwd: options.cwd ?? projectRoot,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-8000);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (exitCode !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${exitCode ?? "a signal"}:\n${output.trim()}`);
  }
}

/** The protoc binary that the npm package holds for this platform. */
export function protocPath(): string {
  const manifest = createRequire(import.meta.url).resolve("protoc/package.json");
  const assets = JSON.parse(readFileSync(join(dirname(manifest), "assets.json"), "utf8")) as readonly {
    readonly platform: string;
    readonly arch: string;
    readonly executable: string;
  }[];
  const asset = assets.find(({ platform, arch }) => platform === process.platform && arch === process.arch);
  if (asset === undefined) throw new Error(`protoc has no binary for ${process.platform} ${process.arch}`);
  return join(dirname(manifest), "bin", asset.executable);
}

/** Protoc with the vendored files on its path. */
export async function runProtoc(protoFolder: string, args: readonly string[], env = {}): Promise<void> {
  await run(protocPath(), ["-I", protoFolder, "-I", vendoredProtos, ...args], { env });
}

/** Go with as little of the machine as it can do with. */
export async function buildGo(folder: string, output: string): Promise<void> {
  await run("go", ["build", "-p", "1", "-trimpath", "-o", output, "."], { cwd: folder });
}

/**
 * Installs Go programs (`path@version`) that are not there yet and returns a PATH that finds them first. Built with the
 * flags of `buildGo`, they share what Go's cache has of the libraries.
 */
export async function installGoPlugins(packages: readonly string[]): Promise<string> {
  const folder = join(cacheFolder, "go-plugins");
  for (const name of packages) {
    const program = (name.split("@")[0] ?? name).split("/").pop() ?? name;
    const stamp = join(folder, name.slice(name.lastIndexOf("@") + 1));
    if (existsSync(join(stamp, program))) continue;
    await run("go", ["install", "-p", "1", "-trimpath", name], { env: { GOBIN: stamp } });
  }
  const folders = packages.map((name) => join(folder, name.slice(name.lastIndexOf("@") + 1)));
  return [...new Set(folders), process.env.PATH ?? ""].join(delimiter);
}

function findOnPath(tool: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find((file) => existsSync(file));
}
