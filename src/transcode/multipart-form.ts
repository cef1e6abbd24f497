// multipart/form-data into its parts: name, content type, bytes. Total, with limits, and without copying.
// Source: RFC 7578; RFC 2046 §5.1.1 (boundary delimiter lines).
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";

export interface FormPart {
  readonly name: string;
  /** Empty where the part names none. */
  readonly contentType: string;
  /** Whether it names a file, so that its bytes are content and no text. */
  readonly file: boolean;
  readonly bytes: Uint8Array;
}

/** As many as a query may have parameters. */
const maxParts = 1_000;
/** Headers of one part: two short lines in practice. */
const maxHeaderBytes = 8_192;
/** RFC 2046: at most 70 characters. */
const boundaryForm = /(?:^|;)\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))/i;

/** Matched one after the other, so that nothing within quotes is taken for a parameter. */
const parameterForm = /;\s*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/**
 * The parts in order.
 * @throws RpcError INVALID_ARGUMENT saying what is malformed
 */
export function parseMultipartForm(body: Uint8Array, contentType: string): FormPart[] {
  const boundary = boundaryForm.exec(contentType);
  if (boundary === null) throw malformed("its Content-Type names no boundary");
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = `--${boundary[1] ?? boundary[2]}`;
  const parts: FormPart[] = [];
  let at = bytes.indexOf(delimiter);
  if (at < 0) throw malformed("its boundary is not in it");
  for (;;) {
    at += delimiter.length;
    if (bytes.toString("latin1", at, at + 2) === "--") return parts;
    // Spaces may stand between the boundary and the end of its line.
    while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
    if (bytes.toString("latin1", at, at + 2) !== "\r\n") throw malformed("text after a boundary");
    if (parts.length === maxParts) throw malformed(`more than ${maxParts} parts`);
    const headerEnd = bytes.indexOf("\r\n\r\n", at);
    const next = headerEnd < 0 ? -1 : bytes.indexOf(`\r\n${delimiter}`, headerEnd + 2);
    if (next < 0) throw malformed("a part does not end");
    if (headerEnd - at > maxHeaderBytes) throw malformed(`part headers longer than ${maxHeaderBytes} bytes`);
    const header = bytes.toString("utf8", at + 2, headerEnd);
    // An empty part may have its end right where its headers end.
    parts.push(parsePart(header, bytes.subarray(headerEnd + 4, Math.max(next, headerEnd + 4))));
    at = next + 2;
  }
}

function parsePart(header: string, bytes: Uint8Array): FormPart {
  let name: string | undefined;
  let contentType = "";
  let file = false;
  for (const line of header.split("\r\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, Math.max(colon, 0)).trim().toLowerCase()) {
      case "content-disposition":
        for (const [, key = "", quoted, bare] of value.matchAll(parameterForm)) {
          if (key.toLowerCase() === "name") name = quoted?.replace(/\\(.)/g, "$1") ?? bare;
          else if (/^filename\*?$/i.test(key)) file = true;
        }
        break;
      case "content-type":
        contentType = value;
    }
  }
  if (name === undefined) throw malformed("a part without a name");
  return { name, contentType, file, bytes };
}

function malformed(reason: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, `body: malformed multipart/form-data: ${reason}`);
}
