// Why a backend could not be reached, in words of ours. grpc-js tells it only inside the text of a failed call's
// status, wrapped in "No connection established. Last error: …".

export interface ConnectFailure {
  /** `connection refused`: says nothing of where, so that a client may read it. */
  readonly reason: string;
  /** `127.0.0.1:50051`: the address that was tried, or the target where that is not known. */
  readonly address: string;
}

/** The cause of the error of a call that found no connection: no backend has seen it. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
}

/** Whether a call that failed so can be sent elsewhere although nobody knows what it does. */
export function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof NotConnected;
}

/** What Node and grpc-js say, and what it means. */
const reasons: readonly (readonly [said: RegExp, reason: string])[] = [
  [/ECONNREFUSED/, "connection refused"],
  [/ECONNRESET|EPIPE/, "connection reset"],
  [/ETIMEDOUT/, "connection timed out"],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, "no route to host"],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed|No addresses resolved/, "host name not found"],
  [/Protocol error|ERR_HTTP2|FRAME_SIZE_ERROR|PROTOCOL_ERROR/, "not an HTTP/2 server"],
  [/WRONG_VERSION_NUMBER|wrong version number|packet length too long/, "not a TLS server"],
  [/Failed to connect|Socket closed|socket disconnected|hang up/, "connection closed before it was ready"],
];

/**
 * Reads the text of a failed call's status.
 * @param target stands in for the address where the text has none
 * @returns undefined where the text is about something else than connecting
 */
export function parseConnectFailure(details: string, target: string): ConnectFailure | undefined {
  const wrapped = /^No connection established\. Last error: (.*?)\. Resolution note:/s.exec(details);
  const said = wrapped?.[1] ?? (details.startsWith("Name resolution failed") ? details : undefined);
  if (said === undefined) return undefined;
  // The error class in front and the time behind are grpc-js's; neither helps the reader.
  const text = said.replace(/^(?:\w*Error: )+/, "").replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, "");
  const known = reasons.find(([pattern]) => pattern.test(text));
  const address = /\b(?:connect|read|write) E[A-Z]+ (\S+:\d+)/.exec(text)?.[1];
  return { reason: known?.[1] ?? text, address: address ?? target };
}

/** `connection refused (127.0.0.1:50051)` */
export function formatConnectFailure(failure: ConnectFailure): string {
  return `${failure.reason} (${failure.address})`;
}
