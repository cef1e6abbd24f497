import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { BookFormat, BookView, Library } from "../../examples/library/gen/library_pb.ts";
import { failureOf, noon, startLibraryFor, useLibrary } from "./library-client.ts";

const { createBook, getBook, listBooks, updateBook, getShelf, listShelves } = Library.method;

describe("a fresh library", () => {
  const client = useLibrary();

  test("holds seven shelves and the book of the documentation's examples", async () => {
    const { shelves } = await client().unary(listShelves, {});
    assert.deepEqual(
      shelves.map(({ name }) => name),
      [1, 2, 3, 4, 5, 6, 7].map((id) => `shelves/${id}`),
    );
    assert.equal(shelves[6]?.bookCount, 9);
    const book = await client().unary(getBook, { name: "shelves/7/books/9" });
    assert.equal(book.title, "Structure and Interpretation of Computer Programs");
  });

  test("is the same after every start", async (t) => {
    const otherClient = await startLibraryFor(t);
    const all = { pageSize: 100, view: BookView.FULL };
    assert.deepEqual(await client().unary(listBooks, all), await otherClient.unary(listBooks, all));
  });

  test("numbers its books from the first integer that a double cannot hold", async () => {
    const book = await client().unary(getBook, { accessionNumber: 2n ** 53n + 1n });
    assert.equal(book.name, "shelves/1/books/1");
  });
});

describe("getting a book", () => {
  const client = useLibrary();
  const name = "shelves/7/books/9";

  test("shows what is long in the view FULL only", async () => {
    const basic = await client().unary(getBook, { name });
    assert.deepEqual([basic.description, basic.chapters, basic.notes], ["", [], undefined]);
    const full = await client().unary(getBook, { name, view: BookView.FULL });
    assert.equal(full.chapters[0]?.sections.length, 2);
    assert.deepEqual(full.notes?.lectures, [1981, 1986]);
  });

  test("answers only what the read mask names", async () => {
    const book = await client().unary(getBook, { name, readMask: { paths: ["title", "donation.donor"] } });
    assert.equal(book.origin.case, "donation");
    assert.deepEqual([book.name, book.author, book.rating], ["", "", 0]);
    assert.notEqual(book.title, "");
  });

  test("names the part of the mask that leads nowhere", async () => {
    const call = client().unary(getBook, { name, readMask: { paths: ["title", "colour"] } });
    assert.match((await failureOf(call, status.INVALID_ARGUMENT)).message, /read_mask.*"colour"/);
  });

  test("says which resource is not there", async () => {
    const call = client().unary(getBook, { name: "shelves/7/books/99" });
    const { details } = await failureOf(call, status.NOT_FOUND);
    assert.deepEqual([...details.keys()], ["google.rpc.ResourceInfo", "google.rpc.ErrorInfo"]);
  });

  test("refuses a name that is none", async () => {
    for (const wrong of ["shelves/7", "shelves/7/books/", "shelves/7/books/../9", "", "__proto__"]) {
      await failureOf(client().unary(getBook, { name: wrong }), status.INVALID_ARGUMENT);
    }
  });
});

