// The body of a request as fields of the request message: JSON, protobuf binary, a form, or the raw bytes of an
// HttpBody, for the whole message (`body: "*"`) or for one field of it.
// Source: google/api/http.proto (HttpRule.body); google/api/httpbody.proto; semantics "Body".
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { mediaTypeOf } from "../wire/accept.ts";
import type { ProtobufWriter } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import { closeSubmessage, type FieldPath, fieldType, missingField, openSubmessage } from "./field-path.ts";
import { checkWellFormed, type FieldTree } from "./field-tree.ts";
import { isHttpBody, writeHttpBody } from "./http-body.ts";
import { createFormReader } from "./request-form.ts";
import type { TextFields } from "./text-fields.ts";

export interface RequestBody {
  /** Whether bytes go into an HttpBody untouched. */
  readonly raw: boolean;
  /** Type of what it carries, for `explain`. */
  readonly type: string;
  /** The field it carries; absent for the whole message and for none. */
  readonly field?: DescField;
  /**
   * Appends what a body says; nothing for an empty one, which is an empty message.
   * @param nested see `QueryParameters.write`
   * @throws RpcError INVALID_ARGUMENT naming field path, expected type and position
   */
  write(body: Uint8Array, contentType: string, writer: ProtobufWriter, nested: FieldTree): void;
}

export interface RequestBodyOptions {
  readonly input: DescMessage;
  /** The rule's body: empty, `*`, or a field of the request message. */
  readonly body: string;
  readonly pathFields: readonly FieldPath[];
  readonly codec: Codec;
  readonly dialect: Dialect;
  readonly textFields: TextFields;
}

/** Compiles a rule's body; a reason where it names no field. */
export function compileRequestBody(options: RequestBodyOptions): RequestBody | string {
  const { input, body, codec, dialect } = options;
  if (body === "") return noBody(dialect);
  if (body === "*") return isHttpBody(input) ? rawMessage(input) : wholeMessage(options);
  const field = input.fields.find(({ name }) => name === body);
  if (field === undefined) return `body: ${missingField(input, body)}`;
  if (field.fieldKind === "message" && isHttpBody(field.message)) return rawField(field);
  return oneField(field, codec, options);
}

function noBody(dialect: Dialect): RequestBody {
  return {
    raw: false,
    type: "",
    write(bytes) {
      if (bytes.length === 0 || dialect.bodyWithoutRule === "ignore") return;
      throw refusal("this method takes no body, its parameters go into path and query");
    },
  };
}

function rawMessage(input: DescMessage): RequestBody {
  return {
    raw: true,
    type: input.typeName,
    write(bytes, contentType, writer) {
      if (bytes.length > 0 || contentType !== "") writeHttpBody(writer, contentType, bytes);
    },
  };
}

function rawField(field: DescField): RequestBody {
  return {
    raw: true,
    type: fieldType(field),
    field,
    write(bytes, contentType, writer) {
      if (bytes.length === 0 && contentType === "") return;
      const mark = openSubmessage(writer, field);
      writeHttpBody(writer, contentType, bytes);
      closeSubmessage(writer, field, mark);
    },
  };
}

function wholeMessage(options: RequestBodyOptions): RequestBody {
  const { input, codec } = options;
  const form = createFormReader({ ...options, under: [] });
  return {
    raw: false,
    type: input.typeName,
    write(bytes, contentType, writer, nested) {
      if (bytes.length === 0) return;
      switch (bodyFormat(contentType)) {
        case "protobuf":
          checkWellFormed(bytes);
          writer.raw(bytes);
          return;
        case "json":
          writer.raw(codec.message(input).decodeJson(bytes));
          return;
        default:
          form(bytes, contentType, writer, nested);
      }
    },
  };
}

function oneField(field: DescField, codec: Codec, options: RequestBodyOptions): RequestBody {
  const form = field.fieldKind === "message" ? createFormReader({ ...options, under: [field] }) : undefined;
  const refuseFormat = (format: string): RpcError =>
    refusal(`the body is the field "${field.name}", ${fieldType(field)}, which ${format} cannot carry alone`);
  return {
    raw: false,
    type: fieldType(field),
    field,
    write(bytes, contentType, writer, nested) {
      if (bytes.length === 0) return;
      switch (bodyFormat(contentType)) {
        case "protobuf": {
          if (field.fieldKind !== "message") throw refuseFormat("protobuf");
          checkWellFormed(bytes);
          const mark = openSubmessage(writer, field);
          writer.raw(bytes);
          closeSubmessage(writer, field, mark);
          return;
        }
        case "json":
          writer.raw(codec.field(field).decodeJson(bytes));
          return;
        default:
          if (form === undefined) throw refuseFormat("a form");
          form(bytes, contentType, writer, nested);
      }
    },
  };
}

function refusal(reason: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, `body: ${reason}`);
}

/** Whatever names no other format is read as JSON; which types a route answers 415 to is decided by the protocol. */
export function bodyFormat(contentType: string): "json" | "protobuf" | "form" | "multipart" {
  switch (mediaTypeOf(contentType)) {
    case "application/protobuf":
    case "application/x-protobuf":
      return "protobuf";
    case "application/x-www-form-urlencoded":
      return "form";
    case "multipart/form-data":
      return "multipart";
    default:
      return "json";
  }
}
