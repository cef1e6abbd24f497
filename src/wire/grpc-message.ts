// The text of a status on the wire: UTF-8, percent-encoded when written, read leniently because a backend that
// encodes badly must not turn its error into another one.
// Source: gRPC over HTTP/2, "Status-Message" and "Percent-Encoded".
import { tripleAt } from "./percent.ts";

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Percent-encodes what is not printable ASCII, `%`, and spaces at either end, which HTTP would strip. */
export function encodeGrpcMessage(message: string): string {
  if (/^(?! )[ -$&-~]*(?<! )$/.test(message)) return message;
  const bytes = utf8.encode(message);
  let text = "";
  bytes.forEach((byte, index) => {
    const atEdge = index === 0 || index === bytes.length - 1;
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && !(atEdge && byte === 0x20);
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return text;
}

/**
 * Decodes a `grpc-message`. A `%` that begins no triple stays. UTF-8 that was sent raw, which HTTP stacks hand over as
 * Latin-1, is read as UTF-8 where it is; triples that are not UTF-8 become U+FFFD.
 */
export function decodeGrpcMessage(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  return decodeAll(text) ?? decodeTriples(text);
}

/** Reads the whole text as bytes; undefined where they are not UTF-8. */
function decodeAll(text: string): string | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const triple = tripleAt(text, i);
    const byte = triple ?? text.charCodeAt(i);
    if (byte > 0xff) return undefined;
    bytes.push(byte);
    if (triple !== undefined) i += 2;
  }
  try {
    return strictUtf8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** Reads the triples as UTF-8 and leaves every other character alone. */
function decodeTriples(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = run.slice(1).split("%");
    return lenientUtf8.decode(Uint8Array.from(bytes, (hex) => Number.parseInt(hex, 16)));
  });
}
