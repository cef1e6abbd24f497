// Puts typed handlers behind grpc-js: plain functions and async iterables in, grpc-js calls out. Decides when the
// header goes out, how a failure becomes a status, and that a stream waits for its reader.
import { once } from "node:events";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { toServiceError } from "./status-error.ts";

/** What a handler knows of a call beside its request. */
export interface CallContext {
  /** Aborted when the caller is gone, the deadline has passed, or the server has no more time to stop. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  readonly trailer: Metadata;
  /** `undefined` = no deadline. */
  readonly deadline: Date | undefined;
  readonly peer: string;
}

type Awaitable<T> = T | Promise<T>;
type MethodShape = GenServiceMethods[string];
type Request<M extends MethodShape> = MessageShape<M["input"]>;
type Reply<M extends MethodShape> = MessageInitShape<M["output"]>;

/**
 * A handler throws `StatusError`. One that answers with a stream returns it after its checks: what it throws before is
 * an error without a header, what the stream throws comes after one.
 */
type Handler<M extends MethodShape> = M["methodKind"] extends "unary"
  ? (request: Request<M>, call: CallContext) => Awaitable<Reply<M>>
  : M["methodKind"] extends "server_streaming"
    ? (request: Request<M>, call: CallContext) => Awaitable<AsyncIterable<Reply<M>>>
    : M["methodKind"] extends "client_streaming"
      ? (requests: AsyncIterable<Request<M>>, call: CallContext) => Awaitable<Reply<M>>
      : (requests: AsyncIterable<Request<M>>, call: CallContext) => Awaitable<AsyncIterable<Reply<M>>>;

/** One handler for each method of a generated service. */
export type Handlers<S> =
  S extends GenService<infer Methods> ? { [K in keyof Methods]: Handler<Methods[K]> } : never;

type AnyCall = Pick<ServerUnaryCall<Message, Message>, "metadata" | "getDeadline" | "getPeer"> & {
  on(event: "cancelled", listener: () => void): unknown;
};
type WritableCall = ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>;
type UntypedHandler = (request: unknown, call: CallContext) => unknown;
type GrpcHandler =
  | handleUnaryCall<Message, Message>
  | handleServerStreamingCall<Message, Message>
  | handleClientStreamingCall<Message, Message>
  | handleBidiStreamingCall<Message, Message>;

/** Makes the server answer all methods of `service` with `handlers`, under another full name if there is a `name`. */
export function addService<M extends GenServiceMethods>(
  server: Server,
  service: GenService<M>,
  handlers: Handlers<GenService<M>>,
  name: string = service.typeName,
): void {
  const byName = new Map<string, unknown>(Object.entries(handlers));
  const serve = {
    unary: serveUnary,
    server_streaming: serveServerStream,
    client_streaming: serveClientStream,
    bidi_streaming: serveBidiStream,
  };
  const kinds = {
    unary: "unary",
    server_streaming: "serverStream",
    client_streaming: "clientStream",
    bidi_streaming: "bidi",
  };
  for (const method of service.methods) {
    server.register(
      `/${name}/${method.name}`,
      serve[method.methodKind](method, byName.get(method.localName) as UntypedHandler) as GrpcHandler,
      (reply: Message) => Buffer.from(toBinary(method.output, reply)),
      (bytes: Buffer) => fromBinary(method.input, bytes),
      kinds[method.methodKind],
    );
  }
}

function serveUnary(method: DescMethod, handler: UntypedHandler): handleUnaryCall<Message, Message> {
  return async (call, callback) => {
    const context = contextOf(call);
    try {
      const reply = await handler(call.request, context);
      callback(null, create(method.output, reply as MessageInitShape<typeof method.output>), context.trailer);
    } catch (reason) {
      callback(failure(reason, context));
    }
  };
}

function serveClientStream(
  method: DescMethod,
  handler: UntypedHandler,
): handleClientStreamingCall<Message, Message> {
  return async (call, callback) => {
    const context = contextOf(call);
    try {
      const reply = await handler(requestsOf(call), context);
      callback(null, create(method.output, reply as MessageInitShape<typeof method.output>), context.trailer);
    } catch (reason) {
      callback(failure(reason, context));
    }
  };
}

function serveServerStream(
  method: DescMethod,
  handler: UntypedHandler,
): handleServerStreamingCall<Message, Message> {
  return (call) => {
    const context = contextOf(call);
    return pump(method, call, context, () => handler(call.request, context));
  };
}

function serveBidiStream(
  method: DescMethod,
  handler: UntypedHandler,
): handleBidiStreamingCall<Message, Message> {
  return (call) => {
    const context = contextOf(call);
    return pump(method, call, context, () => handler(requestsOf(call), context));
  };
}

async function pump(
  method: DescMethod,
  call: WritableCall,
  context: CallContext,
  start: () => unknown,
): Promise<void> {
  try {
    const replies = (await start()) as AsyncIterable<MessageInitShape<typeof method.output>>;
    // The header leaves at once: a reader of a quiet stream sees that it stands.
    call.sendMetadata(new Metadata());
    for await (const reply of replies) {
      if (context.signal.aborted) return;
      if (!call.write(create(method.output, reply))) await once(call, "drain", { signal: context.signal });
    }
    call.end(context.trailer);
  } catch (reason) {
    if (!call.cancelled) call.emit("error", failure(reason, context));
  }
}

/** The requests, one consumer, pulled; leaving early does not tear down the reply. */
function requestsOf(
  call: ServerReadableStream<Message, Message> | ServerDuplexStream<Message, Message>,
): AsyncIterable<Message> {
  return call.iterator({ destroyOnReturn: false });
}

function contextOf(call: AnyCall): CallContext {
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort());
  const deadline = call.getDeadline();
  return {
    signal: cancelled.signal,
    metadata: call.metadata,
    trailer: new Metadata(),
    deadline: deadline === Infinity ? undefined : new Date(deadline),
    peer: call.getPeer(),
  };
}

function failure(reason: unknown, context: CallContext): Partial<StatusObject> {
  // What breaks because the caller has left is no fault of ours, and nobody reads the status.
  if (context.signal.aborted) return { code: status.CANCELLED, details: "cancelled" };
  const error = toServiceError(reason);
  error.metadata.merge(context.trailer);
  return error;
}
