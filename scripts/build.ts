// Builds dist/, what is published: the sources, the demo backend and protos/, laid out as in the repository so that
// paths between them are the same from source and from the package.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");

rmSync(out, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
// `--version` reads it there, as it does in the repository.
cpSync(join(root, "package.json"), join(out, "package.json"));
cpSync(join(root, "protos"), join(out, "protos"), { recursive: true });
for (const file of globSync("examples/library/**/*.{proto,binpb}", { cwd: root })) {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  cpSync(join(root, file), join(out, file));
}
process.stdout.write("built dist/\n");
