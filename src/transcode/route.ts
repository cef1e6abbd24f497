// The contract of a compiled route: what a `google.api.http` rule has become, ready to serve requests.
import type { DescMethod } from "@bufbuild/protobuf";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import type { MethodInfo } from "../rpc/method.ts";

/** A rule for a method, with where it was written. */
export interface RouteRule {
  readonly method: DescMethod;
  /** With its `additional_bindings`, which become routes of their own. */
  readonly rule: HttpRule;
  /** `annotation in library.proto` or `api.yaml:12:5`. */
  readonly origin: string;
  /** A service-config rule beats an annotation that claims the same template and method. */
  readonly precedence: "service-config" | "annotation";
}

/** The parts of an HTTP request that bind into a request message. */
export interface RequestParts {
  /** Raw text of each template variable, in the template's order, percent triples untouched. */
  readonly captures: readonly string[];
  /** Raw query without `?`. */
  readonly query: string;
  /** The whole body; empty where there is none. */
  readonly body: Uint8Array;
  /**
   * Content-Type of the request; empty where there is none. Kept by HttpBody; `application/protobuf` and
   * `application/x-www-form-urlencoded` bodies are read as such, all others as JSON.
   */
  readonly contentType: string;
}

/** What a reply message looks like on REST. */
export interface ReplyBody {
  readonly contentType: string;
  /** Text for JSON, the bytes themselves for an HttpBody. */
  readonly content: string | Uint8Array;
}

export interface Route {
  /** Upper case; `*` accepts every method. */
  readonly httpMethod: string;
  /** As written: `/v1/{name=shelves/*}:cancel`. */
  readonly template: string;
  readonly method: DescMethod;
  readonly info: MethodInfo;
  /** `""` none, `"*"` whole message, else the field's name. */
  readonly body: string;
  /** `""` whole reply, else the field's name. */
  readonly responseBody: string;
  readonly origin: string;
  /** Whether request bytes go into a `google.api.HttpBody` untouched instead of being read as JSON. */
  readonly rawRequestBody: boolean;
  /** Whether replies are the bytes of a `google.api.HttpBody`. */
  readonly rawReplyBody: boolean;
  /**
   * Binds path, query and body into one binary request message. Path beats query and body on the same field.
   * @throws RpcError INVALID_ARGUMENT naming the variable, parameter or field path, and the expected type
   */
  bind(parts: RequestParts): Uint8Array;
  /**
   * Binds a body alone: the messages of a client stream after the first, which is the only one that path and query go
   * into.
   * @throws RpcError INVALID_ARGUMENT as `bind`
   */
  bindBody(body: Uint8Array, contentType: string): Uint8Array;
  /**
   * A reply message as a body: JSON of the message or of its `response_body` field, or the bytes of an HttpBody.
   * @throws RpcError INTERNAL when the backend's bytes are no such message
   */
  encodeReply(message: Uint8Array): ReplyBody;
  /** What `bind` would do with a request, told piece by piece; never throws. */
  explainBinding(parts: RequestParts): readonly BindingStep[];
}

/** One thing that binding did: `query.view=FULL → view: BookView FULL`. */
export interface BindingStep {
  readonly from: "path" | "query" | "body";
  /** Variable or query key as spelled; `*` or the field for a body. */
  readonly key: string;
  /** The text that was bound, shortened where it is long. */
  readonly text: string;
  /** Field path by proto name: `book.author.name`; absent where nothing is bound. */
  readonly field?: string;
  /** The field's type: `int64`, `demo.library.v1.BookView`. */
  readonly type?: string;
  readonly outcome: "bound" | "ignored" | "refused";
  /** Why it was ignored or refused. */
  readonly reason?: string;
}

/** A rule that could not become a route. */
export interface RefusedRoute {
  readonly httpMethod: string;
  readonly template: string;
  readonly methodName: string;
  readonly origin: string;
  /** `column 12: a variable inside a variable`, `body: no field "bok" in demo.Book`. */
  readonly reason: string;
}

/** A route that never matches because another with the same template and method stands before it. */
export interface ShadowedRoute {
  readonly route: Route;
  readonly by: Route;
}

export interface RouteTable {
  /** Those that serve, without the shadowed ones; in source and declaration order. */
  readonly routes: readonly Route[];
  readonly refused: readonly RefusedRoute[];
  readonly shadowed: readonly ShadowedRoute[];
}
