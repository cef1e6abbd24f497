// The REST dialects ("profiles"), each a table of choices in this one place; no other file asks for a profile's name.
// Source: semantics of grpc-gateway v2 and of Google's own front end where they differ from ours.

export type ProfileName = "standard" | "grpc-gateway" | "google";

export interface Dialect {
  readonly name: ProfileName;
  /** How a variable of several segments is percent-decoded. `except-slash`: everything but `%2F`, http.proto's text. */
  readonly unescape: "except-slash" | "all-except-reserved" | "all";
  /** A repeated field may be bound from a path variable, as comma-separated values. */
  readonly repeatedPathVariables: boolean;
  /** Query keys and JSON keys that name no field. */
  readonly unknownFields: "refuse" | "ignore";
  /** `json`: true, false. `python`: also True, False. `go`: 1, t, T, TRUE, true, True and their opposites. */
  readonly boolForms: "json" | "python" | "go";
  /** `json`: 3.5s. `go`: also 1h30m, 300ms. */
  readonly durationForms: "json" | "go";
  /** Bytes in the body of a route whose rule has no `body`. */
  readonly bodyWithoutRule: "refuse" | "ignore";
  /** An empty update mask of a PATCH: left empty, or filled with the fields that the JSON body names. */
  readonly updateMask: "keep" | "infer";
  /** Prints unset fields in replies. */
  readonly emitDefaults: boolean;
  /** What a known path with a method that no route has is answered with. */
  readonly wrongMethod: "method-not-allowed" | "not-implemented";
  /** `plain`: {"code","message","details"}. `google`: {"error":{"code","status","message","details"}}. */
  readonly errorShape: "plain" | "google";
  /** Server streams: bare messages, or each in {"result":…} with a last {"error":…}, one a line. */
  readonly streamShape: "bare" | "result-lines";
}

const standard: Dialect = {
  name: "standard",
  unescape: "except-slash",
  repeatedPathVariables: false,
  unknownFields: "refuse",
  boolForms: "json",
  durationForms: "json",
  bodyWithoutRule: "refuse",
  updateMask: "keep",
  emitDefaults: false,
  wrongMethod: "method-not-allowed",
  errorShape: "plain",
  streamShape: "bare",
};

export const dialects: Readonly<Record<ProfileName, Dialect>> = {
  standard,
  "grpc-gateway": {
    ...standard,
    name: "grpc-gateway",
    repeatedPathVariables: true,
    unknownFields: "ignore",
    boolForms: "go",
    durationForms: "go",
    bodyWithoutRule: "ignore",
    updateMask: "infer",
    emitDefaults: true,
    wrongMethod: "not-implemented",
    streamShape: "result-lines",
  },
  google: { ...standard, name: "google", boolForms: "python", errorShape: "google" },
};
