// Dicer's events as a queue that its reader pulls from: what one piece of the body holds, and nothing of the next.
// Dicer hands out Node streams whose ends come a tick late; in flowing mode their data comes at once and in order, and
// a part is over when the next one begins.
import type { Dicer } from "@fastify/busboy";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";

/** Names in lower case; of several headers of one name the first. */
export type PartHeader = ReadonlyMap<string, string>;

export class MultipartEvents {
  readonly #parser: Dicer;
  readonly #headerBytes: number;
  readonly #queue: (PartHeader | Uint8Array)[] = [];
  #taken = 0;
  #failure: RpcError | undefined;
  #ended = false;
  /** Dicer has seen the last boundary and done with every part, which may be before the body ends. */
  #finished = false;
  /** Whether a part has begun whose header is not complete. */
  #headerDue = false;
  /** The piece of the body that is being parsed. */
  #piece: Uint8Array = new Uint8Array(0);

  constructor(parser: Dicer, limits: { readonly headerBytes: number }) {
    this.#parser = parser;
    this.#headerBytes = limits.headerBytes;
    parser.on("part", (part) => this.#begin(part));
    parser.once("finish", () => {
      this.#finished = true;
    });
    parser.on("error", () => this.#fail("it ends before its last boundary"));
  }

  /** Whether the body has ended, so that the queue will not grow. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws RpcError INVALID_ARGUMENT, RESOURCE_EXHAUSTED where a part's header is no header or too long */
  push(piece: Uint8Array): void {
    this.#piece = piece;
    this.#parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    this.#piece = new Uint8Array(0);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @throws RpcError INVALID_ARGUMENT where the form is not complete */
  async end(): Promise<void> {
    this.#ended = true;
    this.#parser.end();
    // Dicer says how it ended some ticks later. If it says nothing, the form was not complete.
    for (let turn = 0; turn < 4 && !this.#finished && this.#failure === undefined; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#headerDue || !this.#finished) this.#fail("it ends before its last boundary");
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The next part's header; drops what is left of the part before it. */
  takeHeader(): PartHeader | undefined {
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      if (!(event instanceof Uint8Array)) return event;
    }
    return undefined;
  }

  /** The next piece of the current part. */
  takePiece(): Uint8Array | undefined {
    const event = this.#queue[this.#taken];
    if (!(event instanceof Uint8Array)) return undefined;
    this.#take();
    return event;
  }

  /** Whether the next part has begun. */
  get partOver(): boolean {
    return this.#headerDue || this.#taken < this.#queue.length;
  }

  #take(): PartHeader | Uint8Array | undefined {
    const event = this.#queue[this.#taken];
    if (event !== undefined && ++this.#taken === this.#queue.length) {
      this.#queue.length = 0;
      this.#taken = 0;
    }
    return event;
  }

  #begin(part: Dicer.PartStream): void {
    if (this.#headerDue) this.#fail("a part without a header");
    this.#headerDue = true;
    part.on("header", (header: object) => {
      this.#headerDue = false;
      this.#queue.push(this.#readHeader(header));
    });
    part.on("data", (data: Buffer) => this.#queue.push(this.#own(data)));
    part.on("error", () => {});
    // A stream that was read from once is not "in its first tick" any more, so its data comes with the write.
    part.read(0);
  }

  #readHeader(header: object): PartHeader {
    const read = new Map<string, string>();
    let bytes = 0;
    for (const [name, values] of Object.entries(header) as [string, string[]][]) {
      for (const value of values) {
        bytes += name.length + value.length;
        // Dicer reads bytes as Latin-1; what browsers write there is UTF-8.
        if (!read.has(name)) read.set(name, Buffer.from(value, "latin1").toString("utf8"));
      }
    }
    if (bytes > this.#headerBytes) {
      const reason = `the header of a part is longer than ${this.#headerBytes} bytes`;
      this.#failure ??= new RpcError(Code.RESOURCE_EXHAUSTED, `body: multipart/form-data: ${reason}`);
    }
    return read;
  }

  /** Bytes that may be kept: Dicer also hands out views on a buffer that it writes to again. */
  #own(data: Buffer): Uint8Array {
    return data.buffer === this.#piece.buffer ? data : Uint8Array.from(data);
  }

  #fail(reason: string): void {
    this.#failure ??= new RpcError(Code.INVALID_ARGUMENT, `body: malformed multipart/form-data: ${reason}`);
  }
}
