import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseLimitKey, readsMessage } from "../../../src/pipeline/limit-key/limit-key.ts";

const accepted: readonly [text: string, canonical: string, kinds: readonly string[], reason: string][] = [
  ["global", "global", ["global"], "everybody"],
  ["", "global", ["global"], "an option that is not set"],
  ["ip", "ip", ["ip"], "the address"],
  ["rpc", "rpc", ["rpc"], "the method"],
  ["principal", "principal", ["principal"], "who was authenticated"],
  ["header:X-User-Id", "header:x-user-id", ["header"], "names of headers have no case"],
  ["cookie:Session", "cookie:Session", ["cookie"], "names of cookies have"],
  ["claim:https://acme.com/org", "claim:https://acme.com/org", ["claim"], "claims may be URLs"],
  ["claim:org name", "claim:org name", ["claim"], "or any text"],
  ["field:book.author_id", "field:book.author_id", ["field"], "a path by names of the .proto"],
  [" ip , header: x-a ", "ip,header:x-a", ["ip", "header"], "spaces do not count"],
  [
    "header:a,cookie:a,claim:a,field:a",
    "header:a,cookie:a,claim:a,field:a",
    ["header", "cookie", "claim", "field"],
    "one name of four things",
  ],
  ["claim:__proto__", "claim:__proto__", ["claim"], "a name is a name"],
];
for (const [text, canonical, kinds, reason] of accepted) {
  test(`the key "${text}" is ${canonical}: ${reason}`, () => {
    const key = parseLimitKey(text);
    assert.ok(typeof key !== "string", String(key));
    assert.equal(key.text, canonical);
    assert.deepEqual(
      key.parts.map(({ kind }) => kind),
      kinds,
    );
    assert.deepEqual(parseLimitKey(key.text), key);
    assert.equal(readsMessage(key), kinds.includes("field"));
  });
}

const refused: readonly [text: string, problem: RegExp, reason: string][] = [
  ["ip,", /empty part/, "a comma too many"],
  [",", /empty part/, "only commas"],
  ["IP", /none of global, ip/, "kinds have a case"],
  ["user", /"user" is none of/, "an unknown kind"],
  ["constructor", /none of/, "a name that every object has"],
  ["header", /none of/, "a header without a name"],
  ["header:", /no name of a header/, "an empty name"],
  ["header:x user", /no name of a header/, "a space within"],
  ["header::path", /no name of a header/, "a pseudo header"],
  ["header:Host", /belongs to the transport/, "calls do not have it"],
  ["header:content-type", /belongs to the transport/, "nor this"],
  ["header:grpc-timeout", /belongs to the transport/, "nor gRPC's own"],
  ["cookie:a b", /no name of a cookie/, "a space within"],
  ["cookie:", /no name of a cookie/, "an empty name"],
  ["claim:", /without a name/, "an empty name"],
  ["field:", /no path/, "an empty path"],
  ["field:a..b", /no path/, "an empty name in a path"],
  ["field:a.1", /no path/, "a number"],
  [`field:${"a.".repeat(32)}a`, /no path/, "33 names"],
  ["ip,ip", /ip stands there twice/, "a part twice"],
  ["header:a,header:A", /header:a stands there twice/, "twice in another case"],
  ["global:x", /none of/, "global has no name"],
  ["a,b,c,d,e,f,g,h,i", /9 parts, at most 8/, "too many"],
  [`claim:${"x".repeat(2000)}`, /2006 characters/, "too long"],
];
for (const [text, problem, reason] of refused) {
  test(`the key "${text.slice(0, 40)}" is refused: ${reason}`, () => {
    assert.match(String(parseLimitKey(text)), problem);
  });
}

test("any text is a key or a problem", () => {
  const pieces = fc.constantFrom(
    "ip",
    "header:",
    "x",
    ",",
    " ",
    ":",
    "field:",
    ".",
    "claim:",
    "global",
    "\0",
    "é",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join("")),
      ),
      (text) => {
        const key = parseLimitKey(text);
        if (typeof key === "string") assert.notEqual(key, "");
        else assert.deepEqual(parseLimitKey(key.text), key);
      },
    ),
    { numRuns: 1000 },
  );
});
