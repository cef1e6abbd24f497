// The unluckiest operator: files that vanish, ports that are taken, signals in storms, backends that come and go, a log
// that nobody reads. The gateway says what is wrong in one sentence, serves what it can, and recovers by itself.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually } from "../matrix/eventually.ts";
import { httpOpen } from "../matrix/http-client.ts";
import { startProcess } from "../matrix/process.ts";
import { projectRoot } from "../matrix/toolchain.ts";
import {
  type FiredGateway,
  openDescriptors,
  residentMegabytes,
  scratchFolder,
  startFired,
  untilReady,
} from "./gateway-under-fire.ts";
import { frame, frameType, openRaw, preface, requestFrame, settings } from "./raw-client.ts";
import { startTarget, type TargetBackend, writeTargetSet } from "./target-backend.ts";

function folderOf(t: TestContext): string {
  return scratchFolder((remove) => t.after(remove));
}

async function startPair(
  t: TestContext,
  flags: readonly string[] = [],
): Promise<{ backend: TargetBackend; gateway: FiredGateway; set: string }> {
  const set = writeTargetSet(folderOf(t));
  const backend = await startTarget();
  t.after(() => backend.close());
  const gateway = await startFired([backend.target], ["--descriptor-set", set, ...flags]);
  t.after(() => gateway.close());
  await untilReady(gateway);
  return { backend, gateway, set };
}

async function listenSilently(t: TestContext): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("what cannot start says so in a line with its place, and exits", async (t) => {
  const folder = folderOf(t);
  const write = (name: string, content: string | Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const taken = await listenSilently(t);
  const bomb = `a: &a [${"x,".repeat(9)}]\n${"bcdefgh".replace(/./g, (name, i) => {
    const before = "abcdefg"[Number(i)];
    return `${name}: &${name} [${`*${before},`.repeat(9)}]\n`;
  })}`;
  const starts: readonly [reason: string, args: readonly string[], code: number, said: RegExp][] = [
    ["no such config", ["--config", join(folder, "nope.yaml")], 2, /nope\.yaml: no such file/],
    ["a folder for a config", ["--config", folder], 2, /is a folder/],
    [
      "a key that is mistyped",
      ["--config", write("a.yaml", "upstream: x:1\n")],
      2,
      /a\.yaml:1:1: .*did you mean `upstreams`/,
    ],
    ["half a list", ["--config", write("b.yaml", "upstreams: [")], 2, /b\.yaml:1:13: not YAML/],
    ["a bomb of aliases", ["--config", write("c.yaml", bomb)], 2, /c\.yaml/],
    ["__proto__ as key", ["--config", write("d.yaml", "__proto__:\n  x: 1\n")], 2, /unknown key `__proto__`/],
    ["bytes for YAML", ["--config", write("e.yaml", Buffer.from([0xff, 0xfe, 0, 1]))], 2, /e\.yaml/],
    ["a flag that is mistyped", ["--listn", "x:1"], 2, /did you mean `--listen`/],
    ["a port beyond 65535", ["--listen", "127.0.0.1:99999"], 2, /port/],
    ["a port that is taken", ["--listen", `127.0.0.1:${taken}`], 1, /in use/],
    ["an address of another machine", ["--listen", "192.0.2.1:8080"], 1, /no such address/],
    [
      "an admin port that is taken",
      ["--listen", "127.0.0.1:0", "--admin", `127.0.0.1:${taken}`],
      1,
      /in use/,
    ],
    [
      "no such descriptor set",
      ["--descriptor-set", join(folder, "nope.binpb")],
      2,
      /nope\.binpb: no such file/,
    ],
    [
      "a certificate that is none",
      ["--tls-cert", write("x.pem", "x"), "--tls-key", write("y.pem", "y")],
      1,
      /x\.pem: expected a certificate in PEM/,
    ],
  ];
  for (const [reason, args, code, said] of starts) {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["src/cli/main.ts", "serve", "127.0.0.1:1", ...args],
      {
        cwd: projectRoot,
        encoding: "utf8",
        timeout: 20_000,
      },
    );
    assert.match(stderr, said, reason);
    assert.equal(status, code, `${reason}: ${stderr}`);
    assert.doesNotMatch(stderr, /^ {4}at /m, reason);
  }
});

