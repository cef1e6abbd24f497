import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { createLogger } from "../../src/telemetry/logger.ts";

function capture(level: "debug" | "info" | "warn" | "error" | "off" = "debug") {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, records: () => lines.map((line): unknown => JSON.parse(line)) };
}

function only(fields: Record<string, unknown>): Record<string, unknown> {
  const { log, records } = capture();
  log.info("event", fields);
  const { time: _time, level: _level, msg: _msg, ...rest } = records()[0] as Record<string, unknown>;
  return rest;
}

test("a line is JSON with an ISO time, the level's name, the event and its fields", () => {
  const { log, lines } = capture();
  log.warn("schema source failed", { source: "api.binpb", count: 2 });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^\{"level":"warn","time":"\d{4}-\d\d-\d\dT[\d:.]+Z","source":"api\.binpb","count":2,"msg":"schema source failed"\}\n$/,
  );
});

test("what is below the level is not written", () => {
  const { log, records } = capture("warn");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.deepEqual(
    records().map((record) => (record as { msg: string }).msg),
    ["c", "d"],
  );
});

test("off writes nothing, not even errors", () => {
  const { log, lines } = capture("off");
  log.error("a");
  assert.deepEqual(lines, []);
});

test("an error is written with its code and the chain of its causes", () => {
  const socket = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = new RpcError(Code.UNAVAILABLE, "no connection", { cause: socket });
  assert.deepEqual(only({ error }), {
    error: {
      type: "RpcError",
      message: "UNAVAILABLE: no connection",
      code: 14,
      causes: [{ type: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED" }],
    },
  });
});

test("an error that nobody expected has its stack", () => {
  const { error } = only({ error: new TypeError("x is not a function") }) as { error: { stack: string } };
  assert.match(error.stack, /^TypeError: x is not a function\n\s+at /);
});

test("causes that go round in a circle end", () => {
  const a = Object.assign(new Error("a"), { code: "A" });
  const b = Object.assign(new Error("b"), { code: "B", cause: a });
  Object.assign(a, { cause: b });
  const { error } = only({ error: a }) as { error: { causes: unknown[] } };
  assert.equal(error.causes.length, 8);
});

const values: readonly (readonly [title: string, value: unknown, written: unknown])[] = [
  ["a bigint keeps its digits", 9007199254740993n, "9007199254740993"],
  ["bytes are a size", new Uint8Array(1000), "[1000 bytes]"],
  ["a number that JSON lacks is a text", Number.NaN, "NaN"],
  ["a date is ISO", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["a map is an object", new Map([["a", 1]]), { a: 1 }],
  ["a function is not called", () => assert.fail(), "[function]"],
  ["a long text is shortened", "x".repeat(10_000), `${"x".repeat(4096)}… (10000 characters)`],
  ["a long list is cut", Array.from({ length: 1000 }, () => 1), Array.from({ length: 100 }, () => 1)],
  [
    "errors in a list are errors",
    [Object.assign(new Error("e"), { code: "E" })],
    [{ type: "Error", message: "e", code: "E" }],
  ],
];
for (const [title, value, written] of values) {
  test(title, () => {
    assert.deepEqual(only({ value }), { value: written });
  });
}

test("a getter that throws and a circle cost their field only", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const hostile = Object.defineProperty({}, "x", { enumerable: true, get: () => assert.fail("read") });
  const fields = only({ circle, hostile, fine: 1 });
  assert.equal(fields.fine, 1);
  assert.equal(fields.hostile, "[unreadable]");
});

test("a field cannot pose as the line's own time, level or event", () => {
  const { log, lines } = capture();
  log.info("event", { level: "error", msg: "forged", time: 0 });
  assert.equal(lines[0]?.match(/"level":/g)?.length, 1);
  assert.match(lines[0] ?? "", /"level_":"error","msg_":"forged","time_":0,"msg":"event"/);
});

test("a line break in a field does not begin a line", () => {
  const { log, lines } = capture();
  log.info("event", { text: 'a\n{"level":"error"}\r\u2028' });
  assert.equal(lines.join("").split("\n").length, 2);
});

test("whatever the fields hold, a line is one line of JSON", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => {
      const { log, lines } = capture();
      log.info("event", fields);
      assert.equal(lines.length, 1);
      assert.equal((JSON.parse(lines[0] ?? "") as { msg: string }).msg, "event");
    }),
  );
});

test("the last line before an exit reaches stderr", () => {
  const file = join(import.meta.dirname, "../../src/telemetry/logger.ts");
  const script = `const { createLogger } = await import(${JSON.stringify(file)});
    createLogger({ level: "info" }).error("last words"); process.exit(3);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(child.status, 3);
  assert.match(child.stderr, /"msg":"last words"\}\n$/);
});
