// A reply message as an HTTP body: JSON or protobuf of the message or of its `response_body` field, or the bytes of an
// HttpBody.
// Source: google/api/http.proto (HttpRule.response_body); google/api/httpbody.proto; semantics "Responses".
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Codec, JsonOptions } from "../codec/codec.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { ProtobufReader } from "../wire/protobuf-reader.ts";
import { ProtobufWriter } from "../wire/protobuf-writer.ts";
import { checkInside, checkSelection, filterField, filterMessage } from "./field-filter.ts";
import { missingField } from "./field-path.ts";
import { contentsOf } from "./field-tree.ts";
import { isHttpBody, readHttpBody } from "./http-body.ts";
import { parseFields, type Selection } from "./partial-response.ts";
import { prettyJson } from "./pretty-json.ts";
import type { RestPolicy } from "./rest-policy.ts";
import type { ReplyBody, ReplyForm } from "./route.ts";

export interface ReplyBodyWriter {
  /** Whether replies are the bytes of an HttpBody. */
  readonly raw: boolean;
  /** See `Route.checkReplyForm`. */
  check(form: ReplyForm): void;
  /** See `Route.encodeReply`. */
  encode(message: Uint8Array, form?: ReplyForm): ReplyBody;
}

export interface ReplyBodyScope {
  readonly policy: RestPolicy;
  /** Under the policy's JSON options. */
  readonly codec: Codec;
  readonly codecOf: (json: JsonOptions) => Codec;
}

/** Compiles a rule's response_body; a reason where it names no field. */
export function compileReplyBody(
  output: DescMessage,
  responseBody: string,
  scope: ReplyBodyScope,
): ReplyBodyWriter | string {
  if (responseBody === "") {
    if (isHttpBody(output)) return rawBody(readHttpBody);
    return formedBody(scope, {
      print: (codec, message) => codec.message(output).encodeJson(message),
      binary: (message) => message,
      check: (selection) => checkSelection(output, selection),
      filter: (message, selection) => filterMessage(message, output, selection),
    });
  }
  const field = output.fields.find(({ name }) => name === responseBody);
  if (field === undefined) return `response_body: ${missingField(output, responseBody)}`;
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return rawBody((message) => readHttpBody(contentOf(message, field)));
  }
  return formedBody(scope, {
    print: (codec, message) => codec.field(field).encodeJson(message),
    binary: (message) =>
      field.fieldKind === "message" ? contentOf(message, field) : onlyField(message, field),
    check: (selection) => checkInside(field, selection),
    filter: (message, selection) => filterField(message, field, selection),
  });
}

function rawBody(encode: (message: Uint8Array) => ReplyBody): ReplyBodyWriter {
  return { raw: true, check: () => {}, encode: (message) => encode(message) };
}

/** What a body is made of: the whole message or one field. */
interface Content {
  print(codec: Codec, message: Uint8Array): string;
  binary(message: Uint8Array): Uint8Array;
  check(selection: Selection): string | undefined;
  filter(message: Uint8Array, selection: Selection): Uint8Array;
}

function formedBody({ policy, codec, codecOf }: ReplyBodyScope, content: Content): ReplyBodyWriter {
  // A stream asks for the same selection with each of its messages.
  let known: { readonly fields: string; readonly selection: Selection } | undefined;
  const selectionOf = ({ fields = "", fieldsFrom }: ReplyForm): Selection => {
    if (known?.fields === fields) return known.selection;
    const refuse = (reason: string): RpcError => {
      const origin = fieldsFrom === undefined ? 'query parameter "fields"' : `header "${fieldsFrom}"`;
      return new RpcError(Code.INVALID_ARGUMENT, `${origin}: ${reason}`);
    };
    const parsed = parseFields(fields);
    if (parsed.kind === "refusal") throw refuse(`column ${parsed.column}: ${parsed.reason}`);
    const { selection } = parsed;
    const reason = isAll(selection) ? undefined : content.check(selection);
    if (reason !== undefined) throw refuse(reason);
    known = { fields, selection };
    return selection;
  };

  const others = new Map<string, Codec>();
  const codecFor = ({ enumNumbers = policy.json.enumNumbers, fields = "" }: ReplyForm): Codec => {
    // What is not selected is not there, so it must not be printed as a default either.
    const emitDefaults = policy.json.emitDefaults && fields === "";
    if (enumNumbers === policy.json.enumNumbers && emitDefaults === policy.json.emitDefaults) return codec;
    const key = `${enumNumbers} ${emitDefaults}`;
    let other = others.get(key);
    if (other === undefined) {
      other = codecOf({ ...policy.json, enumNumbers, emitDefaults });
      others.set(key, other);
    }
    return other;
  };

  return {
    raw: false,
    check(form) {
      if (form.fields !== undefined && form.fields !== "") selectionOf(form);
    },
    encode(message, form) {
      if (form === undefined)
        return { contentType: "application/json", content: content.print(codec, message) };
      const { format, pretty, fields = "" } = form;
      const selection = fields === "" ? undefined : selectionOf(form);
      const selected =
        selection === undefined || isAll(selection) ? message : content.filter(message, selection);
      if (format === "protobuf") {
        return { contentType: "application/protobuf", content: content.binary(selected) };
      }
      const text = content.print(codecFor(form), selected);
      return { contentType: "application/json", content: pretty === true ? prettyJson(text) : text };
    },
  };
}

/** Nothing in particular, or `*`. */
function isAll({ whole, inside }: Selection): boolean {
  return whole || inside.get("*")?.whole === true;
}

/** The records of one field, which are a message of the reply's type. */
function onlyField(message: Uint8Array, field: DescField): Uint8Array {
  const writer = new ProtobufWriter(message.length + 16);
  const reader = new ProtobufReader(message, Code.INTERNAL);
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    reader.skip(tag);
    if (tag >>> 3 === field.number) writer.rawRange(message, start, reader.pos);
  }
  return writer.finish();
}

/** The content of a message field; of several occurrences, which merge, all of it. */
function contentOf(message: Uint8Array, field: DescField): Uint8Array {
  const contents = contentsOf(message, field.number, Code.INTERNAL);
  const [only] = contents;
  return contents.length === 1 && only !== undefined ? only : Buffer.concat(contents);
}
