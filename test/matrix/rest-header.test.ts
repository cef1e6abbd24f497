// Headers and metadata, deadlines and cancellation through the gateway to each backend that was not written here.
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { describe, test } from "node:test";
import { describeRest } from "./rest-suite.ts";

describeRest("REST headers and deadlines", ({ url, call, open, start, eventuallyState }) => {
  describe("metadata", () => {
    const header = {
      "X-Echo-Text": ["1", "2"],
      "X-Echo-Data-Bin": "AP8=",
      "X-Trail-Text": "3",
      "X-Trail-Data-Bin": "/g",
      Connection: "close, X-Hop",
      "X-Hop": "no",
      Te: "trailers",
    };

    test("headers arrive as metadata, duplicates in order, -bin decoded", async () => {
      const { json } = await call("/v1/header", { header });
      const { entries } = json as { entries: { key: string; text?: string; binary?: string }[] };
      const of = (key: string): unknown[] =>
        entries.filter((entry) => entry.key === key).map(({ text, binary }) => text ?? binary);
      assert.deepEqual(of("x-echo-text").join(", "), "1, 2");
      assert.deepEqual(of("x-echo-data-bin"), ["AP8="]);
      assert.deepEqual(of("x-trail-data-bin"), ["/g=="]);
      assert.deepEqual(of("x-hop"), []);
      assert.deepEqual(of("connection"), []);
      assert.deepEqual(of("x-forwarded-for"), ["127.0.0.1"]);
    });

    test("header metadata comes back as headers", async () => {
      const reply = await call("/v1/header", { header });
      assert.equal(reply.header["x-echo-text"], "1, 2");
      assert.equal(unpadded(reply.header["x-echo-data-bin"]), "AP8");
      assert.equal(reply.header["x-trail-text"], undefined);
    });

    test("trailer metadata comes back as HTTP/1.1 trailers where TE asks", async () => {
      const reply = await call("/v1/header", { header });
      assert.equal(reply.trailer["x-trail-text"], "3");
      assert.equal(unpadded(reply.trailer["x-trail-data-bin"]), "/g");
      assert.equal(reply.header["grpc-status"] ?? reply.trailer["grpc-status"], undefined);
    });

    test("without TE there is no trailer on HTTP/1.1", async () => {
      const reply = await call("/v1/header", { header: { "x-trail-text": "3" } });
      assert.equal(reply.status, 200);
      assert.deepEqual(reply.trailer, {});
    });

    test("HTTP/2 with prior knowledge gets the trailer", async () => {
      const session = connect(url());
      try {
        const stream = session.request({ ":path": "/v1/header", "x-trail-text": "3" });
        const trailer = await new Promise((resolve, reject) => {
          stream.on("trailers", resolve);
          stream.on("error", reject);
          stream.resume();
        });
        assert.equal((trailer as Record<string, unknown>)["x-trail-text"], "3");
      } finally {
        session.close();
      }
    });
  });

  describe("deadlines and cancellation", () => {
    test("without a deadline the backend sees none", async () => {
      const { json } = await call("/v1/slow/no-deadline");
      assert.deepEqual(json, { state: "RUNNING", remainingMs: "-1" });
    });

    for (const [name, value] of [
      ["Grpc-Timeout", "60S"],
      ["Connect-Timeout-Ms", "60000"],
      ["X-Server-Timeout", "60.0"],
    ] as const) {
      test(`${name} is forwarded`, async () => {
        const { json } = await call("/v1/slow/forwarded", { header: { [name]: value } });
        const remainingMs = Number((json as { remainingMs: string }).remainingMs);
        assert.ok(remainingMs > 0 && remainingMs <= 60_000, String(remainingMs));
      });
    }

    test("a deadline that passes is 504, and the backend's call ends", async () => {
      const reply = await call("/v1/slow/late?durationMs=60000", { header: { "grpc-timeout": "300m" } });
      assert.equal(reply.status, 504);
      assert.equal((reply.json as { code: number }).code, 4);
      await eventuallyState("late", "CANCELLED");
    });

    test("a malformed deadline is 400", async () => {
      const reply = await call("/v1/slow/bad", { header: { "grpc-timeout": "soon" } });
      assert.equal(reply.status, 400);
    });

    test("a client that goes away cancels its unary call in the backend", async () => {
      const leave = start("/v1/slow/gone?durationMs=60000");
      await eventuallyState("gone", "RUNNING");
      leave();
      await eventuallyState("gone", "CANCELLED");
    });

    test("a client that goes away cancels its stream in the backend", async () => {
      const reply = await open("/v1/shelves/1/items:watch?id=gone-stream&intervalMs=10");
      await eventuallyState("gone-stream", "RUNNING");
      reply.abort();
      await eventuallyState("gone-stream", "CANCELLED");
    });
  });
});

function unpadded(value: unknown): string {
  return String(value).replace(/=+$/, "");
}
