import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { envelope, splitEnvelopes } from "../envelopes.ts";
import { pathOf } from "../note-service.ts";
import { requestOf } from "../rest/pieces.ts";
import { createEdge } from "./connect-fixture.ts";
import { echo } from "./raw-edge.ts";

const header = fc.oneof(
  fc.tuple(fc.constant("content-encoding"), fc.constantFrom("gzip", "br", "identity", "x")),
  fc.tuple(fc.constant("connect-content-encoding"), fc.constantFrom("gzip", "br", "identity", "x")),
  fc.tuple(fc.constant("connect-accept-encoding"), fc.constantFrom("gzip", "zstd;q=1", ";;,", "x")),
  fc.tuple(fc.constant("connect-timeout-ms"), fc.constantFrom("1000", "", "-1", "99999999999")),
  fc.tuple(fc.constant("connect-protocol-version"), fc.constantFrom("1", "2", "")),
  fc.tuple(fc.stringMatching(/^x-[a-z]{1,3}(-bin)?$/), fc.string()),
);
const contentType = fc.constantFrom(
  "application/proto",
  "application/json",
  "application/connect+proto",
  "application/connect+json",
  "application/json;charset=",
);
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => envelope(bytes)),
  fc.constantFrom("{}", '{"id":"1"}', "[", "null").map((text) => Buffer.from(text)),
  fc.constantFrom("{}", '{"id":"1"}', "[", "null").map((text) => envelope(text)),
  fc.constant(envelope("{}", 1)),
);

test("whatever a client says is answered in the form of its protocol", async () => {
  const edge = createEdge(echo, { maxRequestBytes: 100 });
  const name = fc.constantFrom("Unary", "Write", "ServerStreaming", "ClientStreaming", "Bidi");
  const httpMethod = fc.constantFrom("POST", "POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD");
  await fc.assert(
    fc.asyncProperty(
      name,
      httpMethod,
      contentType,
      fc.array(header, { maxLength: 3 }),
      fc.array(piece, { maxLength: 4 }),
      fc.webQueryParameters(),
      async (name, httpMethod, contentType, headers, body, query) => {
        const request = requestOf(httpMethod, `${pathOf(name as "Unary")}?${query}`, {
          header: [["content-type", contentType], ...headers],
          body,
        });
        const response = await edge.handle(request);
        assert.ok(response);
        const pieces: Buffer[] = [];
        if (response.body !== undefined) {
          if (typeof response.body === "string" || response.body instanceof Uint8Array) {
            pieces.push(Buffer.from(response.body as Uint8Array));
          } else for await (const piece of response.body) pieces.push(Buffer.from(piece as Uint8Array));
        }
        const bytes = Buffer.concat(pieces);
        const type = response.header.get("content-type");
        if (type?.startsWith("application/connect+")) {
          const end = splitEnvelopes(bytes).pop();
          assert.equal(end?.flags, 2);
          JSON.parse(String(end?.bytes));
        } else if (type === "application/json") {
          const value = JSON.parse(String(bytes));
          if (response.httpStatus !== 200) assert.equal(typeof value.code, "string");
        } else {
          const refused = type?.startsWith("text/plain") === true;
          assert.ok((refused ? [405, 415] : [200, 204]).includes(response.httpStatus));
        }
      },
    ),
    { numRuns: 500 },
  );
});
