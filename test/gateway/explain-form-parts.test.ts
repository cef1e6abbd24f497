import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutForm } from "../../src/gateway/explain-form-parts.ts";
import { readForm } from "../../src/protocol/rest/read-form.ts";
import type { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import type { FormPart } from "../../src/transcode/route.ts";
import { requestOf } from "../protocol/rest/pieces.ts";

const type = "multipart/form-data; boundary=xx";

type Read =
  | { readonly parts: readonly (readonly [name: string, type: string, file: boolean, content: string])[] }
  | { readonly code: Code };

function plain(parts: readonly FormPart[]): Read {
  return {
    parts: parts.map(({ name, contentType, file, bytes }) => [
      name,
      contentType,
      file,
      Buffer.from(bytes).toString("latin1"),
    ]),
  };
}

/** What a request would get: the same bytes through the reader that serves it. */
async function served(body: Uint8Array, contentType = type): Promise<Read> {
  try {
    return plain(await readForm(requestOf("POST", "/", { body: [body] }), contentType, 10_000_000));
  } catch (error) {
    if (error instanceof RpcError) return { code: error.code };
    throw error;
  }
}

function told(body: Uint8Array, contentType = type): Read {
  const { parts, broken } = cutForm(body, contentType);
  return broken === undefined ? plain(parts) : { code: broken.error.code };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const part = (header: string, content = ""): string => `--xx\r\n${header}\r\n\r\n${content}\r\n`;
const disposition = (name: string, more = ""): string =>
  `Content-Disposition: form-data; name="${name}"${more}`;

const one = part(disposition("a"), "1");

const whole: readonly [body: string, why: string][] = [
  ["--xx--", "no parts"],
  ["--xx--\r\n", "with a line end"],
  [`${one}--xx--`, "one part"],
  [`hello\r\n${one}--xx--\r\nbye\r\n--xx\r\n`, "text before and behind"],
  [`${part(disposition("a"))}${part(disposition("a"))}--xx--`, "empty parts of one name"],
  [`${part(disposition("f", '; filename="x.csv"'), "a\r\nb")}--xx--`, "a file with lines"],
  [`${part(`${disposition("f", "; filename*=utf-8''x")}\r\nContent-Type: text/csv`, "1")}--xx--`, "a type"],
  [`${part("content-disposition:form-data;name=a", "1")}--xx--`, "lower case, no spaces, no quotes"],
  [`${part('Content-Disposition: form-data;\r\n name="a"', "1")}--xx--`, "a folded header"],
  [`${part(disposition('a\\"b'), "1")}--xx--`, "a quote in a name"],
  [`${part(disposition("\xc3\xa4"), "1")}--xx--`, "a name in UTF-8"],
  [`${part(disposition("a"), "a --xx in the middle")}--xx--`, "the boundary in the middle of a line"],
  [`${part(disposition("a"), "x\n--xx\ny")}--xx--`, "the boundary between bare line feeds"],
  [`${part(disposition("__proto__"), "1")}--xx--`, "a name of every object"],
  [`${part(`X: 1\r\n${disposition("a")}\r\n${disposition("b")}`)}--xx--`, "the first disposition counts"],
];
for (const [body, why] of whole) {
  test(`a form is cut as it is served: ${why}`, async () => {
    const outcome = told(bytes(body));
    assert.ok("parts" in outcome);
    assert.deepEqual(outcome, await served(bytes(body)));
  });
}

const broken: readonly [body: string, message: RegExp, place: string, hint: RegExp, why: string][] = [
  ["", /ends before its last/, "byte 0", /the last line would be "--xx--"/, "nothing"],
  ["title=Dune", /ends before its last/, "byte 10", /"--xx--"/, "no form at all"],
  [one, /ends before its last/, `in part 1, byte ${one.length}`, /"--xx--"/, "no end"],
  [`${one}--xx`, /ends before/, `in part 2, byte ${one.length + 4}`, /"--xx--"/, "half an end"],
  [
    `${one}--xx--`.replaceAll("\r", ""),
    /ends before|without a header/,
    `in part 1, byte ${one.length + 6 - 4}`,
    /CR LF/,
    "lines that end with LF",
  ],
  [`${part("Content-Type: a/b")}--xx--`, /no form-data/, "part 1, byte 0", /^$/, "no disposition"],
  [`${part("Content-Disposition: form-data")}--xx--`, /without a name/, "part 1, byte 0", /^$/, "no name"],
  [`${part(disposition(""))}--xx--`, /without a name/, "part 1, byte 0", /^$/, "an empty name"],
  [
    `${one}--xx\r\n${disposition("b")}\r\n1\r\n--xx--`,
    /without a header/,
    `part 2, byte ${one.length}`,
    /empty line/,
    "no line between header and content",
  ],
  [
    `${part(disposition("a".repeat(2_000)))}--xx--`,
    /name of a part is longer/,
    "part 1, byte 0",
    /^$/,
    "a name",
  ],
  [
    `${part(`X: ${"a".repeat(9_000)}`)}--xx--`,
    /header of a part is longer/,
    "part 1, byte 0",
    /^$/,
    "a header",
  ],
  [
    `${part(`${disposition("a")}\r\nContent-Type: multipart/mixed; boundary=y`)}--xx--`,
    /a multipart itself/,
    "part 1, byte 0",
    /^$/,
    "a form in a form",
  ],
  [
    `${part(disposition("a")).repeat(1_001)}--xx--`,
    /more than 1000 parts/,
    `part 1001, byte ${1_000 * (one.length - 1)}`,
    /^$/,
    "parts",
  ],
];
for (const [body, message, place, hint, why] of broken) {
  test(`a broken form is told with its place, refused as it is served: ${why}`, async () => {
    const { broken } = cutForm(bytes(body), type);
    assert.match(broken?.error.rawMessage ?? "", message);
    assert.match(broken?.hint ?? "", hint);
    assert.equal(broken?.place, place);
    assert.deepEqual(await served(bytes(body)), { code: broken?.error.code });
  });
}

for (const contentType of [
  "multipart/form-data",
  "multipart/form-data; boundary=",
  'multipart/form-data; boundary=""',
  `multipart/form-data; boundary=${"b".repeat(71)}`,
  'multipart/form-data; boundary="a b"',
  "multipart/form-data; charset=utf-8; boundary=xx",
]) {
  test(`a Content-Type's boundary is found or missed as it is served: ${contentType.slice(0, 60)}`, async () => {
    for (const body of [`${one}--xx--`, "--a b--", ""]) {
      assert.deepEqual(told(bytes(body), contentType), await served(bytes(body), contentType));
    }
  });
}

test("forms made at random, and what is left of them when bytes are changed, are cut as they are served", async () => {
  const content = fc.oneof(
    fc.string(),
    fc.constantFrom("\r\n", "--xx", "\r\n--x", "\r\n\r\n", "-", "\n--xx--"),
  );
  const headers = fc.constantFrom(
    disposition("a"),
    disposition("b.c", '; filename="f"'),
    `${disposition("f", "; filename=f")}\r\nContent-Type: image/png`,
    "Content-Type: a/b",
    "nonsense",
    `: x\r\n${disposition("a")}`,
    "",
  );
  const form = fc
    .array(fc.tuple(headers, fc.array(content, { maxLength: 4 }), fc.constantFrom("\r\n", "\n", "")))
    .map(
      (parts) =>
        `${parts.map(([head, texts, end]) => `--xx\r\n${head}\r\n\r\n${texts.join("")}${end}`).join("")}`,
    );
  const edits = fc.array(
    fc.tuple(
      fc.nat(2_000),
      fc.constantFrom("", "\r", "\n", "-", "--xx\r\n", "\r\n", "\r\n--xx--", ":"),
      fc.nat(3),
    ),
    { maxLength: 3 },
  );
  const end = fc.constantFrom("--xx--", "--xx--\r\n", "--xx--x", "\r\n--xx--", "--xx", "");
  await fc.assert(
    fc.asyncProperty(form, end, edits, async (made, last, changes) => {
      let body = made + last;
      for (const [at, put, cut] of changes) {
        const place = body.length === 0 ? 0 : at % body.length;
        body = body.slice(0, place) + put + body.slice(place + cut);
      }
      // Dicer takes a boundary that goes on with one dash, and nothing else before the next boundary, for no boundary.
      fc.pre(!/--xx-\r\n--xx/.test(body));
      const whole = Buffer.from(body);
      const [said, got] = [told(whole), await served(whole)];
      // Of several faults the one that is met first is told, which depends on the pieces that a body comes in.
      if ("code" in said) assert.ok("code" in got, JSON.stringify(body));
      else assert.deepEqual(said, got, JSON.stringify(body));
    }),
    { numRuns: 1_000 },
  );
});

test("a form of many boundaries, line ends or dashes is cut in one pass", () => {
  const size = 2_000_000;
  for (const text of ["\r\n--xx", "\r\n", "--", "\r\n--x", '";name="', "--xx\r\n:"]) {
    const { parts, broken } = cutForm(Buffer.alloc(size, text), type);
    assert.ok(parts.length <= 1_000 && broken !== undefined);
  }
  const quotes = `--xx\r\nContent-Disposition: form-data; ${'a="\\'.repeat(1_500)}\r\n\r\n\r\n--xx--`;
  assert.ok(cutForm(bytes(quotes), type).broken !== undefined);
});
