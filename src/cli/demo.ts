// The built-in demo: examples/library as a child process, so that what people try first is what they will have, a
// gateway and a backend apart. The child ends with us, however we end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import type { UpstreamConfig } from "../config/config.ts";
import { decideEndpoints } from "../config/decide-endpoints.ts";

export interface Demo {
  /** The backend as an upstream with reflection. */
  readonly upstream: UpstreamConfig;
  /** Stops the backend; resolves when it is gone. Idempotent. */
  close(): Promise<void>;
}

/** Lies the same way from `src/cli` as from `dist/src/cli`, where it is JavaScript. */
const serverFile = join(
  import.meta.dirname,
  "..",
  "..",
  "examples",
  "library",
  `server${extname(import.meta.filename)}`,
);

/** It starts in well under a second; a machine under load may need more. */
const startLimitMs = 20_000;

/** @throws Error when the demo is not part of this install or does not start */
export async function startDemo(): Promise<Demo> {
  if (!existsSync(serverFile)) {
    throw new Error("no upstream is given, and the demo backend is not part of this install");
  }
  // Our end of its stdin closes when we are gone, even by SIGKILL, and `--stdin` ends it then. With that flag it also
  // leaves Ctrl-C to us: calls to it may finish while the gateway drains.
  const child = spawn(process.execPath, [serverFile, "--stdin"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.on("error", () => {});
  const gone = once(child, "exit").catch(() => {});
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", kill);
  try {
    const [host, port] = await readAddress(child);
    const target = { host, port, tls: false };
    return {
      upstream: {
        name: "library",
        target,
        targets: [target],
        endpoints: decideEndpoints({}),
        reflection: true,
        header: [],
        required: true,
        schema: { descriptorSets: [], protos: [], protoPaths: [] },
        tls: {},
      },
      async close() {
        process.off("exit", kill);
        if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
        const timer = setTimeout(kill, 2000);
        await gone;
        clearTimeout(timer);
      },
    };
  } catch (error) {
    kill();
    process.off("exit", kill);
    throw error;
  }
}

/** Waits for the line `library demo backend on 127.0.0.1:PORT`. */
function readAddress(child: ChildProcess): Promise<[host: string, port: number]> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => fail("did not start in time"), startLimitMs);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`the demo backend ${why}`));
    };
    child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => fail(`ended before it was ready (${signal ?? `exit ${code}`})`));
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      // Once it has said where it is, the rest is read and dropped, so that the child never blocks.
      text = (text + piece).slice(-4096);
      const match = /^library demo backend on (\S+):(\d+)$/m.exec(text);
      if (match === null) return;
      clearTimeout(timer);
      resolve([match[1] ?? "", Number(match[2])]);
    });
  });
}

/** What to try, printed under the ready line: each works by paste. */
export function demoIntroduction(url: string, adminUrl: string | undefined): string {
  const lines = [
    "",
    "This is the built-in demo: a library of shelves and books, in a gRPC backend of its own.",
    ...(adminUrl === undefined ? [] : [`Its routes: ${adminUrl}/debug/routes`]),
    "",
    "Try:",
    ...demoCalls.map(([meaning, call]) => `  # ${meaning}\n  ${call(url)}`),
    "",
    "Your own backend, if it has server reflection: npm start -- localhost:50051",
  ];
  return lines.join("\n");
}

/** Meaning and command line, by the rules of examples/library/library.proto. */
export const demoCalls: readonly (readonly [meaning: string, call: (url: string) => string])[] = [
  ["read a book", (url) => `curl '${url}/v1/shelves/7/books/9?view=FULL'`],
  [
    "find some",
    (url) => `curl '${url}/v1/books?filter.author=austen&orderBy=publish_year%20desc&pageSize=2'`,
  ],
  [
    "add one",
    (url) =>
      `curl ${url}/v1/shelves/1/books -H 'Content-Type: application/json' -d '{"title":"Villette","author":"Charlotte Brontë"}'`,
  ],
  [
    "the same by Connect, as every method: JSON to the method's own path",
    (url) =>
      `curl ${url}/demo.library.v1.Library/GetBook -H 'Content-Type: application/json' -d '{"name":"shelves/7/books/9"}'`,
  ],
  [
    "watch new arrivals, a server stream as lines of JSON",
    (url) => `curl -N '${url}/v1/arrivals:watch?limit=3&interval=0.5s' -H 'Accept: application/x-ndjson'`,
  ],
];
