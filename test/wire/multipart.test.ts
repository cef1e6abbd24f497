import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { defaultMultipartLimits, type MultipartLimits, readMultipart } from "../../src/wire/multipart.ts";

const type = "multipart/form-data; boundary=xx";

interface Part {
  readonly name: string;
  readonly contentType: string;
  readonly file: boolean;
  readonly text: string;
}

/** A body whose pieces are counted as they are pulled. */
class Pieces implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #pieces: Iterator<Uint8Array>;
  pulled = 0;
  returned = false;

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const step = this.#pieces.next();
    if (step.done === true) return { done: true, value: undefined };
    this.pulled++;
    return { done: false, value: step.value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.returned = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function chopped(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number);
    // Pieces of their own, as a socket hands them over: nothing may rely on what comes before or after.
    pieces.push(Uint8Array.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const piece of pieces) collected.push(piece);
  return collected;
}

async function read(
  body: string | Uint8Array,
  options: { contentType?: string; limits?: Partial<MultipartLimits>; sizes?: readonly number[] } = {},
): Promise<Part[]> {
  const { contentType = type, limits = {}, sizes = [] } = options;
  const pieces = new Pieces(chopped(Buffer.from(body), sizes));
  const parts: Part[] = [];
  for await (const part of readMultipart(pieces, contentType, { ...defaultMultipartLimits, ...limits })) {
    const bytes = Buffer.concat(await collect(part.pieces));
    parts.push({
      name: part.name,
      contentType: part.contentType,
      file: part.file,
      text: bytes.toString("latin1"),
    });
  }
  return parts;
}

/** A part with these header lines. */
function part(header: string, content = ""): string {
  return `--xx\r\n${header}\r\n\r\n${content}\r\n`;
}

const end = "--xx--\r\n";
const named = 'Content-Disposition: form-data; name="a"';
const field = { name: "a", contentType: "", file: false, text: "1" };

const rows: readonly [body: string, parts: readonly Part[], why: string][] = [
  [part(named, "1") + end, [field], "one field"],
  [
    part(named, "1") + part(named.replace('"a"', '"b"'), "2") + end,
    [field, { ...field, name: "b", text: "2" }],
    "two in order",
  ],
  [part(named) + end, [{ ...field, text: "" }], "an empty one"],
  [end, [], "a form without parts"],
  [`preamble\r\n${part(named, "1")}${end}`, [field], "what stands before the first boundary is nobody's"],
  [`${part(named, "1")}${end}epilogue`, [field], "neither is what follows the last"],
  [`${part(named, "1")}--xx--`, [field], "the last line break may be missing"],
  [
    part("content-DISPOSITION:form-data;name=a", "1") + end,
    [field],
    "names are of any case, a bare token is a name",
  ],
  [
    part(`${named}; filename="x.csv"\r\nContent-Type: text/csv; charset=utf-8`, "1") + end,
    [{ ...field, file: true, contentType: "text/csv; charset=utf-8" }],
    "a file keeps its whole type",
  ],
  [
    part(`${named}; filename*=UTF-8''x`, "1") + end,
    [{ ...field, file: true }],
    "an extended file name is one too",
  ],
  [
    part(`Content-Type: text/plain\r\n${named}`, "1") + end,
    [{ ...field, contentType: "text/plain" }],
    "headers in any order",
  ],
  [
    part('Content-Disposition: form-data; name="a\\"b"', "1") + end,
    [{ ...field, name: 'a"b' }],
    "an escaped quote",
  ],
  [
    part('Content-Disposition: form-data; filename="; name=b"; name="a"', "1") + end,
    [{ ...field, file: true }],
    "nothing within quotes is a parameter",
  ],
  [
    part('Content-Disposition: form-data; name="ü"', "1") + end,
    [{ ...field, name: "ü" }],
    "names in UTF-8, as browsers send them",
  ],
  [
    part('Content-Disposition: form-data; name="__proto__"', "1") + end,
    [{ ...field, name: "__proto__" }],
    "a name is data",
  ],
  [
    part(named, "\r\n--x\r\n-") + end,
    [{ ...field, text: "\r\n--x\r\n-" }],
    "what only begins like a boundary is content",
  ],
];
for (const [body, parts, why] of rows) {
  test(`a form is read whole or byte by byte: ${why}`, async () => {
    for (const sizes of [[], [1], [3], [7, 1]]) assert.deepEqual(await read(body, { sizes }), parts);
  });
}

