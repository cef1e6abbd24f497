// What people read who send the wrong JSON: forty mistakes that are often made, with the exact text they get. A change
// here is a change of what users see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../src/rpc/code.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

const mistakes: readonly (readonly [mistake: string, type: string, json: string, text: string])[] = [
  [
    "text where a number belongs, deep inside",
    "all.Shelf",
    '{"books":[{},{},{},{"author":{"birth_year":"abc"}}]}',
    'books[3].author.birth_year: expected int32, got "abc" (line 1, column 44)',
  ],
  [
    "one object where a list belongs",
    "all.Shelf",
    '{"books":{"title":"a"}}',
    "books: expected an array of all.Book, got an object (line 1, column 10)",
  ],
  [
    "a list where one object belongs",
    "all.Book",
    '[{"title":"a"}]',
    "expected an object of all.Book, got an array (line 1, column 1)",
  ],
  [
    "an object that was turned into a string",
    "all.Book",
    '"{\\"title\\":\\"a\\"}"',
    'expected an object of all.Book, got "{\\"title\\":\\"a\\"}" (line 1, column 1)',
  ],
  [
    "a name of another case",
    "all.Book",
    '{"Title":"a"}',
    'Title: all.Book has no such field, did you mean "title"? (line 1, column 2)',
  ],
  [
    "a name with a typo",
    "all.Book",
    '{"author":{"givnName":"a"}}',
    'author.givnName: all.Author has no such field, did you mean "givenName"? (line 1, column 12)',
  ],
  [
    "a dotted path as a name",
    "all.Book",
    '{"author.birth_year":1}',
    '["author.birth_year"]: all.Book has no such field (line 1, column 2)',
  ],
  [
    "a number where text belongs",
    "all.Book",
    '{"title":5}',
    "title: expected string, got 5 (line 1, column 10)",
  ],
  [
    "text where an object belongs",
    "all.Book",
    '{"author":"Ursula"}',
    'author: expected an object of all.Author, got "Ursula" (line 1, column 11)',
  ],
  [
    "a fraction where an integer belongs",
    "all.Book",
    '{"pages":12.5}',
    "pages: expected int32, got 12.5 (line 1, column 10)",
  ],
  [
    "a number that is too large",
    "all.Book",
    '{"pages":3000000000}',
    "pages: expected int32, got 3000000000 (line 1, column 10)",
  ],
  [
    "a negative number where none may be",
    "all.Scalars",
    '{"uint32Value":-1}',
    "uint32Value: expected uint32, got -1 (line 1, column 16)",
  ],
  [
    "a space in a quoted number",
    "all.Book",
    '{"pages":"12 "}',
    'pages: expected int32, got "12 " (line 1, column 10)',
  ],
  ["a leading zero", "all.Book", '{"pages":012}', "pages: expected int32, got 012 (line 1, column 10)"],
  [
    "a comma too many",
    "all.Book",
    '{"title":"a",}',
    "expected a key in double quotes, got } (line 1, column 14)",
  ],
  [
    "a comma too few",
    "all.Book",
    '{"title":"a"\n "pages":1}',
    'title: expected "," or "}", got "pages" (line 2, column 2)',
  ],
  [
    "single quotes",
    "all.Book",
    "{'title':'a'}",
    "expected a key in double quotes, got 'title' (line 1, column 2)",
  ],
  ["no quotes", "all.Book", '{title:"a"}', "expected a key in double quotes, got title (line 1, column 2)"],
  [
    "a body that was cut off",
    "all.Book",
    '{"title":"a"',
    'title: expected "," or "}", got end of input (line 1, column 13)',
  ],
  [
    "a line end in a string",
    "all.Book",
    '{"title":"line\none"}',
    "title: control character in a string, to be written as \\n (line 1, column 15)",
  ],
  [
    "Windows paths",
    "all.Book",
    '{"title":"C:\\windows"}',
    "title: invalid escape or lone surrogate in a string (line 1, column 13)",
  ],
  [
    "words of JavaScript",
    "all.Book",
    '{"title":undefined}',
    "title: expected string, got undefined (line 1, column 10)",
  ],
  [
    "words of Python",
    "all.Scalars",
    '{"boolValue":True}',
    "boolValue: expected bool, got True (line 1, column 14)",
  ],
  ["a comment", "all.Book", '{"title":"a"} // done', "expected end of input, got // (line 1, column 15)"],
  [
    "two bodies",
    "all.Book",
    '{"title":"a"}\n{"title":"b"}',
    "expected end of input, got an object (line 2, column 1)",
  ],
  [
    "a form",
    "all.Book",
    "title=a&pages=1",
    "expected an object of all.Book, got title=a&pages=1 (line 1, column 1)",
  ],
  [
    "null in a list",
    "all.Book",
    '{"years":[1,null]}',
    "years[1]: expected an element that is not null, got null (line 1, column 13)",
  ],
  [
    "text in a list of numbers",
    "all.Book",
    '{"years":[1,"x"]}',
    'years[1]: expected int32, got "x" (line 1, column 13)',
  ],
  [
    "null in a map",
    "all.Book",
    '{"labels":{"a":null}}',
    "labels.a: expected a value that is not null, got null (line 1, column 16)",
  ],
  [
    "yes for true",
    "all.Scalars",
    '{"boolValue":"yes"}',
    'boolValue: expected bool, got "yes" (line 1, column 14)',
  ],
  [
    "an enum in small letters",
    "all.Scalars",
    '{"genre":"novel"}',
    'genre: expected all.Genre, got "novel", did you mean "NOVEL"? (line 1, column 10)',
  ],
  [
    "bytes that are not base64",
    "all.Scalars",
    '{"bytesValue":"not base64!"}',
    'bytesValue: expected base64, got "not base64!" (line 1, column 15)',
  ],
  [
    "two members of a oneof",
    "all.Choice",
    '{"left":"a","right":"b"}',
    "right: another field of oneof other is set already (line 1, column 13)",
  ],
  [
    "a timestamp without a zone",
    "all.Known",
    '{"timestamp":"2024-01-01 12:00:00"}',
    'timestamp: expected a timestamp such as "2024-12-31T23:59:59Z", got "2024-01-01 12:00:00" (line 1, column 14)',
  ],
  [
    "a timestamp in seconds",
    "all.Known",
    '{"timestamp":1704067200}',
    'timestamp: expected a timestamp such as "2024-12-31T23:59:59Z", got 1704067200 (line 1, column 14)',
  ],
  [
    "a day that does not exist",
    "all.Known",
    '{"timestamp":"2024-02-30T00:00:00Z"}',
    'timestamp: expected a timestamp such as "2024-12-31T23:59:59Z", got "2024-02-30T00:00:00Z" (line 1, column 14)',
  ],
  [
    "a duration in minutes",
    "all.Known",
    '{"duration":"5m"}',
    'duration: expected a duration such as "1.5s", got "5m" (line 1, column 13)',
  ],
  [
    "a field mask in snake_case",
    "all.Known",
    '{"fieldMask":"birth_year"}',
    'fieldMask: expected a field mask such as "name,author.birthYear", got "birth_year" (line 1, column 14)',
  ],
  [
    "a field mask as an object",
    "all.Known",
    '{"fieldMask":{"paths":["a"]}}',
    'fieldMask: expected a field mask such as "name,author.birthYear", got an object (line 1, column 14)',
  ],
  [
    "a wrapper as an object",
    "all.Known",
    '{"int32Value":{"value":5}}',
    "int32Value: expected int32, got an object (line 1, column 15)",
  ],
  [
    "an Any without its type",
    "all.Known",
    '{"any":{"birthYear":1}}',
    'any: "@type" is missing (line 1, column 8)',
  ],
  [
    "an Any with half a type",
    "all.Known",
    '{"any":{"@type":"type.googleapis.com/Author","birthYear":1}}',
    'any: type "type.googleapis.com/Author" is not in the schema (line 1, column 8)',
  ],
];

for (const [mistake, type, json, text] of mistakes) {
  test(`${mistake} is told: ${text}`, () => {
    assert.throws(() => testCodec().message(messageDesc(type)).decodeJson(utf8(json)), {
      code: Code.INVALID_ARGUMENT,
      rawMessage: text,
    });
  });
}
