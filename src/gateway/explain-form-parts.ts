// Cuts a whole multipart form into its parts and says where it breaks. Slowly and apart from wire/multipart.ts, which
// takes a form as it arrives and keeps no account of places: it serves `explain`, not requests. That both read alike is
// a property that the test holds.
// Source: RFC 7578; RFC 2046 §5.1.1; @fastify/busboy's Dicer for what it lets pass.
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import type { FormPart } from "../transcode/route.ts";
import { mediaTypeOf } from "../wire/accept.ts";
import { defaultMultipartLimits } from "../wire/multipart.ts";

export interface FormParts {
  /** Those before the place where it breaks. */
  readonly parts: readonly FormPart[];
  /** Absent where the form is whole. */
  readonly broken?: BrokenForm;
}

export interface BrokenForm {
  /** What its client would get. */
  readonly error: RpcError;
  /** `part 2, byte 113`: of the body, where the part's boundary or the missing end is. */
  readonly place: string;
  /** What would mend it; empty where the error says it all. */
  readonly hint: string;
}

const { partCount, headerBytes, nameBytes } = defaultMultipartLimits;
/** RFC 2046: at most 70 characters. */
const boundaryForm = /(?:^|;)\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)/i;

/** Total: what cannot be read is told in `broken`. */
export function cutForm(body: Uint8Array, contentType: string): FormParts {
  const match = boundaryForm.exec(contentType);
  if (match === null) {
    const error = malformed("its Content-Type names no boundary of 1 to 70 characters");
    return { parts: [], broken: { error, place: "Content-Type", hint: "" } };
  }
  const boundary = match[1] ?? match[2] ?? "";
  // The first boundary may stand at the very beginning.
  const bytes = Buffer.concat([Buffer.from("\r\n"), body]);
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  const parts: FormPart[] = [];
  let at = bytes.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (bytes[start] === dash && bytes[start + 1] === dash) return { parts };
    const next = bytes.indexOf(delimiter, start);
    if (next === -1) break;
    const place = `part ${parts.length + 1}, byte ${at}`;
    const part = parts.length === partCount ? tooLarge(tooMany) : readPart(bytes.subarray(start, next));
    if (part instanceof RpcError) {
      const hint = part.rawMessage.endsWith(headless) ? "a header ends with an empty line" : "";
      return { parts, broken: { error: part, place, hint: hasLoneBreak(bytes, start, next) ? crlf : hint } };
    }
    parts.push(part);
    at = next;
  }
  const error = malformed("it ends before its last boundary");
  const place = `${at === -1 ? "" : `in part ${parts.length + 1}, `}byte ${body.length}`;
  const hint = hasLooseBoundary(bytes, boundary)
    ? crlf
    : `the last line would be ${JSON.stringify(`--${boundary}--`)}`;
  return { parts, broken: { error, place, hint } };
}

const dash = 0x2d;
const carriageReturn = 0x0d;
const tooMany = `it has more than ${partCount} parts`;
const headless = "a part without a header";
const crlf = "lines of a form end with CR LF, here are some with LF alone";

/** Whether some line that could be a boundary comes after LF alone. */
function hasLooseBoundary(bytes: Buffer, boundary: string): boolean {
  const line = Buffer.from(`\n--${boundary}`, "latin1");
  for (let at = bytes.indexOf(line); at !== -1; at = bytes.indexOf(line, at + 1)) {
    if (bytes[at - 1] !== carriageReturn) return true;
  }
  return false;
}

/** Whether the header of a part that could not be read has a line end of one character. */
function hasLoneBreak(bytes: Buffer, start: number, end: number): boolean {
  const head = bytes.subarray(start, Math.min(end, start + headerBytes)).toString("latin1");
  return /(?:^|[^\r])\n/.test(head);
}

/** @param region from the end of a boundary to the beginning of the next */
function readPart(region: Buffer): FormPart | RpcError {
  const end = region.indexOf("\r\n\r\n");
  if (end === -1) return malformed(headless);
  const header = readHeader(region.toString("latin1", 0, end));
  if (header === undefined) return tooLarge(`the header of a part is longer than ${headerBytes} bytes`);
  const disposition = header.get("content-disposition") ?? "";
  if (mediaTypeOf(disposition) !== "form-data") return malformed("a part is no form-data");
  let name: string | undefined;
  let file = false;
  for (const [, key = "", quoted, bare] of disposition.matchAll(parameterForm)) {
    if (key.toLowerCase() === "name") name = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    else if (/^filename\*?$/i.test(key)) file = true;
  }
  if (name === undefined || name === "") return malformed("a part without a name");
  if (Buffer.byteLength(name) > nameBytes) {
    return tooLarge(`the name of a part is longer than ${nameBytes} bytes`);
  }
  const contentType = header.get("content-type") ?? "";
  if (mediaTypeOf(contentType).startsWith("multipart/")) {
    return malformed(`the part ${JSON.stringify(name)} is a multipart itself, which RFC 7578 does away with`);
  }
  return { name, contentType, file, bytes: region.subarray(end + 4) };
}

const parameterForm = /;\s*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;
/** As wire/multipart.ts has it. */
const maxPairs = 64;

/** Names in lower case, of several of one name the first; undefined where it is too long. Ends where no header is. */
function readHeader(text: string): ReadonlyMap<string, string> | undefined {
  const entries: [name: string, value: string][] = [];
  for (const line of text.split("\r\n")) {
    if (line === "") continue;
    if (/[\r\n]/.test(line)) break;
    const last = entries.at(-1);
    const colon = line.indexOf(":");
    if (/^[\t ]/.test(line) && last !== undefined) last[1] += line;
    else if (colon <= 0) break;
    else entries.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[\t ]/, "")]);
    if (entries.length === maxPairs) break;
  }
  const header = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of entries) {
    bytes += name.length + value.length;
    if (!header.has(name)) header.set(name, Buffer.from(value, "latin1").toString("utf8"));
  }
  return bytes > headerBytes ? undefined : header;
}

function malformed(reason: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, `body: malformed multipart/form-data: ${reason}`);
}

function tooLarge(reason: string): RpcError {
  return new RpcError(Code.RESOURCE_EXHAUSTED, `body: multipart/form-data: ${reason}`);
}
