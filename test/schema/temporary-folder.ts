// A folder of files that a test needs on disk.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryFolder {
  readonly folder: string;
  write(path: string, content: string | Uint8Array): string;
  cleanUp(): void;
}

export function createTemporaryFolder(files: Readonly<Record<string, string | Uint8Array>>): TemporaryFolder {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "protogate-test-")));
  const write = (path: string, content: string | Uint8Array): string => {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    return target;
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { folder, write, cleanUp: () => rmSync(folder, { recursive: true, force: true }) };
}
