// A stream whose items are made of another's, one by one. By hand rather than as a generator, because a generator
// cannot be returned while it waits for an item, which is when a client usually goes away (design.md §4 "Streams").

/** Each item of `source` mapped when it is pulled; where `map` throws, the source is let go. */
export function mapStream<A, B>(
  source: AsyncIterable<A>,
  map: (item: A) => B,
): AsyncIterableIterator<B, undefined> {
  return new MappedStream(source[Symbol.asyncIterator](), map);
}

class MappedStream<A, B> implements AsyncIterableIterator<B, undefined> {
  readonly #source: AsyncIterator<A>;
  readonly #map: (item: A) => B;
  #ended = false;

  constructor(source: AsyncIterator<A>, map: (item: A) => B) {
    this.#source = source;
    this.#map = map;
  }

  async next(): Promise<IteratorResult<B, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    const step = await this.#source.next();
    if (this.#ended || step.done) {
      this.#ended = true;
      return { done: true, value: undefined };
    }
    try {
      return { done: false, value: this.#map(step.value) };
    } catch (reason) {
      await this.return();
      throw reason;
    }
  }

  async return(): Promise<IteratorResult<B, undefined>> {
    this.#ended = true;
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  async throw(reason: unknown): Promise<IteratorResult<B, undefined>> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
