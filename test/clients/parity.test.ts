// The same requests to grpc-gateway v2 and to this gateway with `--profile grpc-gateway`, over the same kind of backends:
// what is answered otherwise is a row of differences.ts, with its reason.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { httpCall } from "../matrix/http-client.ts";
import { bodyCases } from "./parity/body-cases.ts";
import { callCases } from "./parity/call-cases.ts";
import { type Difference, differences } from "./parity/differences.ts";
import { type Observation, observe } from "./parity/observe.ts";
import type { ParityCase } from "./parity/parity-case.ts";
import { pathCases } from "./parity/path-cases.ts";
import { queryCases } from "./parity/query-cases.ts";
import { startGrpcGateway, startParity, whyNoParity } from "./parity/start-parity.ts";

const tables = { paths: pathCases, "query parameters": queryCases, bodies: bodyCases, calls: callCases };

describe("the grpc-gateway profile answers as grpc-gateway does", { skip: whyNoParity() ?? false }, () => {
  let ours = "";
  let theirs = "";
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    const ending = { after: (end: () => Promise<void>) => void ends.push(end) };
    theirs = (await startGrpcGateway(ending)).url;
    ours = (await startParity(ending)).url;
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  // Taken out of every other comparison: it is in nearly every reply.
  test("a message that is not set is printed as null", async () => {
    for (const url of [theirs, ours]) {
      const { text } = await httpCall(url, "/parity/query");
      const { child, time, optionalText } = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual([child, time, optionalText], [null, null, undefined], url);
    }
  });

  for (const [topic, cases] of Object.entries(tables)) {
    describe(topic, () => {
      for (const asked of cases) {
        const difference = differenceOf(asked);
        test(titleOf(asked, difference), async () => {
          const [our, their] = await Promise.all([observe(ours, asked), observeBroken(theirs, asked)]);
          if (difference === undefined) return assert.deepEqual(our, their);
          const alike = isDeepStrictEqual(our, their);
          assert.ok(!alike, `answered alike: the row "${difference.reason}" has no reason any more`);
          assert.ok(
            our.status < 500 || our.status === 501 || our.status >= their.status,
            JSON.stringify(our),
          );
        });
      }
    });
  }
});

describe("the table of differences", () => {
  test("names cases that exist, each once", () => {
    const known = Object.values(tables).flatMap((cases) => cases.map(({ what }) => what));
    assert.deepEqual(known, [...new Set(known)]);
    const named = differences.flatMap(({ cases }) => cases);
    assert.deepEqual(named, [...new Set(named)]);
    assert.deepEqual(
      named.filter((what) => !known.includes(what)),
      [],
    );
  });
});

function differenceOf({ what }: ParityCase): Difference | undefined {
  return differences.find(({ cases }) => cases.includes(what));
}

function titleOf({ what }: ParityCase, difference: Difference | undefined): string {
  return difference === undefined ? what : `${what}, on purpose otherwise`;
}

/** Grpc-gateway writes some replies that are no HTTP. */
async function observeBroken(url: string, asked: ParityCase): Promise<Observation> {
  try {
    return await observe(url, asked);
  } catch (error) {
    return { status: 0, header: {}, trailer: {}, body: String(error) };
  }
}
