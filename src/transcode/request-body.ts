// The body of a request as fields of the request message: JSON, protobuf binary, a form, or the raw bytes of an
// HttpBody, for the whole message (`body: "*"`) or for one field of it.
// Source: google/api/http.proto (HttpRule.body); google/api/httpbody.proto; semantics "Body".
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { mediaTypeOf } from "../wire/accept.ts";
import { type ProtobufWriter, WireType } from "../wire/protobuf-writer.ts";
import type { Dialect } from "./dialect.ts";
import { closeSubmessage, fieldType, missingField, openSubmessage } from "./field-path.ts";
import { checkWellFormed, type FieldTree } from "./field-tree.ts";
import { isHttpBody, writeHttpBody } from "./http-body.ts";
import type { ParameterScope } from "./parameter-target.ts";
import { createFormReader } from "./request-form.ts";
import type { FormPart } from "./route.ts";

export interface RequestBody {
  /** Whether bytes go into an HttpBody untouched. */
  readonly raw: boolean;
  /** Type of what it carries, for `explain`. */
  readonly type: string;
  /** The field it carries; absent for the whole message and for none. */
  readonly field?: DescField;
  /** The request message, where the body is all of it. */
  readonly message?: DescMessage;
  /**
   * Appends what a body says; nothing for an empty one, which is an empty message.
   * @param nested see `ParameterState.nested`
   * @throws RpcError INVALID_ARGUMENT naming field path, expected type and position
   */
  write(body: Uint8Array, contentType: string, writer: ProtobufWriter, nested: FieldTree): void;
  /**
   * Appends what the parts of a multipart form say.
   * @throws RpcError INVALID_ARGUMENT naming the form field
   */
  writeForm(form: readonly FormPart[], writer: ProtobufWriter, nested: FieldTree): void;
}

export interface RequestBodyOptions extends ParameterScope {
  readonly codec: Codec;
  readonly dialect: Pick<Dialect, "bodyWithoutRule">;
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

function noBody({ bodyWithoutRule }: RequestBodyOptions["dialect"]): RequestBody {
  const refuse = ({ length }: { readonly length: number }): void => {
    if (length === 0 || bodyWithoutRule === "ignore") return;
    throw refusal("this method takes no body, its parameters go into path and query");
  };
  return { raw: false, type: "", write: refuse, writeForm: refuse };
}

/** The bytes of a form are what an HttpBody carries; its parts have no place of their own. */
function noParts(): never {
  throw refusal("this method takes the bytes of a form, not its parts");
}

function rawMessage(input: DescMessage): RequestBody {
  return {
    raw: true,
    type: input.typeName,
    write(bytes, contentType, writer) {
      if (bytes.length > 0 || contentType !== "") writeHttpBody(writer, contentType, bytes);
    },
    writeForm: noParts,
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
    writeForm: noParts,
  };
}

function wholeMessage(options: RequestBodyOptions): RequestBody {
  const { input, codec } = options;
  const form = createFormReader({ ...options, under: [] });
  return {
    raw: false,
    type: input.typeName,
    message: input,
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
        case "form":
          form.writeText(bytes, writer, nested);
          return;
        case "multipart":
          throw partsRefusal();
      }
    },
    writeForm: form.writeParts,
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
        case "form":
          if (form === undefined) throw refuseFormat("a form");
          form.writeText(bytes, writer, nested);
          return;
        case "multipart":
          throw partsRefusal();
      }
    },
    writeForm(parts, writer, nested) {
      if (form !== undefined) form.writeParts(parts, writer, nested);
      else if (!writeOnlyFile(field, parts, writer)) throw refuseFormat("a form");
    },
  };
}

/** A form with one part that is a file goes into bytes, whatever its name: there is but one place for it. */
function writeOnlyFile(field: DescField, parts: readonly FormPart[], writer: ProtobufWriter): boolean {
  const [file] = parts;
  const fits = field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES;
  if (!fits || parts.length !== 1 || !file?.file) return false;
  writer.tag(field.number, WireType.LENGTH);
  writer.lengthPrefixed(file.bytes);
  return true;
}

/** Parsing a multipart form is the protocol's, which streams it; bytes of one here were not parsed. */
function partsRefusal(): RpcError {
  return refusal("the parts of a multipart form cannot be bound here");
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
