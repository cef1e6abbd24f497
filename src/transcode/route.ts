// The contract of a compiled route: what a `google.api.http` rule has become, ready to serve requests.
import type { DescMethod } from "@bufbuild/protobuf";
import type { HttpRule } from "../gen/google/api/http_pb.ts";
import type { Header } from "../rpc/header.ts";
import type { MethodInfo } from "../rpc/method.ts";
import type { RestPolicy, StreamFormatName } from "./rest-policy.ts";

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
  /** Raw query without `?`; for `bind` without the system parameters, see `takeSystemParameters`. */
  readonly query: string;
  /** The request's header as received: header and cookie bindings read it. */
  readonly header: Header;
  /** The whole body; empty where there is none. */
  readonly body: Uint8Array;
  /**
   * Content-Type of the request; empty where there is none. Kept by HttpBody; `application/protobuf` and
   * `application/x-www-form-urlencoded` bodies are read as such, all others as JSON. The parts of a multipart form go
   * into `bindForm`.
   */
  readonly contentType: string;
}

/** One part of a multipart form. */
export interface FormPart {
  readonly name: string;
  /** Empty where the part names none. */
  readonly contentType: string;
  /** Whether it names a file, so that its bytes are content and no text. */
  readonly file: boolean;
  readonly bytes: Uint8Array;
}

/** How a client wants a reply printed, beyond what the method's policy says. */
export interface ReplyForm {
  /** Default `json`. An HttpBody stays what it is. */
  readonly format?: "json" | "protobuf";
  /** Prints enums as numbers, whatever the policy says. */
  readonly enumNumbers?: boolean;
  /** Indented JSON. */
  readonly pretty?: boolean;
  /** Partial response: `a,b(c,d),e/f,*`; empty = everything. See `partial-response.ts`. */
  readonly fields?: string;
  /** The header that says so, for messages; absent for the query. */
  readonly fieldsFrom?: string;
  /** Layout of a reply stream, where the query asks for one (`$alt=sse`). */
  readonly streamFormat?: StreamFormatName;
}

/** What a reply message looks like on REST. */
export interface ReplyBody {
  readonly contentType: string;
  /** Text for JSON, the bytes themselves for an HttpBody and for protobuf. */
  readonly content: string | Uint8Array;
}

export interface Route {
  /** Upper case; `*` accepts every method. */
  readonly httpMethod: string;
  /** As written: `/v1/{name=shelves/*}:cancel`. */
  readonly template: string;
  readonly method: DescMethod;
  readonly info: MethodInfo;
  readonly policy: RestPolicy;
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
   * Binds path, query, header, cookies and body into one binary request message. On the same field the path beats a
   * bound header, that a bound cookie, that the query, and that the body.
   * @throws RpcError INVALID_ARGUMENT naming the variable, header, parameter or field path, and the expected type
   */
  bind(parts: RequestParts): Uint8Array;
  /**
   * Binds a body alone: the messages of a client stream after the first, which is the only one that path and query go
   * into.
   * @throws RpcError INVALID_ARGUMENT as `bind`
   */
  bindBody(body: Uint8Array, contentType: string): Uint8Array;
  /**
   * Binds the parts of a multipart form, by name, as the body; a file goes untouched into bytes or an HttpBody. Not for
   * routes with `rawRequestBody`, whose bytes are the form itself.
   * @param parts path, query and header; absent for the messages of a client stream after the first
   * @throws RpcError INVALID_ARGUMENT as `bind`, naming the form field
   */
  bindForm(form: readonly FormPart[], parts?: Omit<RequestParts, "body">): Uint8Array;
  /**
   * Whether a reply can have a form, to be asked before the backend is: that its `fields` name fields.
   * @throws RpcError INVALID_ARGUMENT naming the field
   */
  checkReplyForm(form: ReplyForm): void;
  /**
   * A reply message as a body: JSON of the message or of its `response_body` field, or the bytes of an HttpBody. As
   * protobuf a `response_body` that is a message stands alone, any other field in its otherwise empty reply message.
   * @throws RpcError INTERNAL when the backend's bytes are no such message
   */
  encodeReply(message: Uint8Array, form?: ReplyForm): ReplyBody;
  /**
   * What the policy's `location` says of a reply, as a header value; undefined where it says nothing.
   * @throws RpcError INTERNAL when the backend's bytes are no such message
   */
  locationOf(message: Uint8Array): string | undefined;
  /** System parameters that are fields of the request message here, so that the query binds them: `key`, `fields`. */
  readonly ownParameters: ReadonlySet<string>;
  /** What `bind` would do with a request (its query as received), told piece by piece; never throws. */
  explainBinding(parts: RequestParts): readonly BindingStep[];
}

/** One thing that binding did: `query.view=FULL → view: BookView FULL`. */
export interface BindingStep {
  readonly from: "path" | "query" | "header" | "cookie" | "body" | "system";
  /** Variable, query key, header or cookie as spelled; `*`, the field or a JSON path for a body. */
  readonly key: string;
  /** The text that was bound, shortened where it is long. */
  readonly text: string;
  /** Field path by proto name: `book.author.name`; absent where nothing is bound. */
  readonly field?: string;
  /** The field's type: `int64`, `demo.library.v1.BookView`. */
  readonly type?: string;
  readonly outcome: "bound" | "ignored" | "refused";
  /** Why it was ignored or refused, or by whose word it was bound. */
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

/** A setting of a method's policy that names no such field: it is left out, its routes serve on. */
export interface RefusedSetting {
  /** `demo.library.v1.Library/GetBook` */
  readonly methodName: string;
  /** `header x-tenant`, `cookie session`, `location` */
  readonly setting: string;
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
  readonly refusedSettings: readonly RefusedSetting[];
}
