// The messages of a request stream as the handler pulls them, and what they failed with. An object rather than a
// generator, because a generator cannot be returned while it waits, which is when a call usually ends.
import type { MethodJson } from "../../rpc/served-method.ts";
import type { EnvelopeReader } from "../../wire/envelope.ts";

type Step = IteratorResult<Uint8Array, undefined>;

export class RequestMessages implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reader: EnvelopeReader;
  readonly #json: MethodJson | undefined;
  /** What reading failed with. Kept, because a backend makes a failure of its own of it. */
  failure: { readonly reason: unknown } | undefined;

  /** @param json decodes the messages; undefined = they are binary already */
  constructor(reader: EnvelopeReader, json: MethodJson | undefined) {
    this.#reader = reader;
    this.#json = json;
  }

  async next(): Promise<Step> {
    try {
      const step = await this.#reader.next();
      if (step.done || this.#json === undefined) return step;
      return { done: false, value: this.#json.decodeRequest(step.value) };
    } catch (reason) {
      this.failure ??= { reason };
      await this.#reader.return();
      throw reason;
    }
  }

  return(): Promise<Step> {
    return this.#reader.return();
  }

  throw(reason: unknown): Promise<Step> {
    return this.#reader.throw(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
