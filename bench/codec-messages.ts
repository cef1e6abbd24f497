// The messages of the codec's benchmark, as the JSON objects that clients send: from three fields to a megabyte, and the
// schema they follow.

export const proto = `
  syntax = "proto3";
  package bench;
  import "google/protobuf/timestamp.proto";
  enum Genre { GENRE_UNSPECIFIED = 0; NOVEL = 1; POETRY = 2; }
  message Point { string name = 1; int32 x = 2; int32 y = 3; }
  message Author { string given_name = 1; string family_name = 2; int32 birth_year = 3; }
  message Book {
    string name = 1;
    string title = 2;
    Author author = 3;
    int64 isbn = 4;
    int32 page_count = 5;
    double rating = 6;
    Genre genre = 7;
    repeated string tags = 8;
    bool in_print = 9;
  }
  message Shelf { repeated Book books = 1; map<string, int64> counts = 2; google.protobuf.Timestamp updated = 3; }
  message Node { string label = 1; repeated Node children = 2; double weight = 3; }
  message Page { string text = 1; bytes picture = 2; repeated double samples = 3; repeated int64 ids = 4; }`;

export interface BenchMessage {
  readonly name: string;
  readonly typeName: string;
  readonly value: object;
  /** Calls per round; a round of the slowest runtime should stay below 100 ms or so. */
  readonly repeat: number;
}

const book = {
  name: "shelves/7/books/9",
  title: "The Left Hand of Darkness",
  author: { givenName: "Ursula", familyName: "Le Guin", birthYear: 1929 },
  isbn: "9780441478125",
  pageCount: 304,
  rating: 4.5,
  genre: "NOVEL",
  tags: ["science fiction", "hugo", "nebula"],
  inPrint: true,
};

function shelf(count: number): object {
  return {
    books: Array.from({ length: count }, (_, i) => ({ ...book, name: `shelves/7/books/${i}` })),
    counts: { novel: "31", poetry: "12" },
    updated: "2026-11-24T15:00:00.250Z",
  };
}

function node(depth: number): object {
  const label = `node ${depth}`;
  if (depth === 0) return { label, weight: 0.5 };
  return { label, children: [node(depth - 1), node(depth - 1)], weight: depth + 0.25 };
}

/** Text with an umlaut and a line end here and there, and what else is large in one field. */
const page = {
  text: "The quick brown fox jumps over the lazy dög and runs on and on through the forest.\n".repeat(6000),
  picture: Buffer.alloc(200_000, "picture").toString("base64"),
  samples: Array.from({ length: 15_000 }, (_, i) => (i * 7919) / 64),
  ids: Array.from({ length: 5000 }, (_, i) => String(9_007_199_254_740_993n + BigInt(i))),
};

export const messages: readonly BenchMessage[] = [
  { name: "3 fields", typeName: "bench.Point", value: { name: "here", x: 12, y: -7 }, repeat: 20_000 },
  { name: "9 fields", typeName: "bench.Book", value: book, repeat: 10_000 },
  { name: "nested 9 deep", typeName: "bench.Node", value: node(8), repeat: 100 },
  { name: "64 KB of books", typeName: "bench.Shelf", value: shelf(284), repeat: 50 },
  { name: "1 MB of books", typeName: "bench.Shelf", value: shelf(4550), repeat: 3 },
  { name: "1 MB of large fields", typeName: "bench.Page", value: page, repeat: 3 },
];