test("a descriptor set that becomes garbage, vanishes and comes back: what was good serves, and all pages say so", async (t) => {
  const { gateway, set } = await startPair(t);
  const good = readFileSync(set);
  const page = async (path: string): Promise<string> =>
    (await gateway.call(path, { header: { accept: "text/plain" } })).text;
  const troubles: readonly [change: () => void, said: RegExp][] = [
    [() => writeFileSync(set, "garbage!!"), /cannot be read as a descriptor set/],
    [() => writeFileSync(set, ""), /it is empty/],
    [() => unlinkSync(set), /there is no such file/],
    [() => mkdirSync(set), /it is a directory/],
    [
      () => {
        rmSync(set, { recursive: true });
        writeFileSync(set, good.subarray(0, good.length / 2));
      },
      /cannot be read as a descriptor set/,
    ],
  ];
  for (const [change, said] of troubles) {
    change();
    await eventually(async () => assert.match(await page("/readyz"), said));
    assert.match(await page("/debug/routes"), /stale/);
    assert.equal((await gateway.call("/readyz")).status, 200);
    assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  }
  writeFileSync(set, good);
  await eventually(async () => assert.equal((await page("/readyz")).trim(), "ready"));
  assert.doesNotMatch(await page("/debug/routes"), /stale/);
});

test("a thousand SIGHUPs are one reading or a few", async (t) => {
  const { gateway } = await startPair(t);
  const before = openDescriptors(gateway.pid) ?? 0;
  for (let i = 0; i < 1_000; i++) gateway.kill("SIGHUP");
  assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  await eventually(async () => assert.ok((openDescriptors(gateway.pid) ?? 0) <= before + 2));
});

test("SIGTERM with 250 streams running refuses new ones, ends them within the grace and exits 0", async (t) => {
  const config = join(folderOf(t), "protogate.yaml");
  writeFileSync(config, "drain:\n  grace: 1s\n");
  const { backend, gateway } = await startPair(t, ["--config", config]);
  const replies = await Promise.all(Array.from({ length: 200 }, () => httpOpen(gateway.url, "/v1/rest")));
  const http2 = await openRaw(gateway.port);
  http2.write(Buffer.concat([preface, settings(), frame(frameType.settings, 1, 0)]));
  for (let id = 1; id < 100; id += 2) http2.write(requestFrame(id, "/v1/rest"));
  await eventually(async () => assert.equal(backend.active(), 250));
  gateway.kill("SIGTERM");
  await eventually(() => assert.rejects(gateway.call("/v1/echo/a")));
  assert.equal(await gateway.exitCode, 0);
  await eventually(async () => assert.equal(backend.active(), 0));
  for (const reply of replies) reply.abort();
  http2.destroy();
});

test("the second SIGTERM does not wait for anybody", async (t) => {
  const { gateway } = await startPair(t);
  const reply = await httpOpen(gateway.url, "/v1/rest");
  gateway.kill("SIGTERM");
  await eventually(() => assert.rejects(gateway.call("/v1/echo/a")));
  gateway.kill("SIGTERM");
  assert.equal(await gateway.exitCode, 130);
  reply.abort();
});

test("a host name that does not resolve is said to be that, and the gateway stops when told", async () => {
  const gateway = await startFired(["nope=does-not-exist.invalid:50051"]);
  await eventually(async () => {
    const { status, text } = await gateway.call("/readyz");
    assert.equal(status, 503);
    assert.match(text, /nope \(does-not-exist\.invalid:50051\): host name not found/);
  });
  assert.equal((await gateway.call("/v1/x")).status, 503);
  assert.equal(await gateway.close(), 0);
});

test("a backend that accepts and says nothing makes a gateway that is not ready, says why and stops when told", async (t) => {
  const port = await listenSilently(t);
  const gateway = await startFired([`127.0.0.1:${port}`]);
  const { status, text } = await gateway.call("/readyz");
  assert.equal(status, 503);
  assert.match(text, /still connecting/);
  assert.equal((await gateway.call("/v1/x")).status, 503);
  assert.equal(await gateway.close(), 0);
});

