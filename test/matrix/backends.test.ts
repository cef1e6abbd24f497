// The foreign backends do what matrix.proto says, asked with grpc-js directly: where a test of the gateway fails and this
// one does not, the gateway is at fault.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { clearField, clone, createRegistry, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";
import { file_google_api_annotations } from "../../src/gen/google/api/annotations_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";
import { type Backend, startBackend, whyNotBuilt } from "./backends.ts";
import { backendKinds, buildDescriptorSet } from "./build.ts";
import { createDirectClient, type DirectClient } from "./direct-client.ts";
import { eventually } from "./eventually.ts";
import { readReflection } from "./read-reflection.ts";
import { schemaVersions } from "./schema.ts";

const service = "matrix.v1.MatrixService";

for (const kind of backendKinds) {
  const skip = whyNotBuilt(kind) ?? false;
  describe(`the ${kind} backend`, { skip }, () => {
    let backend: Backend;
    let client: DirectClient;
    before(async () => {
      backend = await startBackend(kind);
      client = createDirectClient(backend.target, await buildDescriptorSet("v1"));
    });
    after(async () => {
      client.close();
      await backend.close();
    });

    test("answers with what it was asked and with fixed values of each type", async () => {
      const { messages } = await client.call(`${service}/GetItem`, {
        messages: [{ name: "shelves/1/items/2", view: "FULL", tags: ["a", "b"] }],
      });
      assert.deepEqual(messages, [
        {
          name: "shelves/1/items/2",
          view: "FULL",
          tags: ["a", "b"],
          count: "9007199254740993",
          created: "2024-01-02T03:04:05Z",
          weight: 1.5,
          labels: { kind: "test" },
          data: "+/8A",
        },
      ]);
    });

    test("names a created item after its parent and id", async () => {
      const { messages } = await client.call(`${service}/CreateItem`, {
        messages: [{ parent: "shelves/1", itemId: "x", item: { weight: 2, tags: ["t"] } }],
      });
      assert.deepEqual(messages, [{ name: "shelves/1/items/x", weight: 2, tags: ["t"] }]);
    });

    test("fails with the code, the message and five details", async () => {
      const failed = client.call(`${service}/Fail`, {
        messages: [{ code: 9, message: "näh", withDetails: true, retryAfterMs: "1500" }],
      });
      await assert.rejects(failed, (error: ServiceError) => {
        assert.equal(error.code, 9);
        assert.equal(error.details, "näh");
        const [encoded] = error.metadata.get("grpc-status-details-bin");
        const { details } = fromBinary(StatusSchema, encoded as Buffer);
        assert.deepEqual(
          details.map(({ typeUrl }) => typeUrl.replace("type.googleapis.com/", "")),
          [
            "google.rpc.ErrorInfo",
            "google.rpc.BadRequest",
            "matrix.v1.Item",
            "matrix.unknown.Thing",
            "google.rpc.RetryInfo",
          ],
        );
        return true;
      });
    });

    test("echoes metadata in the message, the header and the trailer", async () => {
      const { messages, header, trailer } = await client.call(`${service}/EchoHeader`, {
        header: {
          "x-echo-text": "1",
          "x-echo-data-bin": Buffer.from([0, 255]),
          "x-trail-text": "2",
          "x-trail-data-bin": Buffer.from([254]),
        },
      });
      const { entries } = messages[0] as { entries: { key: string; text?: string; binary?: string }[] };
      const own = entries.filter(({ key }) => /^x-(echo|trail)-/.test(key));
      assert.deepEqual(own, [
        { key: "x-echo-data-bin", binary: "AP8=" },
        { key: "x-echo-text", text: "1" },
        { key: "x-trail-data-bin", binary: "/g==" },
        { key: "x-trail-text", text: "2" },
      ]);
      assert.deepEqual(header.get("x-echo-text"), ["1"]);
      assert.deepEqual(header.get("x-echo-data-bin"), [Buffer.from([0, 255])]);
      assert.deepEqual(trailer.get("x-trail-text"), ["2"]);
      assert.deepEqual(trailer.get("x-trail-data-bin"), [Buffer.from([254])]);
    });

    test("streams items and ends with the error that was asked for", async () => {
      const { messages } = await client.call(`${service}/WatchItems`, {
        messages: [{ parent: "shelves/1", count: 3 }],
      });
      assert.deepEqual(
        messages.map((message) => (message as { name: string }).name),
        ["shelves/1/items/1", "shelves/1/items/2", "shelves/1/items/3"],
      );
      const failing = client.call(`${service}/WatchItems`, { messages: [{ count: 1, failCode: 8 }] });
      await assert.rejects(failing, { code: 8, details: "the stream failed" });
    });

    test("takes a client stream and a bidi stream", async () => {
      const imported = await client.call(`${service}/ImportItems`, {
        messages: [{ item: { name: "a" } }, { item: { name: "b" } }],
      });
      assert.deepEqual(imported.messages, [{ count: 2, names: ["a", "b"] }]);
      const talked = await client.call(`${service}/Chat`, { messages: [{ text: "a" }, { text: "b" }] });
      assert.deepEqual(talked.messages, [{ text: "re: a" }, { text: "re: b" }]);
    });

    for (const method of ["Slow", "WatchItems"]) {
      test(`knows that a call to ${method} was cancelled`, async () => {
        const id = `${method}-cancelled`;
        const state = async (): Promise<unknown> =>
          (await client.call(`${service}/GetCallState`, { messages: [{ id }] })).messages[0];
        const controller = new AbortController();
        const message = method === "Slow" ? { id, durationMs: "60000" } : { id, intervalMs: "10" };
        const running = client.call(`${service}/${method}`, {
          messages: [message],
          signal: controller.signal,
        });
        await eventually(async () =>
          assert.deepEqual(await state(), { state: "RUNNING", remainingMs: "-1" }),
        );
        controller.abort();
        await assert.rejects(running, { code: 1 });
        await eventually(async () =>
          assert.deepEqual(await state(), { state: "CANCELLED", remainingMs: "-1" }),
        );
      });
    }

    test("knows the deadline of a call", async () => {
      const { messages } = await client.call(`${service}/Slow`, {
        messages: [{ id: "deadline" }],
        timeoutMs: 60_000,
      });
      const { remainingMs } = messages[0] as { remainingMs: string };
      assert.ok(Number(remainingMs) > 30_000 && Number(remainingMs) <= 60_000, remainingMs);
    });

    for (const schema of schemaVersions) {
      test(`shows schema ${schema} by reflection as protoc compiles it, options included`, async () => {
        const shown = await startBackend(kind, { schema });
        try {
          const set = fromBinary(FileDescriptorSetSchema, readFileSync(await buildDescriptorSet(schema)));
          const expected = set.file.find(({ name }) => name === "matrix.proto");
          const bytes = await readReflection(shown.target, service);
          assert.ok(expected !== undefined);
          assert.deepEqual(meaningOf(fromBinary(FileDescriptorProtoSchema, bytes)), meaningOf(expected));
        } finally {
          await shown.close();
        }
      });
    }

    test("serves the changed schema when it is told to", async () => {
      const changed = await startBackend(kind, { schema: "v2" });
      const changedClient = createDirectClient(changed.target, await buildDescriptorSet("v2"));
      try {
        const { messages } = await changedClient.call(`${service}/ArchiveItem`, {
          messages: [{ name: "n" }],
        });
        assert.equal((messages[0] as { archived: boolean }).archived, true);
      } finally {
        changedClient.close();
        await changed.close();
      }
    });

    test("serves the ticker alone when it is told to", async () => {
      const ticker = await startBackend(kind, { api: "ticker" });
      const tickerClient = createDirectClient(ticker.target, await buildDescriptorSet("v1"));
      try {
        await assert.rejects(tickerClient.call(`${service}/GetItem`), { code: 12 });
        const ticks: JsonValue[] = [];
        const controller = new AbortController();
        const watched = tickerClient.call("ticker.v1.TickerService/Watch", {
          messages: [{ intervalMs: "10" }],
          signal: controller.signal,
          onMessage(tick) {
            if (ticks.push(tick) === 3) controller.abort();
          },
        });
        await assert.rejects(watched, { code: 1 });
        assert.deepEqual(ticks.slice(0, 3), [{ number: "1" }, { number: "2" }, { number: "3" }]);
      } finally {
        tickerClient.close();
        await ticker.close();
      }
    });
  });
}

/**
 * What a file says, to compare by: protoc writes json_name into descriptor sets but not into every language's embedded
 * descriptors, and languages encode the fields of an option in an order of their own.
 */
function meaningOf(file: FileDescriptorProto): JsonValue {
  const clear = (message: DescriptorProto): void => {
    for (const field of message.field) clearField(field, FieldDescriptorProtoSchema.field.jsonName);
    message.nestedType.forEach(clear);
  };
  const copy = clone(FileDescriptorProtoSchema, file);
  copy.messageType.forEach(clear);
  return toJson(FileDescriptorProtoSchema, copy, { registry: createRegistry(file_google_api_annotations) });
}