const refused: readonly [
  body: string,
  options: Parameters<typeof read>[1],
  code: number,
  message: RegExp,
  why: string,
][] = [
  ["", {}, Code.INVALID_ARGUMENT, /ends before/, "nothing at all"],
  ["hello", {}, Code.INVALID_ARGUMENT, /ends before/, "no boundary in it"],
  [part(named, "1"), {}, Code.INVALID_ARGUMENT, /ends before/, "no boundary at the end"],
  [`--xx\r\n${named}`, {}, Code.INVALID_ARGUMENT, /ends before/, "a header without end"],
  [`--xx\r\n${end}`, {}, Code.INVALID_ARGUMENT, /ends before|header/, "a part without a header"],
  [
    `--xx\r\n${part(named, "1")}${end}`,
    {},
    Code.INVALID_ARGUMENT,
    /without a header/,
    "likewise, with another after it",
  ],
  [part("Content-Type: text/plain", "1") + end, {}, Code.INVALID_ARGUMENT, /no form-data/, "no disposition"],
  [
    part("Content-Disposition: attachment; name=a", "1") + end,
    {},
    Code.INVALID_ARGUMENT,
    /no form-data/,
    "another disposition",
  ],
  [part("Content-Disposition: form-data", "1") + end, {}, Code.INVALID_ARGUMENT, /without a name/, "no name"],
  [
    part('Content-Disposition: form-data; name=""', "1") + end,
    {},
    Code.INVALID_ARGUMENT,
    /without a name/,
    "an empty name",
  ],
  [
    part(`${named}\r\nContent-Type: multipart/mixed; boundary=yy`, "--yy\r\n\r\n1\r\n--yy--") + end,
    {},
    Code.INVALID_ARGUMENT,
    /a multipart itself/,
    "a form in a form",
  ],
  [
    part(named, "1") + end,
    { contentType: "multipart/form-data" },
    Code.INVALID_ARGUMENT,
    /boundary/,
    "no boundary in the type",
  ],
  [
    part(named, "1") + end,
    { contentType: `multipart/form-data; boundary=${"x".repeat(71)}` },
    Code.INVALID_ARGUMENT,
    /boundary/,
    "a boundary longer than RFC 2046 has it",
  ],
  [part(named, "1").repeat(1_001) + end, {}, Code.RESOURCE_EXHAUSTED, /more than 1000 parts/, "1,001 parts"],
  [
    part(named.replace('"a"', `"${"a".repeat(1_025)}"`), "1") + end,
    {},
    Code.RESOURCE_EXHAUSTED,
    /name of a part is longer than 1024 bytes/,
    "a huge name",
  ],
  [
    part(`${named}\r\nX-Junk: ${"x".repeat(10_000)}`, "1") + end,
    {},
    Code.RESOURCE_EXHAUSTED,
    /header of a part is longer than 8192 bytes/,
    "a huge header",
  ],
  [
    part(`X: ${"x".repeat(200_000)}\r\n${named}`, "1") + end,
    {},
    Code.RESOURCE_EXHAUSTED,
    /header/,
    "one that is cut off",
  ],
  [
    part(named, "x".repeat(1_000)) + end,
    { limits: { totalBytes: 900 } },
    Code.RESOURCE_EXHAUSTED,
    /900 bytes/,
    "more in all than allowed",
  ],
];
for (const [body, options, code, message, why] of refused) {
  test(`a form is refused for ${why}`, async () => {
    for (const sizes of body.length > 50_000 ? [[], [4_096]] : [[], [1], [16]]) {
      await assert.rejects(
        read(body, { ...options, sizes }),
        (error) => error instanceof RpcError && error.code === code && message.test(error.rawMessage),
      );
    }
  });
}

