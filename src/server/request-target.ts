// Splits a request target into raw path and query, or says why it is none we serve. Total.
// Source: RFC 9112 §3.2 (origin-form, absolute-form, authority-form, asterisk-form), RFC 9113 §8.3.1 (:path).

export type RequestTarget =
  | {
      readonly kind: "path";
      /** Raw and ASCII: bytes from 0x80 up, which careless clients send, have become percent triples. */
      readonly path: string;
      /** Raw, without `?`. */
      readonly query: string;
      /** Of an absolute-form target: stands for the Host header, which is then to be ignored. */
      readonly authority?: string;
    }
  /** `*`, which only OPTIONS may have: a question to the server as a whole. */
  | { readonly kind: "server" }
  | { readonly kind: "refused"; readonly reason: string };

// Userinfo in an authority is refused: its only use in http is to fool readers.
const absoluteForm = /^https?:\/\/([^/?#@]+)(\/[^?]*)?(?:\?(.*))?$/i;
// Controls, space and DEL never stand in a target; `#` would mean that the client sent its fragment.
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
const forbidden = /[\x00-\x20#\x7f]/;
const nonAscii = /[\x80-\uffff]/;

/** @param target as HTTP/1.1's request line or HTTP/2's `:path` has it, one character per byte */
export function parseRequestTarget(httpMethod: string, target: string, http2: boolean): RequestTarget {
  if (forbidden.test(target))
    return { kind: "refused", reason: "the request target has a forbidden character" };
  const text = nonAscii.test(target) ? encodeBytes(target) : target;
  if (text.charCodeAt(0) === 0x2f) return splitPath(text);
  if (text === "*") {
    return httpMethod === "OPTIONS"
      ? { kind: "server" }
      : { kind: "refused", reason: "only OPTIONS may ask for *" };
  }
  const absolute = http2 ? null : absoluteForm.exec(text);
  if (absolute === null) return { kind: "refused", reason: "the request target is not a path" };
  const [, authority = "", path = "/", query = ""] = absolute;
  return { kind: "path", path, query, authority };
}

function splitPath(text: string): RequestTarget {
  const mark = text.indexOf("?");
  if (mark === -1) return { kind: "path", path: text, query: "" };
  return { kind: "path", path: text.slice(0, mark), query: text.slice(mark + 1) };
}

function encodeBytes(text: string): string {
  return text.replace(
    /[\x80-\uffff]/g,
    (byte) => `%${(byte.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`,
  );
}
