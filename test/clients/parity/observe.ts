// What of a reply is compared: status, body (parsed where it is JSON), the headers that a client acts on. What must
// differ between two servers (addresses, dates, their own user agents) is taken out, the texts of errors that a gateway
// words itself too.
import type { IncomingHttpHeaders } from "node:http";
import { httpCall } from "../../matrix/http-client.ts";
import type { ParityCase } from "./parity-case.ts";

export interface Observation {
  readonly status: number;
  readonly header: Readonly<Record<string, string>>;
  readonly trailer: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A header is compared where this matches. */
const comparedHeader = /^(content-type|allow|location|retry-after|grpc-.*|x-.*|set-cookie)$/;
/** Metadata that gRPC libraries and gateways add in their own name. */
const ownMetadata = new Set([":authority", "content-type", "grpc-accept-encoding", "user-agent", "accept-encoding"]);

export async function observe(url: string, { path, message, ...call }: ParityCase): Promise<Observation> {
  const reply = await httpCall(url, path, call);
  const body = parsed(reply.text);
  return {
    status: reply.status,
    header: comparable(reply.header, url),
    trailer: comparable(reply.trailer as IncomingHttpHeaders, url),
    body: withoutOwn(body, url, reply.status >= 400 && message !== "compared"),
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
    return { lines: text.trimEnd().split("\n").map((line): unknown => JSON.parse(line)) };
  } catch {
    return { text };
  }
}

function withoutOwn(body: unknown, url: string, dropsMessage: boolean): unknown {
  if (typeof body !== "object" || body === null) return body;
  const copy: Record<string, unknown> = { ...body };
  if (dropsMessage) delete copy.message;
  // EchoHeaderReply: the metadata that the backend saw.
  if (Array.isArray(copy.entries)) {
    copy.entries = copy.entries
      .filter(({ key }: { key: string }) => !ownMetadata.has(key))
      .map((entry: { text: string }) => ({ ...entry, text: anonymous(entry.text, url) }));
  }
  return Array.isArray(body) ? body : copy;
}

function anonymous(text: string, url: string): string {
  return text.replaceAll(new URL(url).host, "GATEWAY");
}
