// How calls of the real client end early: by their deadline, or because the client leaves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code as ConnectCode } from "@connectrpc/connect";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { until } from "../../server/open-listener.ts";
import { metadataOf } from "../backend-failure.ts";
import { note } from "../note-service.ts";
import { collect, failureFrom, notes, open, streamDesc, unaryDesc } from "./node-client.ts";

for (const httpVersion of ["1.1", "2"] as const) {
  const variant = { httpVersion, useBinaryFormat: true, compression: "identity" } as const;

  test(`a deadline reaches the backend and is kept (HTTP/${httpVersion})`, async (context) => {
    const backend: { cancelled: boolean; deadlineMs?: number } = { cancelled: false };
    const handlers: BackendHandlers = {
      Unary(call) {
        backend.deadlineMs = Number(call.getDeadline());
        call.on("cancelled", () => {
          backend.cancelled = true;
        });
      },
    };
    const client = await open(context, handlers, variant);
    // The client's own timer is off: the header says it.
    const header = { "connect-timeout-ms": "200" };
    const error = await failureFrom(client.unary(unaryDesc, undefined, undefined, header, {}));
    assert.equal(error.code, ConnectCode.DeadlineExceeded);
    await until(() => backend.cancelled);
    assert.ok(Number.isFinite(backend.deadlineMs));
  });

  test(`a deadline ends a stream after its messages (HTTP/${httpVersion})`, async (context) => {
    const handlers: BackendHandlers = {
      ServerStreaming(call) {
        call.write(note({ id: "1" }));
      },
    };
    const client = await open(context, handlers, variant);
    const header = { "connect-timeout-ms": "300" };
    const reply = await client.stream(streamDesc("ServerStreaming"), undefined, undefined, header, notes({}));
    const seen: unknown[] = [];
    const error = await failureFrom(
      (async () => {
        for await (const message of reply.message) seen.push(message);
      })(),
    );
    assert.equal(error.code, ConnectCode.DeadlineExceeded);
    assert.equal(seen.length, 1);
  });

  for (const kind of ["unary", "stream", "silent stream"] as const) {
    test(`a client that goes away cancels the ${kind} at the backend (HTTP/${httpVersion})`, async (context) => {
      let called = false;
      let cancelled = false;
      const watch = (call: { on(event: "cancelled", listener: () => void): unknown }): void => {
        called = true;
        call.on("cancelled", () => {
          cancelled = true;
        });
      };
      const handlers: BackendHandlers = {
        Unary: watch,
        ServerStreaming(call) {
          watch(call);
          call.sendMetadata(metadataOf({}));
          if (kind === "stream") call.write(note({ id: "1" }));
        },
      };
      const client = await open(context, handlers, variant);
      const leave = new AbortController();
      const work =
        kind === "unary"
          ? client.unary(unaryDesc, leave.signal, undefined, {}, {})
          : client
              .stream(streamDesc("ServerStreaming"), leave.signal, undefined, {}, notes({}))
              .then(({ message }) => collect(message));
      const failed = failureFrom(work);
      await until(() => called);
      leave.abort();
      assert.equal((await failed).code, ConnectCode.Canceled);
      await until(() => cancelled);
    });
  }
}
