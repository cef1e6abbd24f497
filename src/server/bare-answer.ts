// The few answers that the listener gives by itself, in the shape of google.rpc.Status like all errors.
import { Header } from "../rpc/header.ts";
import type { HttpResponse } from "../wire/http-message.ts";

/** An answer that no protocol wrote. `message` is constant text, never something from a peer. */
export function bareAnswer(httpStatus: number, code: number, message: string): HttpResponse {
  const body = Buffer.from(bareText(code, message));
  return { httpStatus, header: new Header(["content-type", "application/json"]), body };
}

/** The same for a connection whose request could not be parsed: a whole HTTP/1.1 response that ends it. */
export function bareHttp1Bytes(statusLine: string, code: number, message: string): string {
  const body = bareText(code, message);
  return `HTTP/1.1 ${statusLine}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function bareText(code: number, message: string): string {
  return `{"code":${code},"message":${JSON.stringify(message)},"details":[]}`;
}

/** A status line can carry this; anything else is a mistake of ours and is answered with 500. */
export function isFinalStatus(httpStatus: number): boolean {
  return Number.isInteger(httpStatus) && httpStatus >= 200 && httpStatus <= 599;
}

/** Statuses whose responses have no body by definition (RFC 9110 §6.4.1). */
export function isBodylessStatus(httpStatus: number): boolean {
  return httpStatus === 204 || httpStatus === 304;
}
