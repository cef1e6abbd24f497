// Fills a library: seven shelves, the same after every start.
import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { BookFormat, BookSchema, LoanSchema } from "./gen/library_pb.ts";
import { type SeedBook, seedShelves } from "./seed-books.ts";
import { createStore, type Store } from "./store.ts";

/** Fixed, so that all of the seed is the same each time, timestamps too. */
const openingTime = new Date("2026-11-01T08:00:00Z");
const borrowTime = new Date("2026-11-02T10:00:00Z");
const dueTime = new Date("2026-11-23T10:00:00Z");

/** A library that holds the seed. `now` is the clock of all that happens later. */
export function createSeededStore(now: () => Date = () => new Date()): Store {
  let clock = () => openingTime;
  const store = createStore(() => clock());
  fill(store);
  clock = now;
  return store;
}

function fill(store: Store): void {
  for (const { theme, labels, books } of seedShelves) {
    const shelf = store.addShelf({ theme, labels });
    for (const seed of books) {
      const { name } = store.addBook(shelf.name, bookOf(seed));
      const change = {
        ...(seed.opening === undefined ? {} : { text: textOf(seed, seed.opening) }),
        ...(seed.reader === undefined ? {} : { book: lent(store, name, seed.reader) }),
      };
      if (Object.keys(change).length > 0) store.putRecord(name, change);
    }
  }
}

function bookOf(seed: SeedBook) {
  return create(BookSchema, {
    title: seed.title,
    author: seed.author,
    publishYear: seed.year,
    pageCount: seed.pages,
    subject: seed.subject,
    rating: seed.rating,
    format: seed.format ?? BookFormat.PAPERBACK,
    referenceOnly: seed.referenceOnly ?? false,
    tags: [...(seed.tags ?? [])],
    labels: { language: seed.language ?? "en" },
    loanPeriod: { seconds: 1_814_400n },
    origin: originOf(seed),
    description: seed.description ?? "",
    chapters: [...(seed.chapters ?? [])],
    ...(seed.subtitle === undefined ? {} : { subtitle: seed.subtitle }),
    ...(seed.volume === undefined ? {} : { volume: seed.volume }),
    ...(seed.edition === undefined ? {} : { edition: seed.edition }),
    ...(seed.notes === undefined ? {} : { notes: seed.notes }),
  });
}

function originOf(seed: SeedBook): NonNullable<MessageInitShape<typeof BookSchema>["origin"]> {
  switch (seed.origin) {
    case "donation":
      return { case: "donation", value: { donor: "Friends of the Library" } };
    case "inheritedFrom":
      return { case: "inheritedFrom", value: "Reading Room of the Mechanics' Institute" };
    default:
      return { case: "purchase", value: { vendor: "Corner Bookshop", priceCents: BigInt(seed.pages * 4) } };
  }
}

function textOf(seed: SeedBook, opening: string) {
  const text = `${seed.title.toUpperCase()}\n\nby ${seed.author}\n\n${opening}\n`;
  return { contentType: "text/plain; charset=utf-8", bytes: new TextEncoder().encode(text) };
}

function lent(store: Store, name: string, reader: string) {
  const loan = create(LoanSchema, {
    book: name,
    reader,
    borrowTime: timestampFromDate(borrowTime),
    dueTime: timestampFromDate(dueTime),
  });
  const book = clone(BookSchema, store.book(name));
  book.loan = loan;
  book.loanCount = 1n;
  return book;
}
