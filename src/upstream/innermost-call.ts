// Finds, inside a call of grpc-js, the object that reads its HTTP/2 stream. It alone knows what the trailers said and
// whether the last message was whole. Works on the pinned grpc-js; where the insides look different there is none.
// Source: grpc-js ResolvingCall → RetryingCall → LoadBalancingCall → Http2SubchannelCall.

export interface InnermostCall {
  handleTrailers(trailers: Readonly<Record<string, unknown>>): void;
}

/** @param call what `Channel.createCall` returned, once the header of the reply has arrived */
export function innermostCall(call: unknown): InnermostCall | undefined {
  const attempts = property(property(call, "child"), "underlyingCalls");
  const attempt: unknown = Array.isArray(attempts) ? attempts.at(-1) : undefined;
  const stream = property(property(attempt, "call"), "child");
  return isInnermostCall(stream) ? stream : undefined;
}

/** Whether bytes of a message have been read that never became a whole one. grpc-js drops them without a word. */
export function hasPartialMessage(call: InnermostCall | undefined): boolean {
  const state = property(property(call, "decoder"), "readState");
  return typeof state === "number" && state !== 0;
}

/** SETTINGS_MAX_HEADER_LIST_SIZE of the backend; 2^32 - 1 where it has none, undefined where it cannot be read. */
export function peerHeaderBytes(call: InnermostCall | undefined): number | undefined {
  const session = property(property(call, "http2Stream"), "session");
  const bytes = property(property(session, "remoteSettings"), "maxHeaderListSize");
  return typeof bytes === "number" ? bytes : undefined;
}

function isInnermostCall(stream: unknown): stream is InnermostCall {
  return typeof property(stream, "handleTrailers") === "function";
}

function property(holder: unknown, name: string): unknown {
  return typeof holder === "object" && holder !== null ? Reflect.get(holder, name) : undefined;
}
