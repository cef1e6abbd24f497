// The REST dialects ("profiles"), each a table of choices in this one place; no other file asks for a profile's name.
// Source: semantics of grpc-gateway v2 and of Google's own front end where they differ from ours.
import { defaultJsonOptions } from "../codec/codec.ts";
import type { RestPolicy } from "./rest-policy.ts";

export type ProfileName = "standard" | "grpc-gateway" | "google";

export interface Dialect {
  readonly name: ProfileName;
  /** What a method does that neither its options nor the config say otherwise of. */
  readonly policy: RestPolicy;
  /** How a variable of several segments is percent-decoded. `except-slash`: everything but `%2F`, http.proto's text. */
  readonly unescape: "except-slash" | "all-except-reserved" | "all";
  /** A repeated field may be bound from a path variable, as comma-separated values. */
  readonly repeatedPathVariables: boolean;
  /** `json`: true, false. `python`: also True, False. `go`: 1, t, T, TRUE, true, True and their opposites. */
  readonly boolForms: "json" | "python" | "go";
  /** `json`: 3.5s. `go`: also 1h30m, 300ms, +5s. */
  readonly durationForms: "json" | "go";
  /** Where defaults are printed, `null` for unset messages too; see `JsonOptions.emitNulls`. For whoever makes the codecs. */
  readonly emitNulls: boolean;
  /** Bytes in the body of a route whose rule has no `body`. */
  readonly bodyWithoutRule: "refuse" | "ignore";
  /**
   * What bodies are read as. `declared`: what their Content-Type says, 415 where that is nothing readable.
   * `any-is-json`: JSON, whatever it says, but for forms and protobuf; a form that looks like JSON is JSON too.
   */
  readonly bodyTypes: "declared" | "any-is-json";
  /** `google`: `$alt`, `fields`, `key` and their kin are taken out of the query before it binds. */
  readonly systemParameters: "none" | "google";
  /** Which request headers become metadata and under which names, and what trailers are called. */
  readonly metadataRules: "standard" | "grpc-gateway" | "google";
  /** What a known path with a method that no route has is answered with. */
  readonly wrongMethod: "method-not-allowed" | "not-implemented";
  /** Whether a POSTed form reaches a GET route as its query, where the path has no POST. */
  readonly formPost: boolean;
  /** `plain`: {"code","message","details"}. `google`: {"error":{"code","status","message","details"}}. */
  readonly errorShape: "plain" | "google";
}

const standard: Dialect = {
  name: "standard",
  policy: {
    json: defaultJsonOptions,
    updateMask: "keep",
    successStatus: 200,
    location: "",
    streamFormat: "array",
    streamEnvelope: false,
    headerBindings: [],
    cookieBindings: [],
  },
  unescape: "except-slash",
  repeatedPathVariables: false,
  boolForms: "json",
  durationForms: "json",
  emitNulls: false,
  bodyWithoutRule: "refuse",
  bodyTypes: "declared",
  systemParameters: "none",
  metadataRules: "standard",
  wrongMethod: "method-not-allowed",
  formPost: false,
  errorShape: "plain",
};

export const dialects: Readonly<Record<ProfileName, Dialect>> = {
  standard,
  "grpc-gateway": {
    ...standard,
    name: "grpc-gateway",
    policy: {
      ...standard.policy,
      json: { ...defaultJsonOptions, unknownFields: "ignore", emitDefaults: true },
      updateMask: "infer",
      streamFormat: "ndjson",
      streamEnvelope: true,
    },
    repeatedPathVariables: true,
    boolForms: "go",
    durationForms: "go",
    emitNulls: true,
    bodyWithoutRule: "ignore",
    bodyTypes: "any-is-json",
    metadataRules: "grpc-gateway",
    wrongMethod: "not-implemented",
    formPost: true,
  },
  google: {
    ...standard,
    name: "google",
    boolForms: "python",
    systemParameters: "google",
    metadataRules: "google",
    errorShape: "google",
  },
};