describe("creating a book", () => {
  const client = useLibrary();

  test("numbers it after the last one of its shelf", async () => {
    const book = await client().unary(createBook, { parent: "shelves/7", book: { title: "New" } });
    assert.equal(book.name, "shelves/7/books/10");
    assert.equal(book.createTime && timestampDate(book.createTime).getTime(), noon.getTime());
    assert.equal((await client().unary(getShelf, { name: "shelves/7" })).bookCount, 10);
  });

  test("takes the id that the caller chooses, once", async () => {
    const request = { parent: "shelves/6", book: { title: "Mine" }, bookId: "mine" };
    assert.equal((await client().unary(createBook, request)).name, "shelves/6/books/mine");
    const { details } = await failureOf(client().unary(createBook, request), status.ALREADY_EXISTS);
    assert.ok(details.has("google.rpc.ResourceInfo"));
  });

  test("keeps what only the server sets out of the caller's reach", async () => {
    const forged = { title: "Forged", name: "shelves/1/books/1", loanCount: 7n, loan: { reader: "eve" } };
    const book = await client().unary(createBook, { parent: "shelves/6", book: forged });
    assert.equal(book.name, "shelves/6/books/7");
    assert.deepEqual([book.loan, book.loanCount], [undefined, 0n]);
  });

  test("with validate_only changes nothing", async () => {
    const request = { parent: "shelves/5", book: { title: "Maybe" }, validateOnly: true };
    assert.equal((await client().unary(createBook, request)).name, "shelves/5/books/7");
    await failureOf(client().unary(getBook, { name: "shelves/5/books/7" }), status.NOT_FOUND);
  });

  test("names every field at fault", async () => {
    const book = { title: " ", rating: Number.NaN, subject: "Not/Good", format: 99 as BookFormat };
    const call = client().unary(createBook, { parent: "shelves/5", book });
    const { details } = await failureOf(call, status.INVALID_ARGUMENT);
    const violations = details.get("google.rpc.BadRequest") as unknown as {
      fieldViolations: { field: string }[];
    };
    assert.deepEqual(violations.fieldViolations.map(({ field }) => field).sort(), [
      "book.format",
      "book.rating",
      "book.subject",
      "book.title",
    ]);
  });

  test("refuses a book that is too large to keep a thousand of", async () => {
    const book = { title: "Long", description: "x".repeat(70_000) };
    await failureOf(client().unary(createBook, { parent: "shelves/5", book }), status.INVALID_ARGUMENT);
  });
});

describe("listing books", () => {
  const client = useLibrary();
  const titles = async (request: Parameters<typeof find>[0]) =>
    (await find(request)).map(({ title }) => title);
  async function find(request: { parent?: string; orderBy?: string; filter?: { [key: string]: unknown } }) {
    return (await client().unary(listBooks, { pageSize: 100, ...request })).books;
  }

  test("walks all pages without a gap or a repetition", async () => {
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await client().unary(listBooks, { pageSize: 7, pageToken });
      seen.push(...page.books.map(({ name }) => name));
      assert.equal(page.totalSize, 45);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    assert.equal(new Set(seen).size, 45);
    assert.equal(seen.length, 45);
  });

  test("sends the total as trailer metadata too", async () => {
    let total: unknown;
    await client().unary(
      listBooks,
      { parent: "shelves/7" },
      { onTrailer: (trailer) => (total = trailer.get("library-total-size")) },
    );
    assert.deepEqual(total, ["9"]);
  });

  test("filters by all that is set", async () => {
    const filters: [string, { [key: string]: unknown }, number][] = [
      ["an author's part in any case", { author: "AUSTEN" }, 3],
      ["text in the description, which the view does not show", { text: "darcy" }, 1],
      ["a subject and what is below it", { subject: "fiction/science" }, 6],
      ["a subject is no prefix of a word", { subject: "fiction/sci" }, 0],
      ["one of two formats", { formats: [BookFormat.EBOOK, BookFormat.AUDIOBOOK] }, 3],
      ["years, BC too", { publishedAfter: -600, publishedBefore: -300 }, 3],
      ["a year of zero is set", { publishedBefore: 0 }, 6],
      ["what is on loan", { available: false }, 4],
      ["a label", { labels: { language: "fr" } }, 5],
      ["a label that is a name of Object's", { labels: { constructor: "x" } }, 0],
      ["two things together", { author: "verne", labels: { language: "fr" }, available: true }, 2],
    ];
    for (const [reason, filter, count] of filters) {
      assert.equal((await find({ filter })).length, count, reason);
    }
  });

  test("sorts by several fields, each in its own direction", async () => {
    const sorted = await find({ parent: "shelves/4", orderBy: "title desc, publish_year desc" });
    assert.deepEqual(
      sorted.slice(-2).map(({ publishYear }) => publishYear),
      [1615, 1605],
    );
    assert.equal((await titles({ orderBy: "publish_year" }))[0], "Epic of Gilgamesh");
  });

  test("says what it can sort by when it cannot", async () => {
    for (const orderBy of ["colour", "title down", "title,,author", "title; drop"]) {
      const call = client().unary(listBooks, { orderBy });
      assert.match((await failureOf(call, status.INVALID_ARGUMENT)).message, /order_by.*publish_year/);
    }
  });

  test("refuses a token of another list and one that is none", async () => {
    const { nextPageToken } = await client().unary(listBooks, { pageSize: 2 });
    for (const pageToken of [nextPageToken, "!", "x".repeat(1000)]) {
      await failureOf(
        client().unary(listBooks, { parent: "shelves/1", pageSize: 2, pageToken }),
        status.INVALID_ARGUMENT,
      );
    }
    await failureOf(client().unary(listBooks, { pageSize: -1 }), status.INVALID_ARGUMENT);
  });
});

