// A request whose header is too large is 431 whatever it is a request of, on both versions of HTTP; it is the listener
// that says so, before any protocol sees it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openListener, text, versions } from "./open-listener.ts";

const requests: readonly [protocol: string, path: string, type: string][] = [
  ["REST", "/v1/books", "application/json"],
  ["Connect", "/a.B/C", "application/proto"],
  ["gRPC-Web", "/a.B/C", "application/grpc-web"],
  ["gRPC", "/a.B/C", "application/grpc"],
];

for (const { name, ask } of versions) {
  for (const [protocol, path, type] of requests) {
    test(`${name}: ${protocol} with a header over the limit is 431`, async (t) => {
      const listener = await openListener(t, async () => text(200, "ok"), {
        limits: { maxHeaderBytes: 8192 },
      });
      const header = { "content-type": type, "x-token": "a".repeat(9000) };
      const answer = await ask(listener.port, { method: "POST", path, header, body: "" });
      assert.equal(answer.status, 431);
      assert.equal((await ask(listener.port, { path })).status, 200);
    });
  }

  test(`${name}: a header of 60 KiB passes where the limit is 64 KiB, the most that a config may say`, async (t) => {
    const listener = await openListener(t, async () => text(200, "ok"), {
      limits: { maxHeaderBytes: 65_536 },
    });
    const header = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`x-${i}`, "a".repeat(7500)]));
    assert.equal((await ask(listener.port, { header })).status, 200);
  });
}
