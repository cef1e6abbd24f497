// How one method speaks REST: the choices that a profile sets, that the method's and the service's options change, and
// that the operator's config has the last word on. Resolved once per method and snapshot, never per request.
import type { JsonOptions } from "../codec/codec.ts";

/**
 * A request field that is filled from a header or a cookie where the request has one of that name. It then beats query
 * and body, since what a proxy in front has put there should not be the client's to change; without one, query and body
 * set the field as any other.
 */
export interface FieldBinding {
  /** Header or cookie name; header names in lower case. */
  readonly name: string;
  /** Field path of the request message by proto name: `user_id`, `context.tenant`. */
  readonly field: string;
}

export type StreamFormatName = "array" | "ndjson" | "sse";

export interface RestPolicy {
  /** How JSON is read and printed. `unknownFields` also decides about unknown query parameters. */
  readonly json: JsonOptions;
  /** Whether an empty update mask of a PATCH is filled from the body. */
  readonly updateMask: "keep" | "infer";
  /** HTTP status of a good unary reply: 200 to 299. With 204 there is no body. */
  readonly successStatus: number;
  /**
   * What becomes `Location`: a field path of the reply, or a text with such paths in braces, `/v1/{book.name}`; empty =
   * none. Without a value of its own a reply has no Location.
   */
  readonly location: string;
  /** Layout of a reply stream where `Accept` names none. */
  readonly streamFormat: StreamFormatName;
  /** Whether each message of a reply stream stands in {"result":…} and an error in {"error":…}, one a line. */
  readonly streamEnvelope: boolean;
  readonly headerBindings: readonly FieldBinding[];
  readonly cookieBindings: readonly FieldBinding[];
}
