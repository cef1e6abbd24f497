// What the library holds, in memory and bounded: shelves, books, their files, who borrowed what. Ids count up, so the
// same calls after a fresh start give the same names. Messages in here are never changed, only replaced.
import { createHash } from "node:crypto";
import { clone, create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createArrivals } from "./arrival-feed.ts";
import { Arrival_Reason, type Book, BookSchema, type Shelf, ShelfSchema } from "./gen/library_pb.ts";
import { parseBookName, parseShelfName } from "./resource-name.ts";
import { alreadyExists, failedPrecondition, notFound, quotaExceeded } from "./status-error.ts";

/** The demo is open to whoever reaches the gateway: nothing a caller does may grow without an end. */
const maxShelves = 100;
const maxBooks = 1000;
/** Covers and texts of all books together. */
const maxFileBytes = 32 * 1024 * 1024;
/** 2^53 + 1: the first integer a double cannot hold. */
const firstAccessionNumber = 9_007_199_254_740_993n;

export interface StoredFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface BookRecord {
  readonly book: Book;
  readonly text?: StoredFile;
  readonly cover?: StoredFile;
  /** How many readers `book.rating` is the mean of. */
  readonly ratingCount: number;
}

interface ShelfRecord {
  readonly shelf: Shelf;
  readonly books: Map<string, BookRecord>;
  nextBookId: number;
}

export type Store = ReturnType<typeof createStore>;

/** An empty library. `now` is the clock of all its timestamps. */
export function createStore(now: () => Date) {
  const shelves = new Map<string, ShelfRecord>();
  const arrivals = createArrivals();
  let nextShelfId = 1;
  let nextAccessionNumber = firstAccessionNumber;
  let bookCount = 0;
  let fileBytes = 0;

  function shelfRecord(name: string, field: string): ShelfRecord {
    const record = shelves.get(parseShelfName(name, field));
    if (record === undefined) throw notFound("Shelf", name);
    return record;
  }

  function withCount(record: ShelfRecord): Shelf {
    return create(ShelfSchema, { ...record.shelf, bookCount: record.books.size });
  }

  function addShelf(shelf: Pick<Shelf, "theme" | "labels">): Shelf {
    if (shelves.size >= maxShelves) throw quotaExceeded("shelves", `${maxShelves} shelves are all we have`);
    const name = `shelves/${nextShelfId++}`;
    const stored = create(ShelfSchema, {
      name,
      theme: shelf.theme,
      labels: shelf.labels,
      createTime: timestampFromDate(now()),
    });
    const record = { shelf: stored, books: new Map(), nextBookId: 1 };
    shelves.set(name, record);
    return withCount(record);
  }

  function removeShelf(name: string, force: boolean): void {
    const record = shelfRecord(name, "name");
    if (record.books.size > 0 && !force) {
      throw failedPrecondition("NOT_EMPTY", name, `${name} still holds ${record.books.size} books`);
    }
    for (const book of [...record.books.values()]) removeBook(book.book.name);
    shelves.delete(name);
  }

  /** Where a new book would go, or why it cannot. An empty id = the server counts. */
  function placeBook(parent: string, id: string): { record: ShelfRecord; name: string } {
    const record = shelfRecord(parent, "parent");
    if (bookCount >= maxBooks) throw quotaExceeded("books", `${maxBooks} books are all that fit`);
    const name = `${parent}/books/${id === "" ? record.nextBookId : id}`;
    if (record.books.has(id)) throw alreadyExists("Book", name);
    return { record, name };
  }

  function addBook(
    parent: string,
    book: Book,
    id = "",
    reason: Arrival_Reason = Arrival_Reason.CREATED,
  ): Book {
    const { record, name } = placeBook(parent, id);
    const time = timestampFromDate(now());
    const added = clone(BookSchema, book);
    added.name = name;
    added.accessionNumber = nextAccessionNumber++;
    added.createTime = time;
    added.updateTime = time;
    added.fingerprint = fingerprintOf(book);
    added.etag = "1";
    added.loanCount = 0n;
    delete added.loan;
    record.books.set(id === "" ? String(record.nextBookId++) : id, {
      book: added,
      ratingCount: added.rating > 0 ? 1 : 0,
    });
    bookCount += 1;
    arrivals.publish({ book: added, reason, time });
    return added;
  }

  function bookRecord(name: string, field = "name"): BookRecord {
    const { shelf, id } = parseBookName(name, field);
    const record = shelves.get(shelf)?.books.get(id);
    if (record === undefined) throw notFound("Book", name);
    return record;
  }

  /** Replaces a record. What changed in the book gets a new etag and time. */
  function putRecord(name: string, change: Partial<BookRecord>): BookRecord {
    const { shelf, id } = parseBookName(name, "name");
    const old = bookRecord(name);
    const record = { ...old, ...change };
    const grown = fileBytes + sizeOf(record) - sizeOf(old);
    if (grown > maxFileBytes) throw quotaExceeded("files", `${maxFileBytes} bytes of files are all that fit`);
    fileBytes = grown;
    const book = clone(BookSchema, record.book);
    book.etag = String(Number(old.book.etag) + 1);
    book.updateTime = timestampFromDate(now());
    book.fingerprint = fingerprintOf(book);
    const stored = { ...record, book };
    shelves.get(shelf)?.books.set(id, stored);
    return stored;
  }

  function removeBook(name: string): void {
    const { shelf, id } = parseBookName(name, "name");
    fileBytes -= sizeOf(bookRecord(name));
    shelves.get(shelf)?.books.delete(id);
    bookCount -= 1;
  }

  return {
    now,
    arrivals,
    addShelf,
    removeShelf,
    /** @throws StatusError NOT_FOUND, INVALID_ARGUMENT naming `name` */
    shelf: (name: string): Shelf => withCount(shelfRecord(name, "name")),
    listShelves: (): Shelf[] => [...shelves.values()].map(withCount),
    placeBook: (parent: string, id: string): string => placeBook(parent, id).name,
    addBook,
    /** @throws StatusError NOT_FOUND, INVALID_ARGUMENT naming `field` */
    bookRecord,
    book: (name: string, field?: string): Book => bookRecord(name, field).book,
    putRecord,
    removeBook,
    /** By shelf and id; `parent` empty or `shelves/-` = all shelves. */
    listBooks(parent: string): Book[] {
      const all = parent === "" || parent === "shelves/-";
      const records = all ? [...shelves.values()] : [shelfRecord(parent, "parent")];
      return records.flatMap((record) => [...record.books.values()].map(({ book }) => book));
    },
  };
}

function sizeOf(record: BookRecord): number {
  return (record.text?.bytes.length ?? 0) + (record.cover?.bytes.length ?? 0);
}

function fingerprintOf(book: Book): Uint8Array<ArrayBuffer> {
  const hash = createHash("sha256").update(JSON.stringify([book.title, book.author, book.subject]));
  return new Uint8Array(hash.digest());
}
