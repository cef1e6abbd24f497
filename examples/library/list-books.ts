// Many books: filtered, sorted, in pages.
// Source: AIP-132 (`order_by`), AIP-158 (pages).
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { viewOf } from "./book-view.ts";
import { type Book, type BookFilter, ListBooksRequestSchema } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { pageOf } from "./paging.ts";
import { invalidArgument } from "./status-error.ts";
import type { Store } from "./store.ts";

type Key = (book: Book) => string | number;
type Compare = (a: Book, b: Book) => number;

const sortKeys: ReadonlyMap<string, Key> = new Map<string, Key>([
  ["title", (book) => book.title],
  ["author", (book) => book.author],
  ["publish_year", (book) => book.publishYear],
  ["page_count", (book) => book.pageCount],
  ["rating", (book) => book.rating],
  ["create_time", (book) => (book.createTime === undefined ? 0 : timestampMs(book.createTime))],
]);

export function createListBooksHandler(store: Store): Pick<LibraryHandlers, "listBooks"> {
  return {
    listBooks(request, call) {
      const filter = request.filter;
      const compare = parseOrder(request.orderBy);
      const found = store
        .listBooks(request.parent)
        .filter((book) => filter === undefined || matches(book, filter))
        .sort(compare);
      const question = create(ListBooksRequestSchema, { ...request, pageToken: "", pageSize: 0 });
      const { items, nextPageToken } = pageOf(found, request, toBinary(ListBooksRequestSchema, question));
      call.trailer.set("library-total-size", String(found.length));
      return {
        books: items.map((book) => viewOf(book, request.view)),
        nextPageToken,
        totalSize: found.length,
      };
    },
  };
}

/** @throws StatusError INVALID_ARGUMENT naming the part that is not understood */
function parseOrder(orderBy: string): Compare {
  if (orderBy.trim() === "") return () => 0;
  const compares = orderBy.split(",").map((part): Compare => {
    const [, name = "", direction] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/.exec(part.slice(0, 100)) ?? [];
    const key = sortKeys.get(name);
    if (key === undefined) {
      const known = [...sortKeys.keys()].join(", ");
      const description = `expected one of ${known}, with or without " desc", got ${JSON.stringify(part.slice(0, 100))}`;
      throw invalidArgument({ field: "order_by", description });
    }
    const sign = direction === "desc" ? -1 : 1;
    return (a, b) => {
      const [left, right] = [key(a), key(b)];
      return left < right ? -sign : left > right ? sign : 0;
    };
  });
  if (compares.length > sortKeys.size) {
    throw invalidArgument({ field: "order_by", description: `must name at most ${sortKeys.size} fields` });
  }
  return (a, b) => {
    for (const compare of compares) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function matches(book: Book, filter: BookFilter): boolean {
  if (!contains(book.author, filter.author)) return false;
  if (![book.title, book.subtitle ?? "", book.description].some((text) => contains(text, filter.text))) {
    return false;
  }
  if (!isBelow(book.subject, filter.subject)) return false;
  if (filter.formats.length > 0 && !filter.formats.includes(book.format)) return false;
  if (filter.publishedAfter !== undefined && book.publishYear < filter.publishedAfter) return false;
  if (filter.publishedBefore !== undefined && book.publishYear > filter.publishedBefore) return false;
  if (filter.available !== undefined && filter.available !== (book.loan === undefined)) return false;
  if (filter.createdAfter !== undefined) {
    if (book.createTime === undefined) return false;
    if (timestampMs(book.createTime) <= timestampMs(filter.createdAfter)) return false;
  }
  return Object.entries(filter.labels).every(
    ([key, value]) => Object.hasOwn(book.labels, key) && book.labels[key] === value,
  );
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function isBelow(subject: string, above: string): boolean {
  return above === "" || subject === above || subject.startsWith(`${above}/`);
}
