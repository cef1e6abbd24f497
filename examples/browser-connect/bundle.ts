// Makes one script for browsers of the page's TypeScript, the generated code and the client library.
import { join } from "node:path";
import { build } from "esbuild";

/** @throws Error with what esbuild found */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "page.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
