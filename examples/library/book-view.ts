// How much of a book is shown.
import { clone } from "@bufbuild/protobuf";
import { type Book, BookSchema, BookView } from "./gen/library_pb.ts";

/** The book itself in the view FULL, else a copy without what is long. */
export function viewOf(book: Book, view: BookView = BookView.BASIC): Book {
  if (view === BookView.FULL) return book;
  const basic = clone(BookSchema, book);
  basic.description = "";
  basic.chapters = [];
  delete basic.notes;
  return basic;
}
