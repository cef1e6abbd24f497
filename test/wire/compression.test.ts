import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import {
  acceptsCompression,
  type Compression,
  compressionNames,
  compressions,
  maxCompressedBytes,
  resolveCompression,
} from "../../src/wire/compression.ts";

function named(name: string): Compression {
  const compression = compressions.get(name);
  assert.ok(compression);
  return compression;
}

for (const compression of compressions.values()) {
  const { name } = compression;

  test(`${name}: what was compressed comes back, at exactly the limit too`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const compressed = await compression.compress(bytes);
        assert.ok(compressed.length <= maxCompressedBytes(bytes.length));
        assert.deepEqual([...(await compression.decompress(compressed, bytes.length))], [...bytes]);
      }),
      { numRuns: 50 },
    );
  });

  test(`${name}: one byte beyond the limit is RESOURCE_EXHAUSTED`, async () => {
    const compressed = await compression.compress(Buffer.alloc(1001));
    assert.equal((await compression.decompress(compressed, 1001)).length, 1001);
    await assert.rejects(compression.decompress(compressed, 1000), { name: "RpcError", code: 8 });
  });

  test(`${name}: a bomb is RESOURCE_EXHAUSTED before it has gone off`, async () => {
    const bomb = await compression.compress(Buffer.alloc(200 * 1024 * 1024));
    assert.ok(bomb.length < 1024 * 1024, `${bomb.length} bytes`);
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(compression.decompress(bomb, 100_000), { name: "RpcError", code: 8 });
    assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 1024 * 1024);
  });

  test(`${name}: bytes that break off are INVALID_ARGUMENT`, async () => {
    const text = Array.from({ length: 500 }, (_, i) => `${i * i} `).join("");
    const compressed = await compression.compress(Buffer.from(text));
    for (const end of [1, compressed.length >> 1, compressed.length - 1]) {
      await assert.rejects(compression.decompress(compressed.subarray(0, end), 1_000_000), {
        name: "RpcError",
        code: 3,
      });
    }
  });

  test(`${name}: any bytes inflate within the limit or end in an RpcError`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        try {
          assert.ok((await compression.decompress(bytes, 50)).length <= 50);
        } catch (reason) {
          assert.ok(reason instanceof RpcError, String(reason));
          assert.ok(reason.code === 3 || reason.code === 8);
        }
      }),
      { numRuns: 200 },
    );
  });

  test(`${name}: the reason that bytes are refused for is for the log, not for the peer`, async () => {
    const half = (await compression.compress(Buffer.from("half of this"))).subarray(0, 10);
    await assert.rejects(compression.decompress(half, 100), (error: RpcError) => {
      assert.equal(error.rawMessage, `message is not valid ${name}`);
      assert.ok(error.cause instanceof Error);
      return true;
    });
  });
}

test("a limit of nothing lets nothing pass", async () => {
  const gzip = named("gzip");
  assert.equal((await gzip.decompress(await gzip.compress(new Uint8Array(0)), 0)).length, 0);
  await assert.rejects(gzip.decompress(await gzip.compress(Buffer.alloc(1)), 0), { code: 8 });
});

test("identity and nothing are no compression, an unknown one is UNIMPLEMENTED and named", () => {
  for (const name of [undefined, "", "identity"]) assert.equal(resolveCompression(name), undefined);
  assert.equal(resolveCompression("gzip"), named("gzip"));
  for (const name of ["lzma", "__proto__", "GZIP", "x".repeat(10_000)]) {
    assert.throws(
      () => resolveCompression(name),
      (error: RpcError) => error.code === 12 && error.message.length < 200,
    );
  }
  assert.equal(compressionNames, "gzip,br,zstd,deflate");
});

const lists: readonly [accepted: string | undefined, taken: boolean, why: string][] = [
  [undefined, false, "nothing said is nothing taken"],
  ["", false, "an empty list"],
  ["br, GZIP ", true, "names have neither case nor place"],
  ["br", false, "another one"],
  ["identity", false, "identity is no compression"],
  [`${"x,".repeat(100)}gzip`, false, "a list is read to its sixteenth entry"],
];
for (const [accepted, taken, why] of lists) {
  test(`${accepted?.slice(0, 20)} ${taken ? "takes" : "does not take"} gzip: ${why}`, () => {
    assert.equal(acceptsCompression(accepted, named("gzip")), taken);
  });
}
