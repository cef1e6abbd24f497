import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { Library } from "../../examples/library/gen/library_pb.ts";
import { failureOf, useLibrary } from "./library-client.ts";

const { getBook, listBooks, deleteBook, borrowBook, returnBook, listLoans } = Library.method;
const { createShelf, getShelf, deleteShelf } = Library.method;

describe("borrowing", () => {
  const client = useLibrary();

  test("lends a book, shows the loan and takes it back", async () => {
    const name = "shelves/3/books/1";
    const loan = await client().unary(borrowBook, { name, reader: "ada", period: { seconds: 3600n } });
    assert.equal(loan.dueTime && timestampDate(loan.dueTime).toISOString(), "2026-11-24T13:00:00.000Z");
    assert.equal((await client().unary(getBook, { name })).loan?.reader, "ada");
    assert.deepEqual((await client().unary(listLoans, { reader: "ada" })).loans, [loan]);
    const returned = await client().unary(returnBook, { name, rating: 5 });
    assert.deepEqual([returned.loan, returned.loanCount], [undefined, 1n]);
    assert.equal(returned.rating, (4.2 + 5) / 2);
  });

  test("of a book on loan fails with details, one of them of a type of this API", async () => {
    const call = client().unary(borrowBook, { name: "shelves/2/books/1", reader: "ada" });
    const { details } = await failureOf(call, status.FAILED_PRECONDITION);
    assert.deepEqual(
      [...details.keys()],
      ["google.rpc.PreconditionFailure", "google.rpc.ErrorInfo", "demo.library.v1.LoanConflict"],
    );
  });

  test("of a fourth book says when to come back", async () => {
    for (const id of [1, 2, 3])
      await client().unary(borrowBook, { name: `shelves/6/books/${id}`, reader: "eve" });
    const call = client().unary(borrowBook, { name: "shelves/6/books/4", reader: "eve" });
    const { details } = await failureOf(call, status.RESOURCE_EXHAUSTED);
    assert.deepEqual([...details.keys()], ["google.rpc.QuotaFailure", "google.rpc.RetryInfo"]);
  });

  test("refuses what may not leave, a reader without a name and a period too long", async () => {
    const reader = "bob";
    const name = "shelves/3/books/2";
    await failureOf(
      client().unary(borrowBook, { name: "shelves/5/books/1", reader }),
      status.FAILED_PRECONDITION,
    );
    await failureOf(client().unary(borrowBook, { name, reader: "" }), status.INVALID_ARGUMENT);
    for (const period of [{ seconds: 1_814_401n }, { seconds: 0n }, { seconds: -1n }]) {
      await failureOf(client().unary(borrowBook, { name, reader, period }), status.INVALID_ARGUMENT);
    }
    await failureOf(client().unary(returnBook, { name }), status.FAILED_PRECONDITION);
  });
});

describe("shelves", () => {
  const client = useLibrary();

  test("come with the next number and go when they are empty", async () => {
    const shelf = await client().unary(createShelf, { shelf: { theme: "Maps", labels: { floor: "roof" } } });
    assert.deepEqual([shelf.name, shelf.labels.floor], ["shelves/8", "roof"]);
    await client().unary(deleteShelf, { name: "shelves/8" });
    await failureOf(client().unary(getShelf, { name: "shelves/8" }), status.NOT_FOUND);
  });

  test("go with their books by force only", async () => {
    await failureOf(client().unary(deleteShelf, { name: "shelves/1" }), status.FAILED_PRECONDITION);
    await client().unary(deleteShelf, { name: "shelves/1", force: true });
    assert.equal((await client().unary(listBooks, {})).totalSize, 39);
  });

  test("need a theme", async () => {
    await failureOf(client().unary(createShelf, {}), status.INVALID_ARGUMENT);
    await failureOf(client().unary(createShelf, { shelf: { theme: " " } }), status.INVALID_ARGUMENT);
  });

  test("end at a hundred", async () => {
    for (let count = 6; count < 100; count++) await client().unary(createShelf, { shelf: { theme: "More" } });
    await failureOf(client().unary(createShelf, { shelf: { theme: "More" } }), status.RESOURCE_EXHAUSTED);
  });
});

describe("deleting a book", () => {
  const client = useLibrary();

  test("needs force while it is on loan, and the right etag", async () => {
    const name = "shelves/2/books/1";
    await failureOf(client().unary(deleteBook, { name }), status.FAILED_PRECONDITION);
    await failureOf(client().unary(deleteBook, { name, etag: "0", force: true }), status.ABORTED);
    await client().unary(deleteBook, { name, force: true });
    await failureOf(client().unary(deleteBook, { name }), status.NOT_FOUND);
  });
});
