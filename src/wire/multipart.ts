// multipart/form-data into its parts while it arrives: pulled, in order, never more in memory than one piece of the
// body. busboy's Dicer finds the boundaries; what it lets pass in silence (a part without a name, a form that does not
// end, headers without end) is refused here, since a form that is half read would be half obeyed.
// Source: RFC 7578 (form-data); RFC 2046 §5.1.1 (boundary delimiter lines).
import { Dicer } from "@fastify/busboy";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { mediaTypeOf } from "./accept.ts";
import { MultipartEvents, type PartHeader } from "./multipart-events.ts";

export interface MultipartLimits {
  /** Parts of one form. */
  readonly partCount: number;
  /** Names and values of one part's header. */
  readonly headerBytes: number;
  /** A part's name. */
  readonly nameBytes: number;
  /** The whole body as it arrives. Infinity where each piece is used up before the next. */
  readonly totalBytes: number;
}

/**
 * 1,000 parts, as many as a query may have parameters (Go's default too); a header is two short lines in practice, so
 * 8 KiB; a name is a field path, and 1 KiB is more than any.
 */
export const defaultMultipartLimits: MultipartLimits = {
  partCount: 1_000,
  headerBytes: 8_192,
  nameBytes: 1_024,
  totalBytes: Number.POSITIVE_INFINITY,
};

export interface MultipartPart {
  readonly name: string;
  /** As sent; empty where the part names none. */
  readonly contentType: string;
  /** Whether it names a file, so that its bytes are content and no text. */
  readonly file: boolean;
  /** The content, to be consumed before the next part is asked for; what is left of it then is dropped. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * The parts in order.
 * @param contentType the request's, which names the boundary
 * @throws RpcError INVALID_ARGUMENT saying what is malformed, RESOURCE_EXHAUSTED saying which limit it is over;
 *   whatever the body throws
 */
export async function* readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  limits: MultipartLimits = defaultMultipartLimits,
): AsyncGenerator<MultipartPart, void, undefined> {
  const events = new MultipartEvents(
    new Dicer({ boundary: parseBoundary(contentType), maxHeaderPairs: maxPartHeaderCount }),
    limits,
  );
  const source = body[Symbol.asyncIterator]();
  let totalBytes = 0;
  /** Gives the parser one more piece; false when there is none. */
  const feed = async (): Promise<boolean> => {
    if (events.ended) return false;
    const step = await source.next();
    if (step.done === true) {
      await events.end();
      return true;
    }
    totalBytes += step.value.length;
    if (totalBytes > limits.totalBytes) throw tooLargeForm(`it is larger than ${limits.totalBytes} bytes`);
    events.push(step.value);
    return true;
  };
  const piecesOfPart = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = events.takePiece();
      if (piece !== undefined) yield piece;
      else if (events.partOver || !(await feed())) return;
    }
  };

  let count = 0;
  try {
    for (;;) {
      const header = events.takeHeader();
      if (header !== undefined) {
        if (++count > limits.partCount) throw tooLargeForm(`it has more than ${limits.partCount} parts`);
        const pieces = piecesOfPart();
        yield { ...readPartHeader(header, limits), pieces };
        // Whoever wants only some of the parts still gets the next one where it begins.
        for await (const _ of pieces);
      } else if (!(await feed())) return;
    }
  } finally {
    await source.return?.();
  }
}

/** RFC 2046: at most 70 characters. */
const boundaryForm = /(?:^|;)\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)/i;

/**
 * The boundary that a form's `Content-Type` names.
 * @throws RpcError INVALID_ARGUMENT where there is none
 */
export function parseBoundary(contentType: string): string {
  const match = boundaryForm.exec(contentType);
  if (match === null) throw malformedForm("its Content-Type names no boundary of 1 to 70 characters");
  return match[1] ?? match[2] ?? "";
}

/** Both header lines of a part, and some that mail programs add; what follows is not looked at. */
export const maxPartHeaderCount = 64;

/** Matched one after the other, so that nothing within quotes is taken for a parameter. */
const parameterForm = /;\s*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/**
 * What a part's header says of it.
 * @throws RpcError INVALID_ARGUMENT where it is no part of a form, RESOURCE_EXHAUSTED for a name beyond the limit
 */
export function readPartHeader(header: PartHeader, limits: MultipartLimits): Omit<MultipartPart, "pieces"> {
  let name: string | undefined;
  let file = false;
  const disposition = header.get("content-disposition") ?? "";
  if (mediaTypeOf(disposition) !== "form-data") throw malformedForm("a part is no form-data");
  for (const [, key = "", quoted, bare] of disposition.matchAll(parameterForm)) {
    if (key.toLowerCase() === "name") name = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    else if (/^filename\*?$/i.test(key)) file = true;
  }
  if (name === undefined || name === "") throw malformedForm("a part without a name");
  if (Buffer.byteLength(name) > limits.nameBytes) {
    throw tooLargeForm(`the name of a part is longer than ${limits.nameBytes} bytes`);
  }
  const contentType = header.get("content-type") ?? "";
  if (mediaTypeOf(contentType).startsWith("multipart/")) {
    throw malformedForm(
      `the part ${JSON.stringify(name)} is a multipart itself, which RFC 7578 does away with`,
    );
  }
  return { name, contentType, file };
}

/** The error of a form that is none. */
export function malformedForm(reason: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, `body: malformed multipart/form-data: ${reason}`);
}

/** The error of a form beyond a limit. */
export function tooLargeForm(reason: string): RpcError {
  return new RpcError(Code.RESOURCE_EXHAUSTED, `body: multipart/form-data: ${reason}`);
}
