import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRouter } from "../../src/transcode/create-router.ts";
import { PathSegments } from "../../src/transcode/path-segments.ts";
import { PathTrie } from "../../src/transcode/path-trie.ts";
import { parseTemplate } from "../../src/transcode/template.ts";
import { fakeRoute } from "./fake-route.ts";
import { matchByReference } from "./reference-router.ts";
import { pathArbitrary, templateArbitrary } from "./template-arbitrary.ts";

/** The answer as text: `GET /a/{x} [1]`, `405 GET, HEAD, OPTIONS`, `404`. */
function answer(routes: readonly string[], request: string): string {
  const [httpMethod = "", path = ""] = request.split(" ");
  const match = createRouter(routes.map(fakeRoute)).match(httpMethod, path);
  if (match.kind === "no_route") return "404";
  if (match.kind === "wrong_method") return `405 ${match.allow.join(", ")}`;
  return `${match.route.origin} [${match.captures.join("|")}]`;
}

const books = ["GET /v1/books", "GET /v1/books/{id}", "GET /v1/books/latest", "GET /v1/{path=**}"];
const verbs = ["POST /v1/{name=**}:cancel", "GET /v1/books/{id}", "POST /v1/books/{id}:return"];

const rows: readonly (readonly [routes: readonly string[], request: string, answer: string, fact: string])[] =
  [
    [books, "GET /v1/books/latest", "GET /v1/books/latest []", "a literal beats *"],
    [books, "GET /v1/books/7", "GET /v1/books/{id} [7]", "* beats **"],
    [books, "GET /v1/books/7/8", "GET /v1/{path=**} [books/7/8]", "** takes what nothing else does"],
    [books, "GET /v1", "GET /v1/{path=**} []", "** matches no segments"],
    [books, "GET /v1/", "GET /v1/{path=**} []", "** matches an empty segment"],
    [["GET /v1/books"], "GET /v1/books/", "404", "a trailing slash is another path"],
    [["GET /v1/{a}"], "GET /v1/", "404", "* needs a segment that is not empty"],
    [["GET /v1/{a}/{b}"], "GET /v1//x", "404", "an inner empty segment is no value either"],
    [["GET /"], "GET /", "GET / []", "the root is a path without segments"],
    [["GET /**"], "GET /", "GET /** []", "** matches the root"],
    [["GET /"], "GET //", "404", "two slashes are not one"],
    [["GET /**"], "OPTIONS *", "404", "the asterisk of OPTIONS is no path"],
    [["GET /a"], "GET a", "404", "a path begins with a slash"],
    [["GET /a/{x}/c", "GET /a/b/{y}"], "GET /a/b/c", "GET /a/b/{y} [c]", "specificity counts from the left"],
    [["GET /a/{x}/c", "GET /a/b/d"], "GET /a/b/c", "GET /a/{x}/c [b]", "a dead end is backed out of"],
    [["GET /a/**/z", "GET /a/{x=**}"], "GET /a/b/z", "GET /a/**/z []", "literals after ** are more specific"],
    [["GET /a/**/z", "GET /a/**/y/z"], "GET /a/b/y/z", "GET /a/**/y/z []", "and more of them more so"],
    [["GET /a/{x=**}/z"], "GET /a/z", "GET /a/{x=**}/z []", "** before a literal matches no segments"],
    [
      ["GET /a/{x=b/**/c}/{y=z}"],
      "GET /a/b/1/2/c/z",
      "GET /a/{x=b/**/c}/{y=z} [b/1/2/c|z]",
      "captures after ** move",
    ],
    [["GET /a/{x=b/**}"], "GET /a/b", "GET /a/{x=b/**} [b]", "a capture ends before an empty **"],
    [["GET /{x=a/*}/{y}"], "GET /a/b%2Fc/d", "GET /{x=a/*}/{y} [a/b%2Fc|d]", "captures are raw text"],
    [["GET /books"], "GET /%62oo%6Bs", "GET /books []", "unreserved triples of the path are decoded"],
    [["GET /%62ooks"], "GET /books", "GET /%62ooks []", "and those of the template"],
    [["GET /a%2fb"], "GET /a%2Fb", "GET /a%2fb []", "hex digits are compared in one case"],
    [["GET /a/b"], "GET /a%2Fb", "404", "an encoded slash is no boundary"],
    [["GET /a+b"], "GET /a%2Bb", "404", "a reserved character is not its triple"],
    [["GET /%25"], "GET /%2%35", "404", "a malformed triple equals no literal"],
    [["GET /Books"], "GET /books", "404", "case counts"],

    [
      verbs,
      "POST /v1/books/7:return",
      "POST /v1/books/{id}:return [7]",
      "the verb is the text after the last colon",
    ],
    [
      verbs,
      "POST /v1/books/7:cancel",
      "POST /v1/{name=**}:cancel [books/7]",
      "a registered verb beats the colon as text",
    ],
    [verbs, "GET /v1/books/7:lend", "GET /v1/books/{id} [7:lend]", "an unknown verb is text"],
    [
      verbs,
      "GET /v1/books/7:cancel",
      "GET /v1/books/{id} [7:cancel]",
      "so is a known one where its routes lack the method",
    ],
    [verbs, "POST /v1/books/a:b:return", "POST /v1/books/{id}:return [a:b]", "earlier colons are text"],
    [verbs, "GET /v1/books/7:", "GET /v1/books/{id} [7:]", "a colon without a verb is text"],
    [verbs, "POST /v1:cancel", "POST /v1/{name=**}:cancel []", "a verb may follow an empty **"],
    [verbs, "POST /v1/books/7%3Areturn", "405 GET, HEAD, OPTIONS", "an encoded colon starts no verb"],
    [
      ["GET /v1/{a}/x", "POST /v1/{a}:x"],
      "GET /v1/b:c/x",
      "GET /v1/{a}/x [b:c]",
      "an inner colon never starts a verb",
    ],
    [["GET /v1/{a}:go"], "GET /v1/:go", "404", "* before a verb needs text"],
    [["GET /{x=**}:go"], "GET /:go", "GET /{x=**}:go []", "** before a verb does not"],

    [["GET /a/{x}", "POST /a/b"], "GET /a/b", "GET /a/{x} [b]", "a route without the method hides no other"],
    [
      ["GET /a/{x}", "POST /a/b", "PUT /**"],
      "DELETE /a/b",
      "405 GET, HEAD, OPTIONS, POST, PUT",
      "Allow lists the methods of all",
    ],
    [["GET /a:v", "POST /{x}"], "PUT /a:v", "405 GET, HEAD, OPTIONS, POST", "and of both readings"],
    [["POST /a"], "OPTIONS /a", "405 OPTIONS, POST", "OPTIONS is the caller's"],
    [["POST /a"], "HEAD /a", "405 OPTIONS, POST", "HEAD needs GET"],
    [["GET /a"], "HEAD /a", "GET /a []", "GET answers HEAD"],
    [["GET /a", "HEAD /a"], "HEAD /a", "HEAD /a []", "a HEAD of its own goes first"],
    [["* /a", "GET /a"], "GET /a", "GET /a []", "a named method beats *"],
    [["* /a", "GET /a"], "HEAD /a", "GET /a []", "GET answers HEAD before * does"],
    [["* /a", "GET /a"], "PURGE /a", "* /a []", "* takes every other method"],
    [["* /a"], "OPTIONS /a", "* /a []", "OPTIONS too"],
    [["GET /a"], "get /a", "405 GET, HEAD, OPTIONS", "methods are case-sensitive"],
    [["GET /{a}", "GET /{b}"], "GET /x", "GET /{a} [x]", "of equal shapes the first serves"],
    [
      ["GET /__proto__", "GET /constructor"],
      "GET /__proto__",
      "GET /__proto__ []",
      "names of Object.prototype are text",
    ],
    [["GET /a"], "toString /a", "405 GET, HEAD, OPTIONS", "as methods too"],
    [[], "GET /", "404", "no routes match nothing"],
  ];

