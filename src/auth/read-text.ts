// Texts of bounded size, from a file or from one URL: what a key source may send us is limited before it is read.
import { open, stat } from "node:fs/promises";

/** A key set of a hundred keys has 50 KB, a file of ten thousand API keys 1 MB. */
const maxTextBytes = 4 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws Error when it cannot be read, is too large, or is not UTF-8 */
export async function readFileText(file: string): Promise<string> {
  // Opening a pipe waits for its writer, and holds a thread meanwhile.
  if (!(await stat(file)).isFile()) throw new Error("it is no file");
  const handle = await open(file, "r");
  try {
    const pieces: Uint8Array[] = [];
    // Not by the size that the system tells: the file may grow meanwhile.
    for await (const piece of handle.createReadStream({ autoClose: false, end: maxTextBytes }))
      pieces.push(piece);
    return decodeText(pieces);
  } finally {
    await handle.close();
  }
}

/**
 * One GET of exactly this URL: redirects are not followed, since whoever could redirect could choose the keys.
 * @throws Error when the answer is not 200, too large, not UTF-8, or does not come
 */
export async function fetchText(url: URL, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    signal,
    redirect: "manual",
    headers: { accept: "application/jwk-set+json, application/json" },
  }).catch((reason: unknown) => {
    // `fetch failed` says nothing; its cause does.
    throw reason instanceof TypeError && reason.cause instanceof Error ? reason.cause : reason;
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    const { status } = response;
    const hint = status >= 300 && status < 400 ? "; redirects are not followed, name the final URL" : "";
    throw new Error(`the answer is HTTP ${status}, not 200${hint}`);
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    pieces.push(piece);
    if (bytes > maxTextBytes) break;
  }
  return decodeText(pieces);
}

function decodeText(pieces: readonly Uint8Array[]): string {
  const whole = Buffer.concat(pieces);
  if (whole.length > maxTextBytes) throw new Error(`it has more than ${maxTextBytes} bytes`);
  try {
    return decoder.decode(whole);
  } catch {
    throw new Error("it is not UTF-8");
  }
}
