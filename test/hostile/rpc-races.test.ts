// Calls that race what happens to the gateway: a schema that is swapped, a SIGTERM. On each protocol every call that was
// taken ends in a reply or an honest error; nobody is left without an answer.
import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { compileProto } from "../support/compile-proto.ts";
import { scratchFolder, startFired, untilReady } from "./gateway-under-fire.ts";
import { type Edge, edges } from "./rpc-edges.ts";
import { startTarget, targetProto, writeTargetSet } from "./target-backend.ts";

/** What each caller has seen: code → how often. */
type Seen = Map<string, number>;

async function callOnAndOn(port: number, edge: Edge, seen: Seen, more: () => boolean): Promise<void> {
  const method = edge.takes === "stream" ? "Collect" : "Echo";
  while (more()) {
    const { code } = await edge.ask({ port, method });
    const key = String(code);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    // Nobody is there any more.
    if (typeof code === "string") return;
  }
}

test("of calls that race schema swaps, on each protocol, none fails", async (t) => {
  const backend = await startTarget();
  t.after(() => backend.close());
  const file = writeTargetSet(scratchFolder((remove) => t.after(remove)));
  const gateway = await startFired([backend.target], ["--descriptor-set", file]);
  await untilReady(gateway);
  let swapping = true;
  const callers = edges.map(async (edge) => {
    const seen: Seen = new Map();
    await callOnAndOn(gateway.port, edge, seen, () => swapping);
    return [edge.name, [...seen.keys()]] as const;
  });
  const digests = () => gateway.output().match(/snapshot in service/g)?.length ?? 0;
  for (let i = 0; i < 5; i++) {
    const { set } = compileProto({
      "hostile/v1/target.proto": targetProto.replace(
        "message Item {",
        `message Extra${i} {}\nmessage Item {`,
      ),
    });
    const before = digests();
    await writeFile(`${file}.next`, set);
    await rename(`${file}.next`, file);
    for (let waits = 0; digests() === before && waits < 200; waits++) await sleep(25);
    assert.notEqual(digests(), before, "the schema was not swapped");
  }
  swapping = false;
  assert.deepEqual(
    await Promise.all(callers),
    edges.map(({ name }) => [name, ["0"]]),
  );
  assert.equal(await gateway.close(), 0);
});

for (const [what, method, expected] of [
  ["unary calls", "Hold", 4],
  ["streams", "Rest", 4],
] as const) {
  test(`${what} that run when SIGTERM comes end honestly on each protocol`, async (t) => {
    const backend = await startTarget();
    t.after(() => backend.close());
    const folder = scratchFolder((remove) => t.after(remove));
    const gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(folder)]);
    await untilReady(gateway);
    const kind = method === "Hold" ? "unary" : "stream";
    const mine = edges.filter(({ takes }) => takes === "both" || takes === kind);
    const calls = mine.map((edge) =>
      edge.ask({
        port: gateway.port,
        method,
        header: edge.name.startsWith("Connect")
          ? { "connect-timeout-ms": "1500" }
          : { "grpc-timeout": "1500m" },
      }),
    );
    for (let waits = 0; backend.active() < mine.length && waits < 400; waits++) await sleep(10);
    gateway.kill("SIGTERM");
    const endings = await Promise.all(calls);
    assert.deepEqual(
      endings.map(({ code }, i) => [mine[i]?.name, code]),
      mine.map(({ name }) => [name, expected]),
    );
    assert.equal(await gateway.exitCode, 0);
    assert.equal(backend.active(), 0);
    await gateway.close();
  });
}

test("of calls that race SIGTERM, on each protocol, each is answered or was never taken", async (t) => {
  const backend = await startTarget();
  t.after(() => backend.close());
  const folder = scratchFolder((remove) => t.after(remove));
  const gateway = await startFired([backend.target], ["--descriptor-set", writeTargetSet(folder)]);
  await untilReady(gateway);
  const begun = backend.begun();
  const callers = edges.map(async (edge) => {
    const seen: Seen = new Map();
    await callOnAndOn(gateway.port, edge, seen, () => true);
    return [edge.name, seen] as const;
  });
  await sleep(700);
  gateway.kill("SIGTERM");
  let answered = 0;
  for (const [name, seen] of await Promise.all(callers)) {
    answered += seen.get("0") ?? 0;
    const odd = [...seen.keys()].filter(
      (code) => !/^(0|14|no status: .*|HTTP 503|closed with 1006|closed with 1001)$/.test(code),
    );
    assert.deepEqual(odd, [], name);
  }
  // What the backend did, somebody got.
  assert.equal(backend.begun() - begun, answered);
  assert.equal(await gateway.exitCode, 0);
  await gateway.close();
});