for (const [routes, request, expected, fact] of rows) {
  test(`${fact}: ${request} of ${routes.join(", ")}`, () => assert.equal(answer(routes, request), expected));
}

test("the router agrees with a brute-force matcher on random tables, methods and paths", () => {
  const route = fc
    .tuple(fc.constantFrom("GET", "GET", "POST", "HEAD", "*"), templateArbitrary)
    .map(([httpMethod, template]) => `${httpMethod} ${template}`);
  const request = fc.tuple(fc.constantFrom("GET", "POST", "HEAD", "PUT"), pathArbitrary);
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 12 }),
      fc.array(request, { maxLength: 8 }),
      (table, requests) => {
        const routes = table.map(fakeRoute);
        const router = createRouter(routes);
        for (const [httpMethod, path] of requests) {
          assert.deepEqual(
            router.match(httpMethod, path),
            matchByReference(routes, httpMethod, path),
            `${httpMethod} ${path}`,
          );
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("matching never throws, whatever the path", () => {
  const router = createRouter(["GET /a/{x}/b", "GET /{y=**}:v", "POST /{z=**}/a"].map(fakeRoute));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (path) => {
      router.match("GET", path);
      router.match("GET", `/${path}`);
      router.explain("GET", `/${path}`);
    }),
  );
});