test("1,000 parts are as many as a form may have", async () => {
  assert.equal((await read(part(named, "1").repeat(1_000) + end)).length, 1_000);
});

test("a form of any parts comes out as it went in, in whatever pieces it arrives", async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .constantFrom("\r\n", "\r\n--", "\r\n--x", "--xy", "\r\n\r\n--", "\r", "-")
      .map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name: fc.stringMatching(/^[\w.]{1,20}$/), content, file: fc.boolean() }), {
        maxLength: 8,
      }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
      async (parts, sizes) => {
        const body = Buffer.concat([
          ...parts.flatMap(({ name, content, file }) => [
            Buffer.from(
              `--BoUnDaRy\r\nContent-Disposition: form-data; name="${name}"${file ? '; filename="f"' : ""}\r\n\r\n`,
            ),
            content,
            Buffer.from("\r\n"),
          ]),
          Buffer.from("--BoUnDaRy--"),
        ]);
        const contentType = 'multipart/form-data; boundary="BoUnDaRy"';
        assert.deepEqual(
          await read(body, { contentType, sizes }),
          parts.map(({ name, content, file }) => ({
            name,
            contentType: "",
            file,
            text: Buffer.from(content).toString("latin1"),
          })),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("any bytes are a form or an RpcError, never a crash or a hang", async () => {
  const scrap = fc.constantFrom(
    "--xx",
    "--xx--",
    "\r\n",
    ":",
    named,
    "Content-Type: a/b",
    "x",
    "\0",
    "--",
    "\r",
    '"',
    ";",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(scrap, { maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      async (scraps, size) => {
        await read(scraps.join(""), { sizes: [size] }).catch((error) =>
          assert.ok(error instanceof RpcError, String(error)),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("a file goes through piece by piece: one is pulled when one is wanted", async () => {
  const content = Buffer.alloc(1 << 16, 0x61);
  const count = 1_000;
  function* pieces(): Generator<Uint8Array> {
    yield Buffer.from(`--xx\r\n${named}; filename="big"\r\n\r\n`);
    for (let i = 0; i < count; i++) yield content;
    yield Buffer.from(`\r\n${end}`);
  }
  const body = new Pieces(pieces());
  let bytes = 0;
  let furthest = 0;
  for await (const { pieces } of readMultipart(body, type)) {
    for await (const piece of pieces) {
      bytes += piece.length;
      furthest = Math.max(furthest, body.pulled * content.length - bytes);
    }
  }
  assert.equal(bytes, count * content.length);
  assert.ok(furthest <= 2 * content.length, `${furthest} bytes were ahead`);
});

test("what a consumer leaves of a part is dropped, and the next part is whole", async () => {
  const names: string[] = [];
  const body = new Pieces(chopped(Buffer.from(part(named, "1".repeat(500)) + part(named, "2") + end), [50]));
  for await (const { name, pieces } of readMultipart(body, type)) {
    names.push(name);
    for await (const _ of pieces) break;
  }
  assert.deepEqual(names, ["a", "a"]);
});

test("a consumer that stops early is felt by the body", async () => {
  const body = new Pieces(chopped(Buffer.from(part(named, "1").repeat(10) + end), [30]));
  for await (const _ of readMultipart(body, type)) break;
  assert.equal(body.returned, true);
  assert.ok(body.pulled < 10);
});

test("what a body fails with is thrown as it is", async () => {
  const gone = new RpcError(Code.CANCELLED, "the client went away");
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(part(named, "1"));
    throw gone;
  }
  await assert.rejects(async () => {
    for await (const { pieces } of readMultipart(body(), type)) for await (const _ of pieces);
  }, gone);
});
