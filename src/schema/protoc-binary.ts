// Where protoc and the files it brings are: inside the npm package `protoc`, for every platform, without a download.
// Source: the package's assets.json
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Protoc {
  /** Path of the executable. */
  readonly binary: string;
  /** Include path of the well-known types. */
  readonly include: string;
}

const binaries: ReadonlyMap<string, string> = new Map([
  ["linux-x64", "protoc-linux-x86_64"],
  ["linux-arm64", "protoc-linux-aarch_64"],
  ["darwin-x64", "protoc-osx-x86_64"],
  ["darwin-arm64", "protoc-osx-aarch_64"],
  ["win32-x64", "protoc-win64.exe"],
  // Windows on ARM runs x64 programs.
  ["win32-arm64", "protoc-win64.exe"],
]);

/**
 * Finds protoc for this machine.
 * @throws Error saying what to do, when the package is not installed or has nothing for this platform
 */
export function findProtoc(platform: string = process.platform, arch: string = process.arch): Protoc {
  const file = binaries.get(`${platform}-${arch}`);
  if (file === undefined) {
    throw new Error(
      `there is no protoc for ${platform} on ${arch}: compile to a descriptor set elsewhere and give --descriptor-set`,
    );
  }
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve("protoc/package.json"));
    accessSync(join(folder, "bin", file), constants.R_OK);
  } catch {
    throw new Error("the npm package protoc is not installed: install it, or give --descriptor-set");
  }
  return { binary: join(folder, "bin", file), include: join(folder, "include") };
}

/** Our own .proto files and the vendored google ones, which every .proto file may import. */
export function ownProtoPath(): string {
  return fileURLToPath(new URL("../../protos", import.meta.url));
}
