// Micro-benchmark of the codec beside protobuf-es and protobufjs: JSON bytes to binary and back, on messages of three
// fields to a megabyte. Rounds are interleaved, so that what disturbs the machine disturbs all; medians are printed, and
// written with every round to bench/out/codec.json.
//
//   node bench/codec.ts [rounds] [part of a message's name]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messages, proto } from "./codec-messages.ts";
import { createRuntimes, yardstick } from "./codec-runtimes.ts";
import { type Column, formatTable } from "./format-table.ts";
import { describeMachine } from "./machine.ts";
import { median } from "./summarize.ts";

interface Contest {
  readonly message: string;
  readonly direction: "JSON to binary" | "binary to JSON";
  readonly runtime: string;
  readonly jsonBytes: number;
  readonly repeat: number;
  readonly run: () => unknown;
  /** Microseconds per call, one entry a round. */
  readonly rounds: number[];
}

function createContests(filter: string): Contest[] {
  const runtimesOf = createRuntimes(proto);
  return messages
    .filter(({ name }) => name.includes(filter))
    .flatMap(({ name, typeName, value, repeat }) => {
      const json = Buffer.from(JSON.stringify(value));
      const runtimes = runtimesOf(typeName);
      const binary = runtimes[0]?.decodeJson(json) ?? new Uint8Array(0);
      const shared = { message: name, jsonBytes: json.length, repeat };
      return [
        ...runtimes.map((runtime): Contest => {
          check(runtime.name, name, runtime.encodeJson(runtime.decodeJson(json)), value);
          return {
            ...shared,
            direction: "JSON to binary",
            runtime: runtime.name,
            run: () => runtime.decodeJson(json),
            rounds: [],
          };
        }),
        ...runtimes.map(
          (runtime): Contest => ({
            ...shared,
            direction: "binary to JSON",
            runtime: runtime.name,
            run: () => runtime.encodeJson(binary),
            rounds: [],
          }),
        ),
      ];
    });
}

/** Who does not do the work takes no part in the race. */
function check(runtime: string, message: string, json: Uint8Array, value: object): void {
  const same = JSON.stringify(JSON.parse(Buffer.from(json).toString())) === JSON.stringify(value);
  if (!same) throw new Error(`${runtime} prints another ${message}`);
}

/** Microseconds per call. */
function time(run: () => unknown, repeat: number): number {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) run();
  return ((performance.now() - start) * 1000) / repeat;
}

const rounds = Number(process.argv[2] ?? 15);
const contests = createContests(process.argv[3] ?? "");
for (let round = -3; round < rounds; round++) {
  // Every other round backwards: who comes after whom should not matter.
  for (const contest of round % 2 === 0 ? contests : contests.toReversed()) {
    const us = time(contest.run, contest.repeat);
    // The first rounds warm the compiler up.
    if (round >= 0) contest.rounds.push(us);
  }
}

const rows = contests.map(({ run, repeat, ...contest }) => {
  const own = contests.find(
    ({ message, direction, runtime }) =>
      message === contest.message && direction === contest.direction && runtime === yardstick,
  );
  const us = median(contest.rounds);
  return {
    ...contest,
    us,
    megabytesPerSecond: contest.jsonBytes / us,
    ratio: us / median(own?.rounds ?? []),
  };
});
const columns: readonly Column<(typeof rows)[number]>[] = [
  ["message", (row) => row.message],
  ["direction", (row) => row.direction],
  ["runtime", (row) => row.runtime],
  ["us", (row) => row.us.toFixed(row.us < 100 ? 2 : 0)],
  ["MB/s", (row) => row.megabytesPerSecond.toFixed(0)],
  [`x ${yardstick}`, (row) => row.ratio.toFixed(2)],
];
console.log(formatTable(columns, 3, rows));
const folder = join(import.meta.dirname, "out");
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, "codec.json"),
  `${JSON.stringify({ machine: describeMachine(), rows }, undefined, 2)}\n`,
);
