// Random valid templates over a small alphabet, so that they overlap and paths meet them.
import fc from "fast-check";

const literal = fc.constantFrom("a", "b", "c", "a:b", "%2F");
const verb = fc.constantFrom("", "", ":v", ":w");

const pieces = fc
  .record({
    head: fc.array(fc.oneof(literal, fc.constant("*")), { maxLength: 4 }),
    tail: fc.option(fc.array(literal, { maxLength: 2 })),
    // Where a variable would begin and how long it would be.
    cuts: fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 3 })), { maxLength: 2 }),
    verb,
  })
  .map(({ head, tail, cuts, verb }) => {
    const segments = tail === null ? head : [...head, "**", ...tail];
    const texts: string[] = [];
    let names = 0;
    for (let at = 0; at < segments.length; ) {
      const cut = cuts.find(([start]) => start === at);
      const range = segments.slice(at, at + (cut?.[1] ?? 1));
      // No colon inside of a variable.
      if (cut !== undefined && !range.some((segment) => segment.includes(":"))) {
        names += 1;
        texts.push(
          range.length === 1 && range[0] === "*" ? `{v${names}}` : `{v${names}.f=${range.join("/")}}`,
        );
        at += range.length;
      } else {
        texts.push(segments[at] as string);
        at += 1;
      }
    }
    if (texts.length === 0) return "/";
    // A last literal with a colon would be read as a verb.
    const suffix = verb === "" && (texts.at(-1) ?? "").includes(":") ? ":v" : verb;
    return `/${texts.join("/")}${suffix}`;
  });

export const templateArbitrary: fc.Arbitrary<string> = pieces;

/** Raw paths that such templates may match. */
export const pathArbitrary: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "c", "", "a:b", "%61", "%2f", "x%20y", "%zz", "v:"), { maxLength: 6 }),
    fc.constantFrom("", "", ":v", ":w", ":unknown"),
  )
  .map(([segments, verb]) => `/${segments.join("/")}${verb}`);
