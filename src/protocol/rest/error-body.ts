// The body of an error in the form that the client reads: the dialect's JSON, a problem of RFC 9457, or a binary
// google.rpc.Status for clients that speak nothing but protobuf.
// Sources: RFC 9457 §3.1 (members; `about:blank` where the type says no more than the HTTP status); google/rpc/status.proto.
import { create, toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { RpcError } from "../../rpc/rpc-error.ts";
import type { ReplyForm } from "../../transcode/route.ts";
import { acceptsByName, negotiateMediaType } from "../../wire/accept.ts";
import type { BodyPiece } from "../../wire/http-message.ts";
import type { StatusFormat } from "./status-format.ts";

const problemType = "application/problem+json";
const offers = ["application/json", "application/protobuf", "application/x-protobuf"] as const;
const offersWithProblem = [problemType, ...offers] as const;

export interface ErrorBody {
  readonly contentType: string;
  readonly content: BodyPiece;
}

/**
 * The body of an error. A client that accepts none of the forms gets JSON: the error is worth more than its form.
 * @param accept the request's `Accept`
 * @param form what the query says of replies; it beats `Accept`
 */
export function formatError(
  error: RpcError,
  httpStatus: number,
  formatStatus: StatusFormat,
  accept?: string,
  form?: ReplyForm,
): ErrorBody {
  const contentType = errorTypeOf(accept, form);
  switch (contentType) {
    case problemType:
      return { contentType, content: formatProblem(error, httpStatus, formatStatus) };
    case "application/json":
      return { contentType, content: formatStatus(error, httpStatus) };
    default:
      return { contentType, content: encodeStatus(error) };
  }
}

function errorTypeOf(
  accept: string | undefined,
  form: ReplyForm | undefined,
): (typeof offersWithProblem)[number] {
  if (form?.format === "protobuf") return "application/protobuf";
  if (form?.format === "json" || accept === undefined) return "application/json";
  // No reply is ever a problem: who names the type beside JSON means errors by it, while */* does not mean it.
  const known = acceptsByName(accept, problemType) ? offersWithProblem : offers;
  return negotiateMediaType(accept, known) ?? "application/json";
}

function formatProblem(error: RpcError, httpStatus: number, formatStatus: StatusFormat): string {
  const title = JSON.stringify(titles.get(httpStatus) ?? "Error");
  const detail = JSON.stringify(error.rawMessage);
  const details = formatStatus.details(error.details);
  return `{"type":"about:blank","title":${title},"status":${httpStatus},"detail":${detail},"code":${error.code},"details":${details}}`;
}

/** The HTTP statuses of errors by their names in IANA's registry; 499 by nginx's, who invented it. */
const titles: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [409, "Conflict"],
  [413, "Content Too Large"],
  [415, "Unsupported Media Type"],
  [429, "Too Many Requests"],
  [499, "Client Closed Request"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

function encodeStatus({ code, rawMessage, details }: RpcError): Uint8Array {
  const status = create(StatusSchema, {
    code,
    message: rawMessage.toWellFormed(),
    details: details.map(({ typeUrl, value }) => ({
      $typeName: "google.protobuf.Any" as const,
      typeUrl: typeUrl.toWellFormed(),
      value,
    })),
  });
  return toBinary(StatusSchema, status);
}
