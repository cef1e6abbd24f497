import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseMultipartForm } from "../../src/transcode/multipart-form.ts";
import { fixturesOf, refusalOf } from "./route-fixture.ts";

const contentType = "multipart/form-data; boundary=x-y";

function part(disposition: string, content: string | Uint8Array, ...headers: string[]): Buffer {
  const head = [`--x-y`, `Content-Disposition: form-data; ${disposition}`, ...headers, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from("\r\n")]);
}

function form(...parts: Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.from("--x-y--\r\n")]);
}

function parse(body: string | Uint8Array, type = contentType): unknown {
  return parseMultipartForm(Buffer.from(body), type).map(({ bytes, ...rest }) => ({
    ...rest,
    text: Buffer.from(bytes).toString(),
  }));
}

describe("multipart forms", () => {
  test("are parts with names, types and bytes", () => {
    const body = form(
      part('name="a"', "1\r\n2"),
      part('name=b; filename="f.txt"', "", "content-type: text/plain"),
      part('filename="x; name=no"; name="c\\"d"', "--x"),
    );
    assert.deepEqual(parse(body), [
      { name: "a", contentType: "", file: false, text: "1\r\n2" },
      { name: "b", contentType: "text/plain", file: true, text: "" },
      { name: 'c"d', contentType: "", file: true, text: "--x" },
    ]);
  });

  test("may have a preamble, a quoted boundary, spaces after a boundary, and no parts", () => {
    const spaced = 'preamble\r\n--x y \r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--x y--';
    assert.deepEqual(parse(spaced, 'multipart/form-data; boundary="x y"'), [
      { name: "a", contentType: "", file: false, text: "" },
    ]);
    assert.deepEqual(parse("--x-y--"), []);
  });

  for (const [body, type, reason] of [
    ["--x-y--", "multipart/form-data", "its Content-Type names no boundary"],
    ["", contentType, "its boundary is not in it"],
    ["--x-yz", contentType, "text after a boundary"],
    ["--x-y\r\n", contentType, "a part does not end"],
    ['--x-y\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc', contentType, "a part does not end"],
    ["--x-y\r\nContent-Type: a\r\n\r\nabc\r\n--x-y--", contentType, "a part without a name"],
    [
      `--x-y\r\nA: ${"a".repeat(9000)}\r\n\r\nabc\r\n--x-y--`,
      contentType,
      "part headers longer than 8192 bytes",
    ],
    [
      `${'--x-y\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(1001)}--x-y--`,
      contentType,
      "more than 1000 parts",
    ],
  ] as const) {
    test(`are refused: ${reason}, ${JSON.stringify(body.slice(0, 60))}`, () => {
      const expected = `INVALID_ARGUMENT: body: malformed multipart/form-data: ${reason}`;
      assert.equal(
        refusalOf(() => parse(body, type)),
        expected,
      );
    });
  }

  test("are read totally", () => {
    const piece = fc.constantFrom(
      "--x-y",
      "--",
      "\r\n",
      "\r\n\r\n",
      "Content-Disposition: form-data; name=",
      '"a"',
      "a",
      ";",
      "filename=",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const refusal = refusalOf(() => parse(`--x-y${pieces.join("")}`));
        assert.match(refusal, /^(not refused|INVALID_ARGUMENT: body: malformed multipart)/);
      }),
      { numRuns: 1000 },
    );
  });
});

const messages = `
  message Author { string name = 1; bytes photo = 2; }
  message Req {
    string id = 1; bytes raw = 2; google.api.HttpBody file = 3; repeated google.api.HttpBody files = 4;
    Author author = 5; repeated int32 nums = 6; repeated bytes blobs = 7;
  }`;
const whole = 'post: "/a/{id}" body: "*"';
const author = 'post: "/b/{id}" body: "author"';
const of = fixturesOf(messages, [whole, author]);
const image = Uint8Array.of(0xff, 0x00, 0x0d, 0x0a);

test("parts of a multipart form bind by name; files go into bytes and HttpBody untouched", () => {
  const body = form(
    part('name="nums"', "1"),
    part('name="nums"', "2"),
    part('name="raw"; filename="a.png"', image, "Content-Type: image/png"),
    part('name="blobs"', "AQI"),
    part('name="file"; filename="a.png"', image, "Content-Type: image/png"),
    part('name="files"', "a"),
    part('name="files"; filename="b"', "b", "Content-Type: text/plain"),
    part('name="author.name"', "a+b%20"),
    part('name="author.photo"; filename="c"', image),
    part('name="id"', "the path wins"),
  );
  assert.deepEqual(of(whole).fixture?.bind({ captures: ["p"], body, contentType }), {
    id: "p",
    nums: [1, 2],
    raw: "/wANCg==",
    blobs: ["AQI="],
    file: { content_type: "image/png", data: "/wANCg==" },
    files: [{ data: "YQ==" }, { content_type: "text/plain", data: "Yg==" }],
    author: { name: "a+b%20", photo: "/wANCg==" },
  });
});

test("names of a multipart form begin at the body's field", () => {
  const body = form(part('name="name"', "n"), part('name="photo"; filename="c"', image));
  assert.deepEqual(of(author).fixture?.bind({ captures: ["p"], body, contentType }), {
    id: "p",
    author: { name: "n", photo: "/wANCg==" },
  });
});

test("a part that does not bind is refused by its name", () => {
  for (const [body, reason] of [
    [form(part('name="nums"', "x")), 'form field "nums": expected int32, got "x"'],
    [form(part('name="nope"', "x")), 'form field "nope": no field "nope" in t.Req'],
    [form(part('name="raw"', "*")), 'form field "raw": expected bytes (base64), got "*"'],
    [
      form(part('name="raw"; filename="a"', "x"), part('name="raw"', "AA")),
      'form field "raw": given twice, and "raw" is not repeated',
    ],
    [form(part('name="nums"; filename="a"', image)), 'form field "nums": the part is not UTF-8 text'],
  ] as const) {
    const act = () => of(whole).fixture?.bind({ captures: ["p"], body, contentType });
    assert.equal(refusalOf(act), `INVALID_ARGUMENT: ${reason}`);
  }
});
