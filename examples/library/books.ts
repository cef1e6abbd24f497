// One book: create, get, update under a mask, delete.
import { clone, create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { viewOf } from "./book-view.ts";
import { checkBook } from "./check-book.ts";
import { copyFields, selectFields, setFields } from "./field-mask.ts";
import { type Book, BookSchema, BookView } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { errorInfo, failedPrecondition, invalidArgument, notFound, StatusError } from "./status-error.ts";
import type { Store } from "./store.ts";

/** Begins with a letter, so that it never meets a number that the server counts to. */
const bookIdPattern = /^([a-z][a-z0-9-]{0,38})?$/;

/** Left as they are whatever a mask says (AIP-203, OUTPUT_ONLY and IDENTIFIER). */
const serverFields: ReadonlySet<string> = new Set([
  "name",
  "accession_number",
  "loan",
  "loan_count",
  "fingerprint",
  "create_time",
  "update_time",
  "etag",
]);

export function createBookHandlers(
  store: Store,
): Pick<LibraryHandlers, "createBook" | "getBook" | "updateBook" | "deleteBook"> {
  return {
    createBook({ parent, book, bookId, validateOnly }) {
      const wanted = book ?? create(BookSchema);
      checkBook(wanted);
      if (!bookIdPattern.test(bookId)) {
        throw invalidArgument({
          field: "book_id",
          description: "must begin with a-z, then a-z, 0-9 and hyphens, 39 at most",
        });
      }
      const name = store.placeBook(parent, bookId);
      if (validateOnly) return { ...wanted, name };
      return store.addBook(parent, wanted, bookId);
    },

    getBook({ name, accessionNumber, view, readMask }) {
      const book = name === "" ? byAccession(store, accessionNumber) : store.book(name);
      return selectFields(BookSchema, viewOf(book, view), readMask?.paths ?? [], "read_mask");
    },

    updateBook({ book, updateMask }) {
      if (book === undefined) throw invalidArgument({ field: "book", description: "must be set" });
      const current = store.book(book.name, "book.name");
      checkEtag(current, book.etag);
      const paths = updateMask?.paths.length ? updateMask.paths : setFields(BookSchema, book);
      const wanted = paths.includes("*") ? BookSchema.fields.map((field) => field.name) : paths;
      const changed = clone(BookSchema, current);
      copyFields(
        BookSchema,
        book,
        changed,
        wanted.filter((path) => !serverFields.has(path.split(".", 1)[0] ?? path)),
        "update_mask",
      );
      checkBook(changed);
      return viewOf(store.putRecord(book.name, { book: changed }).book, BookView.FULL);
    },

    deleteBook({ name, etag, force }) {
      const book = store.book(name);
      checkEtag(book, etag);
      if (book.loan !== undefined && !force) {
        throw failedPrecondition("ON_LOAN", name, `${name} is on loan to ${book.loan.reader}`);
      }
      store.removeBook(name);
      return {};
    },
  };
}

function byAccession(store: Store, accessionNumber: bigint): Book {
  if (accessionNumber === 0n) {
    throw invalidArgument({ field: "name", description: "name or accession_number must be set" });
  }
  const book = store.listBooks("").find((candidate) => candidate.accessionNumber === accessionNumber);
  if (book === undefined) throw notFound("Book", `accessions/${accessionNumber}`);
  return book;
}

function checkEtag(book: Book, etag: string): void {
  if (etag === "" || etag === book.etag) return;
  throw new StatusError(status.ABORTED, `${book.name} has changed since you read it`, [
    errorInfo("ETAG_MISMATCH", { sent: etag.slice(0, 100), current: book.etag }),
  ]);
}
