// The client stream: many books in, one account of what became of them out.
import { create } from "@bufbuild/protobuf";
import { checkBook } from "./check-book.ts";
import { Arrival_Reason, BookSchema, type ImportBooksRequest } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { StatusError } from "./status-error.ts";
import type { Store } from "./store.ts";

/** The stream may be endless, the account is not. */
const maxListed = 100;

export function createImportBooksHandler(store: Store): Pick<LibraryHandlers, "importBooks"> {
  return {
    async importBooks(requests) {
      const books: string[] = [];
      const failures: { index: number; status: ReturnType<StatusError["toStatus"]> }[] = [];
      let importedCount = 0;
      let failedCount = 0;
      let parent = "";
      for await (const request of requests) {
        if (request.parent !== "") parent = request.parent;
        const result = importBook(store, parent, request);
        if (result instanceof StatusError) {
          if (failedCount < maxListed) {
            failures.push({ index: importedCount + failedCount, status: result.toStatus() });
          }
          failedCount += 1;
        } else {
          if (importedCount < maxListed) books.push(result);
          importedCount += 1;
        }
      }
      return { importedCount, books, failedCount, failures };
    },
  };
}

function importBook(store: Store, parent: string, request: ImportBooksRequest): string | StatusError {
  try {
    const book = request.book ?? create(BookSchema);
    checkBook(book);
    return store.addBook(parent, book, "", Arrival_Reason.IMPORTED).name;
  } catch (reason) {
    if (reason instanceof StatusError) return reason;
    throw reason;
  }
}
