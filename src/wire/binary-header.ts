// The value of a `-bin` header: bytes as base64. Senders may pad or not; we write it without padding.
// Source: gRPC over HTTP/2, "Binary-Header".

/** Decodes base64, padded or not; `undefined` for anything else. */
export function decodeBinaryHeader(text: string): Uint8Array | undefined {
  if (!isBase64(text)) return undefined;
  return Uint8Array.from(Buffer.from(text, "base64"));
}

/** Encodes as base64 without padding. */
export function encodeBinaryHeader(bytes: Uint8Array): string {
  return stripPadding(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
}

/** Whether the text is base64 in the standard alphabet, padded right or not at all. */
export function isBase64(text: string): boolean {
  const bare = stripPadding(text);
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare)) return false;
  return bare.length === text.length || text.length % 4 === 0;
}

/** The text without the one or two `=` at its end. */
export function stripPadding(text: string): string {
  if (!text.endsWith("=")) return text;
  return text.slice(0, text.endsWith("==") ? -2 : -1);
}