test("explain puts the match first and agrees with it", () => {
  const route = templateArbitrary.map((template) => `GET ${template}`);
  fc.assert(
    fc.property(fc.array(route, { minLength: 1, maxLength: 8 }), pathArbitrary, (table, path) => {
      const router = createRouter(table.map(fakeRoute));
      const match = router.match("GET", path);
      const trials = router.explain("GET", path);
      assert.equal(trials[0]?.outcome === "matched", match.kind === "route");
      if (match.kind === "route") assert.equal(trials[0]?.route, match.route);
      if (match.kind === "no_route") assert.ok(trials.every(({ outcome }) => outcome === "path_differs"));
    }),
    { numRuns: 500 },
  );
});

test("explain says where each route parted from the path", () => {
  const router = createRouter(
    [
      "GET /v1/shelves/{shelf}/books",
      "GET /v1/shelves/{shelf}",
      "GET /v1/{x=**}",
      "POST /v1/shelves/{shelf}",
      "GET /v1/books/{book}",
      "GET /v1/shelves/{shelf}:open",
      "GET /v2/shelves",
      "GET /v1/*/**/end",
    ].map(fakeRoute),
  );
  const told = router
    .explain("GET", "/v1/shelves/7")
    .map(({ route, outcome, reason }) => [route.origin, outcome, reason]);
  assert.deepEqual(told, [
    ["GET /v1/shelves/{shelf}", "matched", "the most specific template that has the method"],
    [
      "GET /v1/{x=**}",
      "less_specific",
      "matches too, but GET /v1/shelves/{shelf} is more specific or stands first",
    ],
    ["POST /v1/shelves/{shelf}", "wrong_method", "the path matches, but the method is POST"],
    ["GET /v1/shelves/{shelf}/books", "path_differs", 'segment 4: expected "books", got nothing'],
    ["GET /v1/shelves/{shelf}:open", "path_differs", 'verb: expected ":open", got none'],
    ["GET /v1/*/**/end", "path_differs", 'segment 3: expected "end", got "7"'],
    ["GET /v1/books/{book}", "path_differs", 'segment 2: expected "books", got "shelves"'],
  ]);
});

test("explain lists at most twenty routes", () => {
  const routes = Array.from({ length: 50 }, (_, i) => fakeRoute(`GET /v1/a${i}`));
  assert.equal(createRouter(routes).explain("GET", "/v1/b").length, 20);
});

test("a search takes no more steps than the table has segments, however the templates overlap", () => {
  const trie = new PathTrie<string>();
  let segmentCount = 1;
  // Every combination of a literal and a wildcard, and none of them ends where the path does.
  const combinations = (depth: number): string[] =>
    depth === 0 ? [""] : combinations(depth - 1).flatMap((text) => [`${text}/a`, `${text}/*`]);
  const suffixes = Array.from({ length: 20 }, (_, i) => `/**${"/a".repeat(i)}/z`);
  for (const text of [...combinations(9).map((text) => `${text}/z`), ...suffixes]) {
    const template = parseTemplate(text);
    assert.equal(template.kind, "template");
    if (template.kind !== "template") continue;
    segmentCount += template.segments.length;
    trie.insert(template, () => text);
  }
  const path = new PathSegments();
  path.read("/a".repeat(5_000));
  assert.equal(
    trie.search(path, (found) => found),
    undefined,
  );
  assert.ok(trie.stepCount > 500, `${trie.stepCount}: the table was meant to be hard`);
  assert.ok(trie.stepCount <= segmentCount, `${trie.stepCount} steps for ${segmentCount} segments`);
});

test("a router of templates that do not parse is a mistake of the caller", () => {
  assert.throws(() => createRouter([fakeRoute("GET /{")]), /a field name is/);
});
