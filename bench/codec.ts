// Micro-benchmark of the codec against protobuf-es (fromJsonString + toBinary, fromBinary + toJsonString) on a message of
// nine fields. Rounds are interleaved, so that what disturbs the machine disturbs both; medians are printed.
//
//   node bench/codec.ts [rounds]
import { type DescMessage, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { defaultJsonOptions } from "../src/codec/codec.ts";
import { createCodec } from "../src/codec/create-codec.ts";
import { compileProto } from "../test/support/compile-proto.ts";

const { registry } = compileProto({
  "bench.proto": `
    syntax = "proto3";
    package bench;
    import "google/protobuf/timestamp.proto";
    enum Genre { GENRE_UNSPECIFIED = 0; NOVEL = 1; POETRY = 2; }
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
    message Shelf { repeated Book books = 1; map<string, int64> counts = 2; google.protobuf.Timestamp updated = 3; }`,
});

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
const shelf = {
  books: Array.from({ length: 100 }, (_, i) => ({ ...book, name: `shelves/7/books/${i}` })),
  counts: { novel: "31", poetry: "12" },
  updated: "2026-11-24T15:00:00.250Z",
};

interface Contest {
  readonly name: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  readonly repeat: number;
}

function contests(name: string, desc: DescMessage, value: object, repeat: number): Contest[] {
  const codec = createCodec(registry, defaultJsonOptions).message(desc);
  const text = JSON.stringify(value);
  const json = Buffer.from(text);
  const message = codec.decodeJson(json);
  if (codec.encodeJson(message) !== text) throw new Error(`${name}: ${codec.encodeJson(message)}`);
  return [
    {
      name: `${name}: JSON to binary`,
      ours: () => codec.decodeJson(json),
      theirs: () => toBinary(desc, fromJsonString(desc, json.toString())),
      repeat,
    },
    {
      name: `${name}: binary to JSON text`,
      ours: () => codec.encodeJson(message),
      theirs: () => toJsonString(desc, fromBinary(desc, message)),
      repeat,
    },
    {
      name: `${name}: binary to JSON bytes`,
      ours: () => codec.encodeJsonBytes(message),
      theirs: () => Buffer.from(toJsonString(desc, fromBinary(desc, message))),
      repeat,
    },
  ];
}

/** Microseconds per call. */
function time(run: () => unknown, repeat: number): number {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) run();
  return ((performance.now() - start) * 1000) / repeat;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const rounds = Number(process.argv[2] ?? 15);
const [bookDesc, shelfDesc] = [registry.getMessage("bench.Book"), registry.getMessage("bench.Shelf")];
if (bookDesc === undefined || shelfDesc === undefined) throw new Error("schema");
const all = [
  ...contests("book of 9 fields", bookDesc, book, 20_000),
  ...contests("shelf of 100 books", shelfDesc, shelf, 200),
];
const ours = all.map((): number[] => []);
const theirs = all.map((): number[] => []);
for (let round = -2; round < rounds; round++) {
  for (const [i, contest] of all.entries()) {
    const [a, b] = [time(contest.ours, contest.repeat), time(contest.theirs, contest.repeat)];
    // The first rounds warm the compiler up.
    if (round < 0) continue;
    ours[i]?.push(a);
    theirs[i]?.push(b);
  }
}
for (const [i, contest] of all.entries()) {
  const [a, b] = [median(ours[i] ?? []), median(theirs[i] ?? [])];
  console.log(
    `${contest.name.padEnd(40)} ${a.toFixed(2).padStart(8)} µs   protobuf-es ${b.toFixed(2).padStart(8)} µs   ×${(b / a).toFixed(2)}`,
  );
}
