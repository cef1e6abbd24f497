// Reads JSON text from UTF-8 bytes in one pass: structure, strings and skipping. Values are left as ranges of bytes, so
// that names and numbers are compared and converted without becoming JavaScript strings.
// Source: RFC 8259; BOM, control characters, lone surrogates and invalid UTF-8 are refused.
import { isUtf8 } from "node:buffer";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { unescaped, unescapeJson } from "./json-escape.ts";
import { numberEnd } from "./json-number.ts";
import { describeJson, jsonPosition } from "./json-position.ts";

/** How deep objects and arrays may nest in a value that is skipped. */
const skipDepth = 100;
const keptBytes = 1 << 16;
const none = new Uint8Array(0);

export class JsonScanner {
  bytes: Uint8Array = none;
  pos = 0;
  end = 0;
  /** Where the content of the last string is: `text[textStart..textEnd)`, unescaped UTF-8. Valid until the next string. */
  text: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  #scratch: Uint8Array = new Uint8Array(256);

  /**
   * Starts on a text.
   * @throws RpcError INVALID_ARGUMENT when it is not UTF-8 or starts with a byte order mark
   */
  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.pos = 0;
    this.end = bytes.length;
    // Checked once for the whole text by native code; from here on every string is known to be UTF-8.
    if (!isUtf8(bytes)) throw this.refuse(invalidUtf8Offset(bytes), "JSON text is not valid UTF-8");
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      throw this.refuse(0, "JSON text must not start with a byte order mark");
    }
  }

  /** Lets go of the text. */
  close(): void {
    this.bytes = none;
    this.text = none;
    if (this.#scratch.length > keptBytes) this.#scratch = new Uint8Array(256);
  }

  /**
   * The error for a value of the wrong kind, to be thrown: `a.b: expected int32, got "x" (line 1, column 9)`; `hint` stands
   * before the position.
   */
  fail(offset: number, expected: string, hint = ""): RpcError {
    return this.refuse(offset, `expected ${expected}, got ${describeJson(this.bytes, offset)}${hint}`);
  }

  /** The error for what is wrong at an offset, to be thrown. */
  refuse(offset: number, reason: string): RpcError {
    const { path, line, column } = jsonPosition(this.bytes, offset);
    const where = path === "" ? "" : `${path}: `;
    return new RpcError(Code.INVALID_ARGUMENT, `${where}${reason} (line ${line}, column ${column})`);
  }

  /** Moves to the next byte that is no white space and returns it; -1 at the end. */
  peek(): number {
    const bytes = this.bytes;
    let pos = this.pos;
    while (pos < this.end) {
      const byte = bytes[pos] as number;
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.pos = pos;
        return byte;
      }
      pos++;
    }
    this.pos = pos;
    return -1;
  }

  /** Moves past the colon after a key. */
  colon(): void {
    if (this.peek() !== 0x3a) throw this.fail(this.pos, '":"');
    this.pos++;
  }

  /** After a member or an element: true for a comma, false for the closing byte; moves past it. */
  more(closing: number): boolean {
    const byte = this.peek();
    if (byte === 0x2c) {
      this.pos++;
      return true;
    }
    if (byte === closing) {
      this.pos++;
      return false;
    }
    throw this.fail(this.pos, closing === 0x7d ? '"," or "}"' : '"," or "]"');
  }

  /** Enters an array or object whose opening byte was just passed: false where it is empty, having passed its end. */
  enters(closing: number): boolean {
    if (this.peek() !== closing) return true;
    this.pos++;
    return false;
  }

  /** Moves past the text `null`, `true` or `false`, which starts at the current byte. */
  literal(word: "null" | "true" | "false"): void {
    const start = this.pos;
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[start + i] !== word.charCodeAt(i)) throw this.fail(start, "a JSON value");
    }
    this.pos = start + word.length;
  }

  /** Moves past a string that starts at the current byte; its content is in `text`. */
  string(): void {
    const bytes = this.bytes;
    const end = this.end;
    const start = this.pos + 1;
    let pos = start;
    while (pos < end) {
      const byte = bytes[pos] as number;
      if (byte === 0x22) {
        this.text = bytes;
        this.textStart = start;
        this.textEnd = pos;
        this.pos = pos + 1;
        return;
      }
      if (byte === 0x5c) {
        this.#escaped(start);
        return;
      }
      if (byte < 0x20) throw this.#controlCharacter(pos);
      pos++;
    }
    throw this.refuse(this.pos, "string without an end");
  }

  /** The content of the last string as a JavaScript string. */
  textString(): string {
    return Buffer.prototype.utf8Slice.call(this.text, this.textStart, this.textEnd);
  }

  /** Moves past a key or fails; its content is in `text`. */
  key(): void {
    if (this.peek() !== 0x22) throw this.fail(this.pos, "a key in double quotes");
    this.string();
  }

  #escaped(start: number): void {
    const { bytes, end } = this;
    // What an escape stands for is never longer than the escape. Where the string ends is not known yet.
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array(end - start);
    const close = unescapeJson(bytes, start, end, this.#scratch);
    if (close < 0) {
      if (-close >= end) throw this.refuse(start - 1, "string without an end");
      if (bytes[-close] !== 0x5c) throw this.#controlCharacter(-close);
      throw this.refuse(-close, "invalid escape or lone surrogate in a string");
    }
    this.text = this.#scratch;
    this.textStart = 0;
    this.textEnd = unescaped.length;
    this.pos = close + 1;
  }

  #controlCharacter(offset: number): RpcError {
    const escaped = JSON.stringify(String.fromCharCode(this.bytes[offset] as number)).slice(1, -1);
    return this.refuse(offset, `control character in a string, to be written as ${escaped}`);
  }

  /** Moves past any value, checking that it is well-formed JSON. */
  skip(): void {
    // One bit of each level, object or array; a loop, so that nesting costs no stack.
    const closings: number[] = [];
    for (;;) {
      const byte = this.peek();
      if (byte === 0x7b || byte === 0x5b) {
        if (closings.length >= skipDepth) throw this.refuse(this.pos, "nested too deep");
        this.pos++;
        const closing = byte + 2;
        if (this.enters(closing)) {
          closings.push(closing);
          if (byte === 0x7b) this.#skipKey();
          continue;
        }
      } else this.#skipScalar(byte);
      for (;;) {
        const closing = closings[closings.length - 1];
        if (closing === undefined) return;
        if (this.more(closing)) {
          if (closing === 0x7d) this.#skipKey();
          break;
        }
        closings.pop();
      }
    }
  }

  #skipKey(): void {
    this.key();
    this.colon();
  }

  #skipScalar(byte: number): void {
    if (byte === 0x22) this.string();
    else if (byte === 0x6e) this.literal("null");
    else if (byte === 0x74) this.literal("true");
    else if (byte === 0x66) this.literal("false");
    else {
      const end = numberEnd(this.bytes, this.pos, this.end);
      if (end < 0) throw this.fail(this.pos, "a JSON value");
      this.pos = end;
    }
  }
}

/** The first offset at which the bytes stop being UTF-8; by halving, so that native code does the work. */
function invalidUtf8Offset(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (cutCharacter(bytes.subarray(0, middle)) >= 0) valid = middle;
    else invalid = middle;
  }
  return valid - cutCharacter(bytes.subarray(0, valid));
}

/** How many bytes at the end may be the start of a character while all before is UTF-8; -1 where not even that. */
function cutCharacter(bytes: Uint8Array): number {
  for (let cut = 0; cut <= 3 && cut <= bytes.length; cut++) {
    if (cut > 0 && (bytes[bytes.length - cut] as number) < 0x80) return -1;
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return cut;
  }
  return -1;
}
