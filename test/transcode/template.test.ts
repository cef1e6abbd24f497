import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTemplate, type Segment, type Template } from "../../src/transcode/template.ts";
import { formatTemplate } from "./format-template.ts";
import { templateArbitrary } from "./template-arbitrary.ts";

function literal(text: string): Segment {
  return { kind: "literal", text };
}
const one: Segment = { kind: "one" };
const rest: Segment = { kind: "rest" };

const accepted: readonly (readonly [string, Omit<Template, "kind">, reason: string])[] = [
  ["/", { segments: [], variables: [], verb: "" }, "the root has no segments"],
  ["/a/b", { segments: [literal("a"), literal("b")], variables: [], verb: "" }, "literals"],
  [
    "/a/*/**",
    { segments: [literal("a"), one, rest], variables: [], verb: "" },
    "wildcards outside of variables",
  ],
  [
    "/shelves/{shelf}/books/{book}",
    {
      segments: [literal("shelves"), one, literal("books"), one],
      variables: [
        { fieldPath: ["shelf"], start: 1, end: 2, multiSegment: false },
        { fieldPath: ["book"], start: 3, end: 4, multiSegment: false },
      ],
      verb: "",
    },
    "{var} is {var=*}",
  ],
  [
    "/a/{b=c/**/d}/e:verb",
    {
      segments: [literal("a"), literal("c"), rest, literal("d"), literal("e")],
      variables: [{ fieldPath: ["b"], start: 1, end: 4, multiSegment: true }],
      verb: "verb",
    },
    "literals may follow ** inside and outside of the variable",
  ],
  [
    "/{x.y.z=*/a/b}/c",
    {
      segments: [one, literal("a"), literal("b"), literal("c")],
      variables: [{ fieldPath: ["x", "y", "z"], start: 0, end: 3, multiSegment: true }],
      verb: "",
    },
    "a dotted field path",
  ],
  [
    "/{x=**}:v",
    {
      segments: [rest],
      variables: [{ fieldPath: ["x"], start: 0, end: 1, multiSegment: true }],
      verb: "v",
    },
    "** alone counts as several segments",
  ],
  [
    "/{x=books}",
    {
      segments: [literal("books")],
      variables: [{ fieldPath: ["x"], start: 0, end: 1, multiSegment: false }],
      verb: "",
    },
    "a variable may capture a literal",
  ],
  ["/a:b:c", { segments: [literal("a:b")], variables: [], verb: "c" }, "only the last colon starts the verb"],
  ["/a:b/c", { segments: [literal("a:b"), literal("c")], variables: [], verb: "" }, "an inner colon is text"],
  ["/@me/$all", { segments: [literal("@me"), literal("$all")], variables: [], verb: "" }, "sub-delimiters"],
  [
    "/%62ooks/%3a",
    { segments: [literal("books"), literal("%3A")], variables: [], verb: "" },
    "unreserved triples are decoded, others in upper case",
  ],
];

for (const [text, expected, reason] of accepted) {
  test(`${text} is a template: ${reason}`, () => {
    assert.deepEqual(parseTemplate(text), { kind: "template", ...expected });
  });
}

const refused: readonly (readonly [string, column: number, reason: string])[] = [
  ["", 1, 'a template begins with "/"'],
  ["a/b", 1, 'a template begins with "/"'],
  [":verb", 1, 'a template begins with "/"'],
  ["//", 2, "an empty segment"],
  ["/a/", 4, "an empty segment"],
  ["/a//b", 4, "an empty segment"],
  ["/:verb", 2, "an empty segment"],
  ["/a/:verb", 4, "an empty segment"],
  ["/a:", 4, "an empty verb"],
  ["/{var}:", 8, "an empty verb"],
  ["/a:b*", 5, 'unexpected "*"'],
  ["/a:%2", 4, "a malformed percent triple"],
  ["/a%zz", 3, "a malformed percent triple"],
  ["/a%4:b", 3, "a malformed percent triple"],
  ["/a b", 3, 'unexpected " "'],
  ["/caf\u00e9", 5, 'unexpected "\u00e9"'],
  ["/\u{1f600}", 2, 'unexpected "\u{1f600}"'],
  ["/a?b", 3, 'unexpected "?"'],
  ["/a*", 3, 'unexpected "*"'],
  ["/***", 4, 'unexpected "*"'],
  ["/**/*", 5, 'after "**" only literals may follow'],
  ["/**/{x}", 5, 'after "**" only literals may follow'],
  ["/{x=**}/{y=**}", 12, 'after "**" only literals may follow'],
  ["/{}", 3, "a field name is letters, digits and underscores, not beginning with a digit"],
  ["/{1a}", 3, "a field name is letters, digits and underscores, not beginning with a digit"],
  ["/{a.}", 5, "a field name is letters, digits and underscores, not beginning with a digit"],
  ["/{a-b}", 4, "a field name is letters, digits and underscores"],
  ["/{a=}", 5, "an empty segment"],
  ["/{a=b/}", 7, "an empty segment"],
  ["/{a=/b}", 5, "an empty segment"],
  ["/{", 3, "a field name is letters, digits and underscores, not beginning with a digit"],
  ["/{a", 4, "the variable of column 2 is not closed"],
  ["/{a=b", 6, "the variable of column 2 is not closed"],
  ["/{a=b:c}", 6, 'a ":" inside a variable'],
  ["/{a:c}", 4, 'a ":" inside a variable'],
  ["/{a=b:c", 6, 'a ":" inside a variable'],
  ["/{a=b/{c}}", 7, "a variable inside a variable"],
  ["/{a={b}}", 5, "a variable inside a variable"],
  ["/a{b}", 3, "a variable is a whole segment"],
  ["/{a}b", 5, 'unexpected "b"'],
  ["/{a}{b}", 5, "a variable is a whole segment"],
  ["/{a}:b:c", 5, 'unexpected ":"'],
  ["/a}", 3, 'unexpected "}"'],
  ["/{a}/{a}", 7, '"a" is bound twice'],
  ["/{a}/{a.b}", 7, '"a" is bound twice'],
  [`/${"a/".repeat(64)}a`, 130, "more than 64 segments"],
  [`/${"a".repeat(2048)}`, 2049, "longer than 2048 characters"],
];

for (const [text, column, reason] of refused) {
  test(`${text.length > 40 ? `${text.slice(0, 40)}…` : text} is refused at column ${column}: ${reason}`, () => {
    assert.deepEqual(parseTemplate(text), { kind: "refusal", column, reason });
  });
}

test("formatting a template and parsing it gives the template", () => {
  fc.assert(
    fc.property(templateArbitrary, (text) => {
      const template = parseTemplate(text);
      assert.equal(template.kind, "template", text);
      if (template.kind === "template") assert.deepEqual(parseTemplate(formatTemplate(template)), template);
    }),
  );
});

test("parsing never throws, refuses at a column of the text, and what it accepts can be formatted", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("/", "{", "}", "*", "**", ":", "=", ".", "%", "%41", "a", "b"), {
        maxLength: 20,
      })
      .map((parts) => `/${parts.join("")}`),
  );
  fc.assert(
    fc.property(text, (template) => {
      const parsed = parseTemplate(template);
      if (parsed.kind === "refusal") {
        assert.ok(parsed.column >= 1 && parsed.column <= template.length + 1);
      } else {
        assert.deepEqual(parseTemplate(formatTemplate(parsed)), parsed);
      }
    }),
    { numRuns: 1000 },
  );
});
