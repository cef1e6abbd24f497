// One stream of ServerReflectionInfo, used as a conversation: one question, one answer, in order, because that is all
// that every server can do.
// Source: protos/grpc/reflection/v1/reflection.proto
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import type { Call, Handler, Reply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import type { Deadline } from "../rpc/deadline.ts";
import type { Header } from "../rpc/header.ts";
import type { MethodInfo } from "../rpc/method.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { decodeReflectionResponse, type ReflectionResponse } from "./decode-reflection-response.ts";

export type ReflectionVersion = "v1" | "v1alpha";
export type ReflectionQuestion = ServerReflectionRequest["messageRequest"];

export interface ReflectionSession {
  /**
   * Asks one question; one at a time.
   * @throws RpcError the backend's status; UNAVAILABLE when it ended the stream; the signal's reason
   */
  ask(question: ReflectionQuestion): Promise<ReflectionResponse>;
  /** Ends the stream: politely where the server goes along, by `return()` where it does not. Never throws. */
  close(): Promise<void>;
}

export interface ReflectionSessionOptions {
  readonly invoke: Handler;
  readonly version: ReflectionVersion;
  readonly header: Header;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
}

/** How long a server may take to end the stream after we did, before it is cancelled. */
const politeMs = 500;

export function createReflectionSession(options: ReflectionSessionOptions): ReflectionSession {
  const { invoke, version, header, deadline, signal } = options;
  const requests = createRequests();
  const call: Call = {
    kind: "stream",
    method: reflectionMethod(version),
    header: header.clone(),
    deadline,
    signal,
    messages: requests,
  };
  const aborted = whenAborted(signal);
  let answers: Promise<AsyncIterator<Uint8Array>> | undefined;

  // The handler resolves with the backend's header, which many backends send with their first answer only.
  const open = (): Promise<AsyncIterator<Uint8Array>> => {
    answers ??= invoke(call).then(iterate);
    return answers;
  };

  return {
    async ask(question) {
      const request = create(ServerReflectionRequestSchema, { messageRequest: question });
      requests.send(toBinary(ServerReflectionRequestSchema, request));
      const iterator = await Promise.race([open(), aborted]);
      const { done, value } = await Promise.race([iterator.next(), aborted]);
      if (done === true)
        throw new RpcError(Code.UNAVAILABLE, "it ended the reflection stream without an answer");
      try {
        return decodeReflectionResponse(value);
      } catch (cause) {
        throw new RpcError(Code.INTERNAL, "its answer is no ServerReflectionResponse", { cause });
      }
    },
    async close() {
      requests.end();
      if (answers === undefined) return;
      // An aborted call ends by its signal; a reply that still comes is let go of when it does.
      const finished = answers.then((iterator) => finish(iterator, signal)).catch(() => {});
      await Promise.race([finished, aborted.catch(() => {})]);
    },
  };
}

async function iterate(reply: Reply): Promise<AsyncIterator<Uint8Array>> {
  if (reply.kind === "stream") return reply.messages[Symbol.asyncIterator]();
  throw new RpcError(Code.INTERNAL, "it answered the reflection stream with a single message");
}

async function finish(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    const patience = Promise.withResolvers<{ done: boolean }>();
    const timer = setTimeout(() => patience.resolve({ done: false }), politeMs);
    try {
      const { done } = await Promise.race([iterator.next(), patience.promise]);
      if (done === true) return;
    } finally {
      clearTimeout(timer);
    }
  }
  // Not awaited: an iterator that is stuck in next() may never come back from return() either.
  iterator.return?.().catch(() => {});
}

function reflectionMethod(version: ReflectionVersion): MethodInfo {
  const service = `grpc.reflection.${version}.ServerReflection`;
  return {
    path: `/${service}/ServerReflectionInfo`,
    service,
    name: "ServerReflectionInfo",
    kind: "bidi_streaming",
    idempotency: "no_side_effects",
  };
}

/** Rejects when the signal fires, with its reason. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting when it fires.
  promise.catch(() => {});
  const fire = (): void => reject(RpcError.from(signal.reason));
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
  return promise;
}

interface Requests extends AsyncIterable<Uint8Array> {
  send(message: Uint8Array): void;
  end(): void;
}

/** The request side of the stream: one message at a time, as a question waits for the answer to the one before. */
function createRequests(): Requests {
  let waiting: Uint8Array | undefined;
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const end = (): void => {
    ended = true;
    wake.resolve();
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    while (waiting === undefined) {
      if (ended) return { done: true, value: undefined };
      await wake.promise;
      wake = Promise.withResolvers();
    }
    const value = waiting;
    waiting = undefined;
    return { done: false, value };
  };
  const stop = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    end();
    return { done: true, value: undefined };
  };
  return {
    send(message) {
      waiting = message;
      wake.resolve();
    },
    end,
    [Symbol.asyncIterator]: () => ({ next, return: stop }),
  };
}
