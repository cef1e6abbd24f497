// Files both ways, in pieces and whole: google.api.HttpBody instead of JSON.
// Source: google/api/httpbody.proto.
import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HttpBody, HttpBodySchema } from "../../src/gen/google/api/httpbody_pb.ts";
import { viewOf } from "./book-view.ts";
import { drawCover } from "./draw-cover.ts";
import type { Book } from "./gen/library_pb.ts";
import type { LibraryHandlers } from "./library.ts";
import { invalidArgument } from "./status-error.ts";
import type { Store, StoredFile } from "./store.ts";

const maxFileBytes = 1024 * 1024;
const maxDownloadBytes = 64 * 1024 * 1024;
/** Well below the 4 MB that gRPC takes in one message, large enough that the envelope does not count. */
const pieceBytes = 64 * 1024;
/**
 * What is given out again under the gateway's own address: nothing a browser would run. That is why covers cannot be
 * uploaded as SVG.
 */
const textTypes = [
  "text/plain",
  "text/markdown",
  "application/pdf",
  "application/epub+zip",
  "application/octet-stream",
];
const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

type BodyInit = MessageInitShape<typeof HttpBodySchema>;

export function createFileHandlers(
  store: Store,
): Pick<LibraryHandlers, "downloadBook" | "uploadBook" | "getCover" | "uploadCover"> {
  return {
    downloadBook({ name, minBytes }) {
      const { book, text = textOf(book) } = store.bookRecord(name);
      if (minBytes < 0n || minBytes > maxDownloadBytes) {
        throw invalidArgument({
          field: "min_bytes",
          description: `must be between 0 and ${maxDownloadBytes}`,
        });
      }
      return download(text, Number(minBytes));
    },

    async uploadBook(requests) {
      let name = "";
      let contentType = "";
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const request of requests) {
        if (name === "") {
          name = request.name;
          store.bookRecord(name);
          contentType = checkType(request.file?.contentType ?? "", "file", textTypes);
        }
        pieces.push(request.file?.data ?? new Uint8Array());
        size += request.file?.data.length ?? 0;
        checkSize(size, "file");
      }
      return viewOf(store.putRecord(name, { text: { contentType, bytes: Buffer.concat(pieces) } }).book);
    },

    getCover({ name }) {
      const { book, cover } = store.bookRecord(name);
      if (cover !== undefined) return { contentType: cover.contentType, data: cover.bytes };
      return { contentType: "image/svg+xml", data: new TextEncoder().encode(drawCover(book)) };
    },

    uploadCover({ name, cover }) {
      store.bookRecord(name);
      const bytes = coverBytes(cover);
      const contentType = checkType(cover?.contentType ?? "", "cover", imageTypes);
      store.putRecord(name, { cover: { contentType, bytes } });
      return {
        contentType,
        sizeBytes: BigInt(bytes.length),
        sha256: new Uint8Array(createHash("sha256").update(bytes).digest()),
      };
    },
  };
}

/** Whole repetitions of the file, as many as it takes, in pieces. */
async function* download({ contentType, bytes }: StoredFile, minBytes: number): AsyncIterable<BodyInit> {
  if (bytes.length === 0) yield { contentType };
  let left = Math.max(1, Math.ceil(minBytes / Math.max(bytes.length, 1)));
  const perPiece = Math.max(1, Math.floor(pieceBytes / Math.max(bytes.length, 1)));
  const block = Buffer.concat(new Array<Uint8Array>(Math.min(left, perPiece)).fill(bytes));
  while (left > 0 && bytes.length > 0) {
    const count = Math.min(left, perPiece);
    const end = count * bytes.length;
    for (let start = 0; start < end; start += pieceBytes) {
      yield { contentType, data: block.subarray(start, Math.min(start + pieceBytes, end)) };
    }
    left -= count;
  }
}

/** A book without a text has its catalogue card. */
function textOf(book: Book): StoredFile {
  const by = book.author === "" ? "" : `by ${book.author}\n`;
  const text = `${book.title.toUpperCase()}\n${book.subtitle ?? ""}\n${by}\n${book.description}\n`;
  return { contentType: "text/plain; charset=utf-8", bytes: new TextEncoder().encode(text) };
}

function coverBytes(cover: HttpBody | undefined): Uint8Array {
  const bytes = cover?.data ?? new Uint8Array();
  if (bytes.length === 0) throw invalidArgument({ field: "cover.data", description: "must not be empty" });
  checkSize(bytes.length, "cover");
  return bytes;
}

function checkSize(size: number, field: string): void {
  if (size <= maxFileBytes) return;
  throw invalidArgument({ field: `${field}.data`, description: `must be at most ${maxFileBytes} bytes` });
}

/** The media type without what this library does not know of it; parameters only where they are a charset. */
function checkType(contentType: string, field: string, known: readonly string[]): string {
  const [, type = "", charset] =
    /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset="?([\w-]{1,20})"?\s*)?$/i.exec(contentType.slice(0, 200)) ??
    [];
  if (known.includes(type.toLowerCase())) {
    return charset === undefined
      ? type.toLowerCase()
      : `${type.toLowerCase()}; charset=${charset.toLowerCase()}`;
  }
  throw invalidArgument({
    field: `${field}.content_type`,
    description: `must be one of ${known.join(", ")}`,
  });
}
