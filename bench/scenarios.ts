// What is asked of each gateway. The answer is checked, so that nobody is fast at doing something else.
import assert from "node:assert/strict";

export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly httpMethod: string;
  readonly path: string;
  /** JSON; absent = no body. */
  readonly body?: string;
  /** @throws AssertionError where this is not the answer, which may be ProtoJSON of any dialect */
  check(answer: unknown): void;
}

const book = {
  title: "The Go-Between and Other Gateways",
  author: "L. P. Hartley",
  pageCount: 464,
  isbn: "9780132350884",
  price: 39.95,
  available: true,
  tags: ["FULL", "en", "classic"],
  published: "2008-08-01T00:00:00Z",
};

export const scenarios: readonly Scenario[] = [
  {
    name: "get",
    what: "path and query in, nine fields out",
    httpMethod: "GET",
    path: "/v1/shelves/7/books/9?view=FULL&language=en",
    check: (answer) => assert.deepEqual(answer, { name: "shelves/7/books/9", ...book }),
  },
  {
    name: "post",
    what: "a body of nine fields in, nine fields out",
    httpMethod: "POST",
    path: "/v1/shelves/7/books",
    body: JSON.stringify({ name: "shelves/7/books/new", ...book }),
    check: (answer) => assert.deepEqual(answer, { name: "shelves/7/books/1", ...book }),
  },
];
