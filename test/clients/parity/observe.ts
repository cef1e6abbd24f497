// What of a reply is compared: status, body (parsed where it is JSON), the headers that a client acts on. What must
// differ between two servers (addresses, dates, their own user agents) is taken out, the texts of errors that a gateway
// words itself too, and the differences that every reply has (`everywhere` in differences.ts).
import type { IncomingHttpHeaders } from "node:http";
import { httpCall } from "../../matrix/http-client.ts";
import type { ParityCase } from "./parity-case.ts";

export interface Observation {
  readonly status: number;
  readonly header: Readonly<Record<string, string>>;
  readonly trailer: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A header is compared where this matches; `grpc-metadata-content-type` is the backend's, which tells nobody a thing. */
const comparedHeader =
  /^(content-type|allow|location|retry-after|grpc-(?!metadata-content-type).*|x-.*|set-cookie)$/;
/** Metadata that gRPC libraries and gateways add in their own name. */
const ownMetadata = new Set([
  ":authority",
  "content-type",
  "grpc-accept-encoding",
  "accept-encoding",
  "user-agent",
  "x-forwarded-proto",
]);

/** What a gateway answers, or how it breaks HTTP. */
export async function observe(url: string, { path, message, ...call }: ParityCase): Promise<Observation> {
  const reply = await httpCall(url, path, call);
  return {
    status: reply.status,
    header: comparable(reply.header, url),
    trailer: comparable(reply.trailer, url),
    body: comparableBody(parsed(reply.text), url, reply.status >= 400 && message !== "compared"),
  };
}

function comparable(header: IncomingHttpHeaders, url: string): Record<string, string> {
  const kept = Object.entries(header)
    .filter(([name]) => comparedHeader.test(name))
    .map(([name, value]) => [name, anonymous(String(value), url)] as const);
  return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** One JSON value, several of them one a line, or the text as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not one value.
  }
  try {
    const lines = text.trimEnd().split("\n");
    return { lines: lines.map((line): unknown => JSON.parse(line)) };
  } catch {
    return { text };
  }
}

function comparableBody(body: unknown, url: string, dropsMessage: boolean): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const copy: Record<string, unknown> = { ...body };
  if (dropsMessage) delete copy.message;
  // The order of an inferred mask is that of a Go map.
  if (typeof copy.updateMask === "string") copy.updateMask = copy.updateMask.split(",").sort().join();
  // EchoHeaderReply: the metadata that the backend saw.
  if (Array.isArray(copy.entries)) {
    const entries = copy.entries as readonly { readonly key: string; readonly text: string }[];
    copy.entries = entries
      .filter(({ key }) => !ownMetadata.has(key))
      .map((entry) => ({ ...entry, text: anonymous(entry.text, url) }));
  }
  return copy;
}

function anonymous(text: string, url: string): string {
  return text.replaceAll(new URL(url).host, "GATEWAY");
}
