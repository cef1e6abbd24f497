// Unary REST through the gateway to each backend that was not written here: what semantics.md promises, over a server
// stack, a schema by reflection and an HTTP client that know nothing of the gateway.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeRest, detailsFrom } from "./rest-suite.ts";

/** Code to HTTP status, as semantics.md "Errors" has it. */
const httpStatusOfCode = [
  [1, 499],
  [2, 500],
  [3, 400],
  [4, 504],
  [5, 404],
  [6, 409],
  [7, 403],
  [8, 429],
  [9, 400],
  [10, 409],
  [11, 400],
  [12, 501],
  [13, 500],
  [14, 503],
  [15, 500],
  [16, 401],
] as const;

const item = {
  name: "shelves/1/items/2",
  count: "9007199254740993",
  created: "2024-01-02T03:04:05Z",
  weight: 1.5,
  labels: { kind: "test" },
  data: "+/8A",
};

describeRest("unary REST", ({ kind, call }) => {
  describe("unary", () => {
    test("a GET binds path and query and answers with ProtoJSON", async () => {
      const reply = await call("/v1/shelves/1/items/2?view=FULL&tags=a&tags=b%20c&filter.count=7");
      assert.equal(reply.status, 200);
      assert.equal(reply.header["content-type"], "application/json");
      assert.deepEqual(reply.json, { ...item, view: "FULL", tags: ["a", "b c"], count: "7" });
    });

    test("a 64-bit integer keeps every digit", async () => {
      assert.deepEqual((await call("/v1/shelves/1/items/2")).json, item);
      const big = await call("/v1/shelves/1/items/2?filter.count=9223372036854775807");
      assert.equal((big.json as { count: string }).count, "9223372036854775807");
    });

    test("a variable of several segments keeps %2F and decodes the rest", async () => {
      const { json } = await call("/v1/shelves/%C3%A4/items/a%2Fb%20c%3D");
      assert.equal((json as { name: string }).name, "shelves/ä/items/a%2Fb c=");
    });

    test("a POST binds a body field beside path and query", async () => {
      const { status, json } = await call("/v1/shelves/1/items?itemId=x", {
        body: { name: "ignored", view: 1, tags: ["t"], count: 9007199254740991, labels: { a: "b" } },
      });
      assert.equal(status, 200);
      assert.deepEqual(json, {
        name: "shelves/1/items/x",
        view: "BASIC",
        tags: ["t"],
        count: "9007199254740991",
        labels: { a: "b" },
      });
    });

    test("an additional binding takes the whole message as body", async () => {
      const { json } = await call("/v1/items:create", {
        body: {
          parent: "shelves/2",
          item_id: "y",
          item: { data: "-_8A", created: "2024-02-03T00:00:00.5Z" },
        },
      });
      assert.deepEqual(json, {
        name: "shelves/2/items/y",
        data: "+/8A",
        created: "2024-02-03T00:00:00.500Z",
      });
    });

    for (const [what, path, body, expected] of [
      ["an unknown query parameter", "/v1/shelves/1/items/2?shade=1", undefined, /shade/],
      ["a query value of the wrong type", "/v1/shelves/1/items/2?filter.count=x", undefined, /filter\.count/],
      ["an unknown key in the body", "/v1/shelves/1/items", '{"shade":1}', /shade/],
      ["a body value of the wrong type", "/v1/shelves/1/items", '{"tags":[1]}', /tags/],
      ["a body that is not JSON", "/v1/shelves/1/items", '{"tags":', /./],
    ] as const) {
      test(`${what} is 400 and named`, async () => {
        const reply = await call(path, { body });
        assert.equal(reply.status, 400);
        const { code, message, details } = reply.json as { code: number; message: string; details: [] };
        assert.equal(code, 3);
        assert.match(message, expected);
        assert.ok(Array.isArray(details));
      });
    }

    test("fifty calls at once each get their own answer", async () => {
      const names = Array.from({ length: 50 }, (_, index) => `shelves/1/items/${index}`);
      const replies = await Promise.all(names.map((name) => call(`/v1/${name}`)));
      assert.deepEqual(
        replies.map(({ json }) => (json as { name: string }).name),
        names,
      );
    });
  });

  describe("choosing a route", () => {
    test("an unknown path is 404 with a Status", async () => {
      const reply = await call("/v1/nowhere");
      assert.equal(reply.status, 404);
      assert.equal((reply.json as { code: number }).code, 5);
    });

    test("a known path with another method is 405 and says which are allowed", async () => {
      const reply = await call("/v1/shelves/1/items/2", { httpMethod: "DELETE" });
      assert.equal(reply.status, 405);
      assert.match(reply.header.allow ?? "", /\bGET\b/);
    });

    test("HEAD answers as GET without a body", async () => {
      const reply = await call("/v1/shelves/1/items/2", { httpMethod: "HEAD" });
      assert.equal(reply.status, 200);
      assert.equal(reply.header["content-type"], "application/json");
      assert.equal(reply.text, "");
    });

    test("OPTIONS answers 204 and says which methods are allowed", async () => {
      const reply = await call("/v1/shelves/1/items", { httpMethod: "OPTIONS" });
      assert.equal(reply.status, 204);
      assert.match(reply.header.allow ?? "", /\bPOST\b/);
    });

    test("a body of an unknown type is 415", async () => {
      const reply = await call("/v1/shelves/1/items", {
        body: "x",
        header: { "content-type": "text/x-odd" },
      });
      assert.equal(reply.status, 415);
    });
  });

  describe("errors", () => {
    for (const [code, httpStatus] of httpStatusOfCode) {
      test(`code ${code} is ${httpStatus}`, async () => {
        const reply = await call(`/v1/fail/${code}?message=n%C3%A4h`);
        assert.equal(reply.status, httpStatus);
        assert.deepEqual(reply.json, { code, message: "näh", details: [] });
      });
    }

    test("details decode through the schema, an unknown one stays as base64", async () => {
      const reply = await call("/v1/fail/9?message=m&withDetails=true");
      assert.deepEqual(reply.json, { code: 9, message: "m", details: detailsFrom(kind) });
    });

    test("RetryInfo becomes Retry-After in whole seconds, rounded up", async () => {
      const reply = await call("/v1/fail/14?retryAfterMs=1500");
      assert.equal(reply.status, 503);
      assert.equal(reply.header["retry-after"], "2");
    });
  });
});
