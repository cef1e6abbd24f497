// A backend is killed and comes back with a changed schema while a stream through another upstream runs: the stream is
// untouched and the new route answers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Backend, startBackend, whyNotBuilt } from "./backends.ts";
import { backendKinds } from "./build.ts";
import { eventually } from "./eventually.ts";
import { startGateway } from "./gateway.ts";
import { httpCall, httpOpen } from "./http-client.ts";

const newRoute = "/v1/shelves/1/items/2:archive";

for (const kind of backendKinds) {
  const skip = whyNotBuilt(kind) ?? false;
  describe(`a change of schema behind the ${kind} backend`, { skip }, () => {
    test("a killed backend that returns changed is served anew, and the other stream goes on", async () => {
      const ticker = await startBackend(kind, { api: "ticker" });
      let matrix: Backend = await startBackend(kind);
      const gateway = await startGateway([`ticker=${ticker.target}`, `matrix=${matrix.target}`], {
        config: "reflection:\n  interval: 200ms\n",
      });
      try {
        const stream = await httpOpen(gateway.url, "/v1/ticks?intervalMs=5", {
          header: { accept: "application/x-ndjson" },
        });
        const ticks = readTicks(stream.pieces);
        await eventually(async () => assert.ok(ticks.count() > 5));
        // Without the verb's route the colon belongs to the item's name, whose path knows GET alone.
        assert.equal((await httpCall(gateway.url, newRoute, { httpMethod: "POST" })).status, 405);

        const { port } = matrix;
        await matrix.kill();
        await eventually(async () => {
          const reply = await httpCall(gateway.url, "/v1/shelves/1/items/2");
          assert.deepEqual([reply.status, (reply.json as { code: number }).code], [503, 14]);
        });
        matrix = await startBackend(kind, { schema: "v2", port });
        await eventually(async () => {
          const reply = await httpCall(gateway.url, newRoute, { httpMethod: "POST" });
          assert.equal(reply.status, 200, reply.text);
          assert.equal((reply.json as { archived: boolean }).archived, true);
        });

        const atChange = ticks.count();
        await eventually(async () => assert.ok(ticks.count() > atChange + 5));
        stream.abort();
        assert.equal(ticks.gap(), undefined);
      } catch (reason) {
        throw new Error(gateway.output(), { cause: reason });
      } finally {
        await gateway.close();
        await matrix.close();
        await ticker.close();
      }
    });
  });
}

/** Reads ticks in the background: how many came, and where they did not count up by one or ended. */
function readTicks(pieces: AsyncIterable<Buffer>): { count: () => number; gap: () => string | undefined } {
  let last = 0;
  let gap: string | undefined;
  const read = async (): Promise<void> => {
    let rest = "";
    for await (const piece of pieces) {
      const lines = (rest + piece.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { number } = JSON.parse(line) as { number?: string };
        if (Number(number) !== last + 1) gap ??= `after ${last}: ${line}`;
        last = Number(number);
      }
    }
    gap ??= `the stream ended after ${last}`;
  };
  // The test breaks the stream off itself: that error is no gap.
  read().catch(() => undefined);
  return { count: () => last, gap: () => gap };
}
