// A backend whose calls end when the test says so, and a stream that the test drives by hand.
import type { Call, Handler, Reply, StreamReply } from "../../../src/rpc/call.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { bytesOf, textOf } from "../../contract/transport.ts";

export const emptyReply: Reply = {
  kind: "unary",
  header: new Header(),
  message: new Uint8Array(),
  trailer: new Header(),
};

/** Knows a call by the text of its message. */
export class HeldBackend {
  /** Names of the calls that have come, in their order. */
  readonly seen: string[] = [];
  /** Most calls at once. */
  peak = 0;
  readonly #held = new Map<string, PromiseWithResolvers<Reply>>();

  get heldNames(): readonly string[] {
    return [...this.#held.keys()];
  }

  readonly invoke: Handler = (call: Call) => {
    const name = call.kind === "unary" ? textOf(call.message) : `stream ${this.seen.length}`;
    const held = Promise.withResolvers<Reply>();
    this.seen.push(name);
    this.#held.set(name, held);
    this.peak = Math.max(this.peak, this.#held.size);
    return held.promise;
  };

  answer(name: string, reply: Reply = emptyReply): void {
    this.#take(name).resolve(reply);
  }

  fail(name: string, code: Code): void {
    this.#take(name).reject(new RpcError(code, "the backend says no"));
  }

  /** @param code of the failure that all end with; default: they are answered */
  answerAll(code: Code = Code.OK): void {
    for (const name of this.heldNames) code === Code.OK ? this.answer(name) : this.fail(name, code);
  }

  #take(name: string): PromiseWithResolvers<Reply> {
    const held = this.#held.get(name);
    if (held === undefined) throw new Error(`${name} is not in flight`);
    this.#held.delete(name);
    return held;
  }
}

export interface HeldStream {
  readonly messages: AsyncIterableIterator<Uint8Array>;
  readonly reply: StreamReply;
  /** Resolves when somebody has returned the messages. */
  readonly returned: Promise<void>;
  push(text: string): void;
  end(): void;
  fail(reason: unknown): void;
  settleTrailer(): void;
}

/** The trailer settles with the messages, or when the test says so. */
export function heldStream(trailer: Header = new Header()): HeldStream {
  const steps: (() => Promise<IteratorResult<Uint8Array>>)[] = [];
  const returned = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<Header>();
  let waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  const done = { done: true as const, value: undefined };
  const give = (step: () => Promise<IteratorResult<Uint8Array>>): void => {
    if (waiting === undefined) steps.push(step);
    else waiting.resolve(step());
    waiting = undefined;
  };
  const messages: AsyncIterableIterator<Uint8Array> = {
    next() {
      const step = steps.shift();
      if (step !== undefined) return step();
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    async return() {
      returned.resolve();
      give(async () => done);
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const settleTrailer = (): void => settled.resolve(trailer);
  return {
    messages,
    reply: { kind: "stream", header: new Header(), messages, trailer: settled.promise },
    returned: returned.promise,
    push: (text) => give(async () => ({ done: false, value: bytesOf(text) })),
    end: () =>
      give(async () => {
        settleTrailer();
        return done;
      }),
    fail: (reason) =>
      give(async () => {
        settleTrailer();
        throw reason;
      }),
    settleTrailer,
  };
}
