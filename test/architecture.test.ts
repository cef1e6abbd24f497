// The house of design.md §3 as data: a room imports rooms on lower floors only (types too), rooms on one floor do not
// know each other, and each foreign library is imported in its own rooms.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

/** From the roof down. `app` is src/app.ts; the three roof rooms form floors of their own. */
const floors: readonly (readonly string[])[] = [
  ["cli"],
  ["app"],
  ["config"],
  ["server", "admin", "telemetry"],
  ["gateway"],
  ["protocol/rest", "protocol/connect", "protocol/grpc", "protocol/grpc-web", "protocol/websocket"],
  ["transcode", "service"],
  ["codec", "upstream", "pipeline", "auth"],
  ["wire", "http2", "schema", "store"],
  ["rpc", "gen"],
];

/** The rooms a foreign module may be imported in. A module that is not listed may not be imported at all. */
const doors: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/protobuf": [
    "gen",
    "schema",
    "codec",
    "transcode",
    "service",
    "protocol/rest",
    "gateway",
    "admin",
  ],
  "@fastify/busboy": ["wire"],
  "@grpc/grpc-js": ["upstream"],
  fastify: ["admin"],
  pino: ["telemetry"],
  yaml: ["config", "schema"],
  zod: ["config"],
  protoc: ["schema"],
  "node:dns/promises": ["upstream"],
  "node:http": ["server"],
  "node:http2": ["server"],
  "node:net": ["server"],
  "node:tls": ["server"],
  "node:zlib": ["wire"],
  ioredis: ["store"],
  jose: ["auth"],
  "lru-cache": ["store", "auth"],
  ws: ["server"],
};
/** Node modules that anyone may import: they touch neither network nor a foreign concept. */
const ground = new Set([
  "node:buffer",
  "node:child_process",
  "node:crypto",
  "node:events",
  "node:fs",
  "node:fs/promises",
  "node:module",
  "node:os",
  "node:path",
  "node:perf_hooks",
  "node:stream",
  "node:timers",
  "node:timers/promises",
  "node:url",
  "node:util",
]);

const root = join(import.meta.dirname, "..", "src");
const files = globSync("**/*.ts", { cwd: root }).sort();

function roomOf(file: string): string {
  const folder = dirname(file);
  if (folder === ".") return file.replace(/\.ts$/, "");
  const parts = folder.split("/");
  return parts[0] === "protocol" ? parts.slice(0, 2).join("/") : (parts[0] as string);
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(
    /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

test("every file lies in a room of the house", () => {
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.filter((file) => floorOf(roomOf(file)) === -1),
    [],
  );
});

test("a room imports rooms on lower floors only", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const target of importsOf(file).filter((name) => name.startsWith("."))) {
      const imported = relative(root, join(root, dirname(file), target));
      const [from, to] = [roomOf(file), roomOf(imported)];
      if (from !== to && floorOf(to) <= floorOf(from)) wrong.push(`${file} imports ${imported}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a foreign library is imported in its own rooms only", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const name of importsOf(file).filter((name) => !name.startsWith("."))) {
      const library = name.startsWith("node:")
        ? name
        : name
            .split("/")
            .slice(0, name.startsWith("@") ? 2 : 1)
            .join("/");
      if (ground.has(name)) continue;
      if (!doors[library]?.includes(roomOf(file))) wrong.push(`${file} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no file imports itself through others", () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => relative(root, join(root, dirname(file), name))),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("rooms have no barrels and no default exports", () => {
  const wrong = files.filter(
    (file) =>
      /(^|\/)index\.ts$/.test(file) || /^export default\b/m.test(readFileSync(join(root, file), "utf8")),
  );
  assert.deepEqual(wrong, []);
});
