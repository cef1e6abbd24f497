// Where this gateway, in its grpc-gateway profile, answers otherwise than grpc-gateway v2.33, and why. A case that is not
// here must be answered alike; a row of a case that is answered alike fails its test, so that no row outlives its reason.

export interface Difference {
  /** The cases' names. */
  readonly cases: readonly string[];
  readonly reason: string;
}

/** Differences of many replies, taken out before the comparison (observe.ts, parity.test.ts). */
export const everywhere: readonly string[] = [
  "Texts of the gateways' own errors: ours name the field, its type and the position.",
  "`Grpc-Metadata-Content-Type: application/grpc` is on every reply of grpc-gateway; it is about the backend's hop.",
  "`x-forwarded-proto` is passed on too (semantics.md, Headers and metadata).",
  "The order of an inferred mask's paths: that of a Go map there, of the body here.",
];

export const differences: readonly Difference[] = [
  {
    cases: [
      "%2F in a variable of one segment",
      "a bytes variable in standard base64",
      "%2F in a variable of several segments",
      "** with %2F",
    ],
    reason:
      "Matching is on the raw path, %2F is decoded in a variable of one segment and kept in one of several: http.proto's text. grpc-gateway decodes first, so %2F cuts a segment.",
  },
  {
    cases: ["a broken percent triple in a path", "a percent sign before no digits in a path"],
    reason: "400 in both; Go's HTTP server answers in plain text before grpc-gateway sees the request.",
  },
  {
    cases: ["path bytes that are no UTF-8", "query: query bytes that are no UTF-8"],
    reason:
      "400, the client's fault; grpc-gateway answers 500, as the backend's library refuses the message.",
  },
  {
    cases: ["an int32 variable with a plus", "an int32 variable with an exponent", "query: an int32 1.0"],
    reason: "Numbers are ProtoJSON's in all profiles: 1e2 and 1.0 are integers, +12 is no number.",
  },
  {
    cases: ["an enum variable of an undeclared number", "query: an enum of an undeclared number"],
    reason: "An undeclared number is kept (semantics.md, Query parameters), as in a body in both.",
  },
  {
    cases: ["a Duration variable in Go's form"],
    reason: "Go's forms are read in paths as in queries; grpc-gateway reads them in queries only.",
  },
  {
    cases: ["** after a literal takes none"],
    reason: "`files`, the text of the path; grpc-gateway binds `files/`, which the path does not have.",
  },
  {
    cases: ["a verb", "a colon before a verb"],
    reason:
      "A registered verb comes first, whatever the declaration order; in grpc-gateway the route declared last takes it.",
  },
  {
    cases: ["an empty variable"],
    reason: "`*` needs a segment that is not empty (semantics.md, Choosing a route).",
  },
  {
    cases: ["a wrong method", "a wrong method with a body", "a custom method"],
    reason: "501 in both; ours says in Allow which methods there are.",
  },
  {
    cases: ["HEAD of a GET route", "OPTIONS of a GET route"],
    reason: "A GET route answers HEAD, and OPTIONS says what is allowed (semantics.md, Choosing a route).",
  },
  {
    cases: ["query: an unknown nested key"],
    reason: "A key that is ignored sets nothing; grpc-gateway leaves an empty message behind.",
  },
  {
    cases: ["query: a FieldMask in camelCase", "PATCH with a mask"],
    reason:
      "Both spellings of a path are read; grpc-gateway passes camelCase on and fails to print the reply.",
  },
  {
    cases: ["query: a FieldMask path of bad characters"],
    reason: "500 in both, as no JSON can hold the reply's mask; the code is INTERNAL here, UNKNOWN there.",
  },
  {
    cases: ["query: the value of an Any"],
    reason: 'An Any of an unknown type is printed as `{"@type", "value"}`; grpc-gateway answers 500.',
  },
  {
    cases: ["query: a semicolon"],
    reason: "A semicolon is a character of the value, as browsers have it; Go refuses the query.",
  },
  {
    cases: ["body: both names of one field", "body: a key twice"],
    reason: "Duplicate keys: last wins (semantics.md, Body).",
  },
  {
    cases: ["body: a second value after the first", "body: rubbish after the value"],
    reason: "Anything after the first JSON value of a unary body is 400 (semantics.md, Body).",
  },
  {
    cases: ["body: response_body of an int64"],
    reason:
      "A 64-bit integer is a text, as everywhere in ProtoJSON; grpc-gateway leaves this one to Go's JSON.",
  },
  {
    cases: ["body: raw", "raw pieces"],
    reason:
      "An HttpBody's bytes are untouched both ways (semantics.md, Body); grpc-gateway reads a JSON HttpBody and puts a line end after each piece.",
  },
  {
    cases: ["PATCH without a mask, an unknown key"],
    reason: "Unknown keys are ignored in a PATCH too; grpc-gateway ignores them until it infers a mask.",
  },
  {
    cases: ["PATCH with the paths of a mask"],
    reason:
      "The mask that a client sends is the mask; grpc-gateway infers one from the body and appends the query's paths.",
  },
  {
    cases: ["PATCH with an empty mask"],
    reason:
      "An empty update mask is filled from the body (semantics.md, Body), one that is empty in the query too.",
  },
  {
    cases: ["content type: a form on a whole body"],
    reason: "Form bodies read like a query (semantics.md, Body); grpc-gateway reads them on GET routes only.",
  },
  {
    cases: ["error: with details", "stream: an error after two items"],
    reason:
      "A detail of an unknown type stays as base64 (semantics.md, Errors); grpc-gateway cannot print the whole Status then and loses code and message.",
  },
  {
    cases: ["error: with RetryInfo"],
    reason: "RetryInfo also becomes Retry-After (semantics.md, Errors).",
  },
  {
    cases: ["stream: an error at once"],
    reason:
      'The backend sent its header before the error, and a stream\'s header is flushed at once (semantics.md, Responses): 200 and an {"error"} line.',
  },
  {
    cases: ["stream: Accept NDJSON", "stream: Accept event-stream"],
    reason: "A stream's layout is negotiated where the client asks; grpc-gateway does not read Accept here.",
  },
  {
    cases: ["stream: client, an array"],
    reason: "A client stream may be an array too (semantics.md, Body).",
  },
  {
    cases: ["header: a -bin under the prefix", "header: a -bin without padding", "header: a -bin trailer"],
    reason: "A -bin value goes out as base64; grpc-gateway writes raw bytes, which is no HTTP.",
  },
  {
    cases: ["header: Authorization under the prefix"],
    reason: "There is one authorization: the real header's; grpc-gateway sends the backend both.",
  },
  {
    cases: ["header: a grpc header under the prefix"],
    reason: "`grpc-*` is gRPC's own (semantics.md, Headers and metadata).",
  },
  {
    cases: ["header: X-Forwarded-Host"],
    reason:
      "x-forwarded-host is appended to (semantics.md, Headers and metadata); grpc-gateway keeps the client's.",
  },
  {
    cases: ["header: Traceparent"],
    reason: "A trace is continued (semantics.md, Headers and metadata).",
  },
  {
    cases: ["header: Connection lists the header"],
    reason: "What Connection lists is for this hop only (RFC 9110, section 7.6.1).",
  },
  {
    cases: ["deadline: nine digits"],
    reason:
      "A gRPC timeout has at most eight digits; a bad value is 400 (semantics.md, Headers and metadata).",
  },
  {
    cases: ["deadline: zero"],
    reason: "No time is left: 504. grpc-gateway takes 0 for no deadline.",
  },
];