test("a deadline ends a call to a backend that accepts and says nothing", async (t) => {
  const port = await listenSilently(t);
  const gateway = await startFired([`127.0.0.1:${port}`], ["--descriptor-set", writeTargetSet(folderOf(t))]);
  const { status } = await gateway.call("/v1/echo/a", { header: { "grpc-timeout": "300m" } });
  assert.equal(status, 504);
  assert.equal(await gateway.close(), 0);
});

test("a backend that restarts a hundred times answers after the last", async (t) => {
  const folder = folderOf(t);
  let backend = await startTarget();
  t.after(() => backend.close());
  const port = Number(backend.target.split(":")[1]);
  const gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(folder)]);
  t.after(() => gateway.close());
  await untilReady(gateway);
  const before = openDescriptors(gateway.pid) ?? 0;
  for (let i = 0; i < 100; i++) {
    const calls = [gateway.call("/v1/echo/a"), gateway.call("/v1/rest")];
    backend.close();
    backend = await startTarget(port);
    for (const call of calls.slice(0, 1)) assert.ok([200, 500, 503].includes((await call).status));
    void calls[1]?.catch(() => undefined);
  }
  await untilReady(gateway);
  assert.equal((await gateway.call("/v1/echo/a")).status, 200);
  backend.close();
  backend = await startTarget(port);
  await untilReady(gateway);
  await eventually(async () => assert.ok((openDescriptors(gateway.pid) ?? 0) <= before + 2));
  assert.ok((residentMegabytes(gateway.pid) ?? 0) < 500);
});

test("a log and a stdout that nobody reads any more do not end the gateway", async (t) => {
  const set = writeTargetSet(folderOf(t));
  const backend = await startTarget();
  t.after(() => backend.close());
  const args = [
    "src/cli/main.ts",
    "serve",
    backend.target,
    "--descriptor-set",
    set,
    "--listen",
    "127.0.0.1:0",
  ];
  const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = await new Promise<string>((resolve) => {
    child.stdout.on("data", (bytes: Buffer) => {
      const found = /listening on (\S+)/.exec(bytes.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  child.stdout.destroy();
  child.stderr.destroy();
  writeFileSync(set, "garbage");
  // What it finds is written to a pipe without a reader.
  await eventually(async () => assert.match(await (await fetch(`${url}/readyz`)).text(), /stale/));
  assert.equal((await fetch(`${url}/v1/echo/a`)).status, 200);
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
});

test("a process with few descriptors refuses connections beyond them and answers when there are some again", {
  skip: process.platform === "win32",
}, async (t) => {
  const set = writeTargetSet(folderOf(t));
  const backend = await startTarget();
  t.after(() => backend.close());
  const command = `ulimit -n 64; exec "$0" src/cli/main.ts serve ${backend.target} --descriptor-set "$1" --listen 127.0.0.1:0`;
  const gateway = await startProcess(
    "sh",
    ["-c", command, process.execPath, set],
    /^listening on (http:\S+)$/m,
    {
      cwd: projectRoot,
    },
  );
  t.after(() => gateway.stop("SIGTERM"));
  const port = Number(new URL(gateway.address).port);
  const sockets = await Promise.all(Array.from({ length: 200 }, () => openRaw(port)));
  for (const socket of sockets) socket.resume().write("GET /v1/hold HTTP/1.1\r\nHost: h\r\n\r\n");
  await eventually(async () => assert.ok(sockets.some((socket) => socket.destroyed)));
  for (const socket of sockets) socket.destroy();
  await eventually(async () => assert.equal((await fetch(`${gateway.address}/v1/echo/a`)).status, 200));
  await gateway.stop("SIGTERM");
  assert.equal(await gateway.exitCode, 0);
});

test("IPv6 is listened on, named in brackets and reached as an upstream", async (t) => {
  const backend = await startTarget(0, "[::1]");
  t.after(() => backend.close());
  const args = [
    "serve",
    backend.target,
    "--descriptor-set",
    writeTargetSet(folderOf(t)),
    "--listen",
    "[::1]:0",
  ];
  const gateway = await startProcess(
    process.execPath,
    ["src/cli/main.ts", ...args],
    /^listening on (http:\/\/\[::1\]:\d+)$/m,
    {
      cwd: projectRoot,
    },
  );
  t.after(() => gateway.stop("SIGTERM"));
  await eventually(async () => assert.equal((await fetch(`${gateway.address}/v1/echo/a`)).status, 200));
});