describe("updating a book", () => {
  const client = useLibrary();
  const name = "shelves/1/books/2";

  test("changes what the mask names and nothing else", async () => {
    const book = { name, title: "ignored", rating: 1.5, labels: { language: "de" } };
    const updated = await client().unary(updateBook, { book, updateMask: { paths: ["rating", "labels"] } });
    assert.deepEqual([updated.title, updated.rating, updated.labels], ["Emma", 1.5, { language: "de" }]);
    assert.equal(updated.chapters.length, 3);
  });

  test("clears what the mask names and the body lacks", async () => {
    const updated = await client().unary(updateBook, {
      book: { name },
      updateMask: { paths: ["tags"] },
    });
    assert.deepEqual(updated.tags, []);
  });

  test("without a mask takes what is set", async () => {
    const updated = await client().unary(updateBook, { book: { name, pageCount: 500 } });
    assert.deepEqual([updated.title, updated.pageCount], ["Emma", 500]);
  });

  test("reaches into a message and leaves its other fields", async () => {
    const value = { vendor: "Other", priceCents: 1n };
    const book = { name, origin: { case: "purchase" as const, value } };
    const updated = await client().unary(updateBook, { book, updateMask: { paths: ["purchase.vendor"] } });
    assert.equal(updated.origin.case, "purchase");
    assert.deepEqual(
      updated.origin.case === "purchase" && [updated.origin.value.vendor, updated.origin.value.priceCents],
      ["Other", 1896n],
    );
  });

  test("never changes what the server sets, whatever the mask says", async () => {
    const before = await client().unary(getBook, { name });
    const book = { name, title: "Emma", accessionNumber: 1n, loanCount: 5n };
    const updated = await client().unary(updateBook, { book, updateMask: { paths: ["*"] } });
    assert.deepEqual([updated.accessionNumber, updated.loanCount], [before.accessionNumber, 0n]);
    assert.equal(updated.author, "", "but * replaces the rest");
  });

  test("with a stale etag is ABORTED", async () => {
    const { etag } = await client().unary(getBook, { name });
    const updated = await client().unary(updateBook, { book: { name, etag, rating: 3 } });
    assert.notEqual(updated.etag, etag);
    const { details } = await failureOf(
      client().unary(updateBook, { book: { name, etag, rating: 4 } }),
      status.ABORTED,
    );
    assert.ok(details.has("google.rpc.ErrorInfo"));
  });

  test("refuses a mask that leads nowhere", async () => {
    for (const path of [
      "colour",
      "title.length",
      "labels.language",
      "purchase.donor",
      "",
      "__proto__",
      "notes.x",
    ]) {
      const call = client().unary(updateBook, { book: { name }, updateMask: { paths: [path] } });
      assert.match((await failureOf(call, status.INVALID_ARGUMENT)).message, /update_mask/, path);
    }
  });
});
