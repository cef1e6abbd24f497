// Cuts a whole multipart form into its parts and says where it breaks. Slowly and apart from wire/multipart.ts, which
// takes a form as it arrives and keeps no account of places: this serves `explain`, not requests. That both read alike is
// a property that the test holds.
// Source: RFC 7578; RFC 2046 §5.1.1; @fastify/busboy's Dicer for what it lets pass.
import { RpcError } from "../rpc/rpc-error.ts";
import type { FormPart } from "../transcode/route.ts";
import {
  defaultMultipartLimits,
  malformedForm,
  maxPartHeaderCount,
  parseBoundary,
  readPartHeader,
  tooLargeForm,
} from "../wire/multipart.ts";
import type { PartHeader } from "../wire/multipart-events.ts";

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

const { partCount, headerBytes } = defaultMultipartLimits;

/** Total: what cannot be read is told in `broken`. */
export function cutForm(body: Uint8Array, contentType: string): FormParts {
  let boundary: string;
  try {
    boundary = parseBoundary(contentType);
  } catch (reason) {
    return { parts: [], broken: { error: RpcError.from(reason), place: "Content-Type", hint: "" } };
  }
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
    try {
      if (parts.length === partCount) throw tooLargeForm(`it has more than ${partCount} parts`);
      parts.push(readPart(bytes.subarray(start, next)));
    } catch (reason) {
      const error = RpcError.from(reason);
      const hint = error.rawMessage.endsWith(headless) ? "a header ends with an empty line" : "";
      return { parts, broken: { error, place, hint: hasLoneBreak(bytes, start, next) ? crlf : hint } };
    }
    at = next;
  }
  const error = malformedForm("it ends before its last boundary");
  const place = `${at === -1 ? "" : `in part ${parts.length + 1}, `}byte ${body.length}`;
  const hint = hasLooseBoundary(bytes, boundary)
    ? crlf
    : `the last line would be ${JSON.stringify(`--${boundary}--`)}`;
  return { parts, broken: { error, place, hint } };
}

const dash = 0x2d;
const carriageReturn = 0x0d;
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

/**
 * @param region from the end of a boundary to the beginning of the next
 * @throws RpcError as the reader of requests does
 */
function readPart(region: Buffer): FormPart {
  const end = region.indexOf("\r\n\r\n");
  if (end === -1) throw malformedForm(headless);
  const header = readHeader(region.toString("latin1", 0, end));
  return { ...readPartHeader(header, defaultMultipartLimits), bytes: region.subarray(end + 4) };
}

/** Names in lower case, of several of one name the first. Ends where no header is. */
function readHeader(text: string): PartHeader {
  const entries: [name: string, value: string][] = [];
  for (const line of text.split("\r\n")) {
    if (line === "") continue;
    if (/[\r\n]/.test(line)) break;
    const last = entries.at(-1);
    const colon = line.indexOf(":");
    if (/^[\t ]/.test(line) && last !== undefined) last[1] += line;
    else if (colon <= 0) break;
    else entries.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[\t ]/, "")]);
    if (entries.length === maxPartHeaderCount) break;
  }
  const header = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of entries) {
    bytes += name.length + value.length;
    if (!header.has(name)) header.set(name, Buffer.from(value, "latin1").toString("utf8"));
  }
  if (bytes > headerBytes) throw tooLargeForm(`the header of a part is longer than ${headerBytes} bytes`);
  return header;
}
