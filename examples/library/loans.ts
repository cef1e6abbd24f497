// Borrowing and returning: the errors here are the ones with the most to say.
import { clone, create } from "@bufbuild/protobuf";
import { type Duration, durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { viewOf } from "./book-view.ts";
import { type Book, BookSchema, type Loan, LoanConflictSchema, LoanSchema } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { detail, errorInfo, failedPrecondition, invalidArgument, quotaExceeded } from "./status-error.ts";
import type { Store } from "./store.ts";

const maxLoansPerReader = 3;
const defaultLoanMs = 21 * 24 * 3600 * 1000;
const readerPattern = /^[A-Za-z0-9-]{1,40}$/;

export function createLoanHandlers(
  store: Store,
): Pick<LibraryHandlers, "borrowBook" | "returnBook" | "listLoans"> {
  const loansOf = (reader: string): Loan[] =>
    store
      .listBooks("")
      .flatMap(({ loan }) => (loan && (reader === "" || loan.reader === reader) ? [loan] : []));

  return {
    borrowBook({ name, reader, period }) {
      const book = store.book(name);
      if (!readerPattern.test(reader)) {
        throw invalidArgument({
          field: "reader",
          description: "must be letters, digits and hyphens, 40 at most",
        });
      }
      const periodMs = loanPeriodMs(book, period);
      if (book.referenceOnly) {
        throw failedPrecondition("REFERENCE_ONLY", name, `${name} may be read in the library only`);
      }
      if (book.loan !== undefined) throw onLoan(book.loan);
      if (loansOf(reader).length >= maxLoansPerReader) {
        const description = `${reader} has ${maxLoansPerReader} books already; bring one back first`;
        throw quotaExceeded(`readers/${reader}`, description, 30);
      }
      const nowMs = store.now().getTime();
      const loan = create(LoanSchema, {
        book: name,
        reader,
        borrowTime: timestampFromMs(nowMs),
        dueTime: timestampFromMs(nowMs + periodMs),
      });
      const lent = clone(BookSchema, book);
      lent.loan = loan;
      lent.loanCount += 1n;
      store.putRecord(name, { book: lent });
      return loan;
    },

    returnBook({ name, rating }) {
      const { book, ratingCount } = store.bookRecord(name);
      if (rating !== undefined && !(rating >= 0 && rating <= 5)) {
        throw invalidArgument({ field: "rating", description: "must be between 0 and 5" });
      }
      if (book.loan === undefined) throw failedPrecondition("NOT_ON_LOAN", name, `${name} is not on loan`);
      const returned = clone(BookSchema, book);
      delete returned.loan;
      if (rating === undefined) return viewOf(store.putRecord(name, { book: returned }).book);
      returned.rating = (book.rating * ratingCount + rating) / (ratingCount + 1);
      return viewOf(store.putRecord(name, { book: returned, ratingCount: ratingCount + 1 }).book);
    },

    listLoans: ({ reader }) => ({ loans: loansOf(reader) }),
  };
}

function loanPeriodMs(book: Book, period: Duration | undefined): number {
  const mostMs = book.loanPeriod === undefined ? defaultLoanMs : durationMs(book.loanPeriod);
  if (period === undefined) return mostMs;
  const periodMs = durationMs(period);
  if (periodMs > 0 && periodMs <= mostMs) return periodMs;
  throw invalidArgument({
    field: "period",
    description: `must be more than nothing and at most ${mostMs / 1000}s`,
  });
}

function onLoan(loan: Loan) {
  return failedPrecondition(
    "ON_LOAN",
    loan.book,
    `${loan.book} is on loan to ${loan.reader}`,
    errorInfo("BOOK_ON_LOAN", { book: loan.book, reader: loan.reader }),
    detail(LoanConflictSchema, { loan }),
  );
}
