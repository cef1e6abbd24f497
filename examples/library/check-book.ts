// What a book and a shelf must look like to be taken. Every fault is named, not only the first.
import { toBinary } from "@bufbuild/protobuf";
import { type Book, BookFormatSchema, BookSchema, type Shelf, ShelfSchema } from "./gen/library_pb.ts";
import { type FieldViolation, invalidArgument } from "./status-error.ts";

/** A thousand books of this size are what the library may hold. */
const maxBookBytes = 64 * 1024;
const maxShelfBytes = 4 * 1024;
const maxTextLength = 200;
const maxLoanSeconds = 366n * 24n * 3600n;
const subjectPattern = /^([a-z0-9-]+(\/[a-z0-9-]+)*)?$/;

/** @throws StatusError INVALID_ARGUMENT with a violation for each fault; fields are named below `book.` */
export function checkBook(book: Book): void {
  const faults: FieldViolation[] = [];
  const expect = (holds: boolean, field: string, description: string): void => {
    if (!holds) faults.push({ field: `book.${field}`, description });
  };
  expect(book.title.trim() !== "", "title", "must not be empty");
  expect(book.title.length <= maxTextLength, "title", `must have at most ${maxTextLength} characters`);
  expect(book.author.length <= maxTextLength, "author", `must have at most ${maxTextLength} characters`);
  expect(subjectPattern.test(book.subject), "subject", "must be like fiction/gothic: a-z, 0-9, hyphens");
  expect(within(book.pageCount, 0, 100_000), "page_count", "must be between 0 and 100000");
  expect(within(book.publishYear, -5000, 3000), "publish_year", "must be between -5000 and 3000");
  expect(within(book.rating, 0, 5), "rating", "must be between 0 and 5");
  expect(
    BookFormatSchema.value[book.format] !== undefined,
    "format",
    `must be one of ${BookFormatSchema.values.map(({ name }) => name).join(", ")}`,
  );
  if (book.loanPeriod !== undefined) {
    const { seconds, nanos } = book.loanPeriod;
    const holds = seconds >= 0n && nanos >= 0 && seconds + BigInt(nanos) > 0n && seconds <= maxLoanSeconds;
    expect(holds, "loan_period", "must be more than nothing and at most a year");
  }
  if (faults.length === 0) {
    const size = toBinary(BookSchema, book).length;
    if (size > maxBookBytes) {
      faults.push({ field: "book", description: `must be at most ${maxBookBytes} bytes, is ${size}` });
    }
  }
  if (faults.length > 0) throw invalidArgument(...faults);
}

/** @throws StatusError INVALID_ARGUMENT */
export function checkShelf(shelf: Shelf | undefined): Shelf {
  if (shelf === undefined || shelf.theme.trim() === "") {
    throw invalidArgument({ field: "shelf.theme", description: "must not be empty" });
  }
  if (toBinary(ShelfSchema, shelf).length > maxShelfBytes) {
    throw invalidArgument({ field: "shelf", description: `must be at most ${maxShelfBytes} bytes` });
  }
  return shelf;
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
