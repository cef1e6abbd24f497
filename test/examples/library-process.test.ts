import assert from "node:assert/strict";
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Library } from "../../examples/library/gen/library_pb.ts";
import { createLibraryClient } from "./library-client.ts";

const script = join(import.meta.dirname, "../../examples/library/server.ts");

/** Runs the backend, or whatever else, until the test ends at the latest. */
function run(t: TestContext, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(process.execPath, args, { stdio });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function firstLine(output: Readable): Promise<string> {
  const lines = createInterface({ input: output });
  const [line] = await once(lines, "line");
  return line;
}

async function portOf(child: ChildProcess): Promise<number> {
  assert.ok(child.stdout);
  const line = await firstLine(child.stdout);
  const [, port] = /^library demo backend on 127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
  assert.ok(port, line);
  return Number(port);
}

test("it says where it listens, serves, and leaves with 0 on SIGTERM", async (t) => {
  const child = run(t, [script], ["ignore", "pipe", "inherit"]);
  const exit = once(child, "exit");
  const client = createLibraryClient(await portOf(child));
  assert.equal((await client.unary(Library.method.getShelf, { name: "shelves/1" })).theme, "English novels");
  client.close();
  child.kill("SIGTERM");
  assert.deepEqual(await exit, [0, null]);
});

test("a watched stream does not keep it from leaving", async (t) => {
  const child = run(t, [script], ["ignore", "pipe", "inherit"]);
  const exit = once(child, "exit");
  const client = createLibraryClient(await portOf(child));
  const call = client.serverStream(Library.method.watchArrivals, { createdOnly: true }).on("error", () => {});
  await once(call, "metadata");
  child.kill("SIGTERM");
  assert.deepEqual(await exit, [0, null]);
  client.close();
});

test("it leaves when a parent that holds an IPC channel is killed", async (t) => {
  const code = `
    const { fork } = require("node:child_process");
    const child = fork(${JSON.stringify(script)}, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    child.stdout.pipe(process.stdout);
  `;
  const parent = run(t, ["-e", code], ["ignore", "pipe", "inherit"]);
  const port = await portOf(parent);
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  // A process that leaves may reset its connections; either way they close.
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.resume().once("close", resolve));
  parent.kill("SIGKILL");
  await closed;
  await assert.rejects(async () => {
    for (;;) {
      const again = connect(port, "127.0.0.1");
      await once(again, "connect").finally(() => again.destroy());
    }
  });
});

test("with --stdin it leaves when standard input ends, without it stays", async (t) => {
  const child = run(t, [script, "--stdin"], ["pipe", "pipe", "inherit"]);
  const exit = once(child, "exit");
  await portOf(child);
  child.stdin?.end();
  assert.deepEqual(await exit, [0, null]);

  const other = run(t, [script], ["pipe", "pipe", "inherit"]);
  other.stdin?.end();
  const client = createLibraryClient(await portOf(other));
  await client.unary(Library.method.getShelf, { name: "shelves/1" });
  client.close();
  other.kill("SIGTERM");
  await once(other, "exit");
});

test("flags it does not know end it with 2 and the usage", async (t) => {
  for (const args of [["--prot", "1"], ["--port", "-1"], ["--port", "65536"], ["extra"]]) {
    const child = run(t, [script, ...args], ["ignore", "ignore", "pipe"]);
    const [[code], text] = await Promise.all([once(child, "exit"), child.stderr?.toArray()]);
    assert.equal(code, 2, args.join(" "));
    assert.match(Buffer.concat(text ?? []).toString(), /usage:/);
  }
});

test("a port that is taken ends it with 1 and one message", async (t) => {
  const first = run(t, [script], ["ignore", "pipe", "inherit"]);
  const port = await portOf(first);
  const second = run(t, [script, "--port", `${port}`], ["ignore", "ignore", "pipe"]);
  const [[code], text] = await Promise.all([once(second, "exit"), second.stderr?.toArray()]);
  assert.equal(code, 1);
  assert.match(Buffer.concat(text ?? []).toString(), /^library: .*in use|EADDRINUSE/);
  first.kill("SIGTERM");
  await once(first, "exit");
});
