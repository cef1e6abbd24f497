import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptsParameter, mediaTypeOf, negotiateMediaType } from "../../src/wire/accept.ts";

const offers = ["application/json", "application/x-ndjson", "text/event-stream"] as const;

const rows: readonly [accept: string | undefined, want: string | undefined, why: string][] = [
  [undefined, "application/json", "no Accept takes the first offer"],
  ["", "application/json", "an empty Accept takes the first offer"],
  ["*/*", "application/json", "anything takes the first offer"],
  ["text/event-stream", "text/event-stream", "an exact name"],
  ["TEXT/Event-Stream", "text/event-stream", "media types are compared without case"],
  ["text/*", "text/event-stream", "a range of subtypes"],
  ["application/json;q=0.5, application/x-ndjson", "application/x-ndjson", "the higher weight wins"],
  [
    "application/json;q=0, */*",
    "application/x-ndjson",
    "weight 0 excludes, though a wider range would match",
  ],
  [
    "*/*;q=0.1, text/event-stream;q=0.2",
    "text/event-stream",
    "the more specific range has the higher weight",
  ],
  ["text/event-stream, application/json", "application/json", "a tie goes to the server's order"],
  ["image/png", undefined, "nothing on offer is accepted"],
  [
    "application/json;q=2",
    "application/json",
    "a weight out of range makes the entry void; nothing is left of it",
  ],
  [";;;,,,", "application/json", "nothing readable is as good as nothing said"],
  ["text/html, */*;q=0.8", "application/json", "a browser"],
];

for (const [accept, want, why] of rows) {
  test(`Accept ${JSON.stringify(accept)} picks ${want}: ${why}`, () => {
    assert.equal(negotiateMediaType(accept, offers), want);
  });
}

test("a parameter counts only on the media type itself", () => {
  assert.equal(acceptsParameter("application/json;pretty=true", "application/json", "pretty=true"), true);
  assert.equal(acceptsParameter("text/html;pretty=true", "application/json", "pretty=true"), false);
  assert.equal(acceptsParameter("application/json", "application/json", "pretty=true"), false);
});

test("the media type of a Content-Type is without parameters and in lower case", () => {
  assert.equal(mediaTypeOf("Application/JSON; charset=utf-8"), "application/json");
  assert.equal(mediaTypeOf(undefined), "");
});
