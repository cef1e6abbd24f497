// What must outlive snapshots, such as counts and breakers: kept by key, borrowed by the interceptors of each snapshot.
// Source: design.md §2 "One immutable snapshot".

/** States by key. An interceptor that has borrowed one keeps it, whatever happens here. */
export interface BorrowedStates<T> {
  /** The state of this key, created where there is none. */
  borrow(key: string, create: () => T): T;
  get(key: string): T | undefined;
  /** Forgets every state whose key is not among these; to be called when a snapshot has replaced another. */
  retain(keys: ReadonlySet<string>): void;
  entries(): Iterable<readonly [key: string, state: T]>;
}

/** Methods that one gateway serves, with room: more than that are the keys of somebody who makes them up. */
const defaultMaxCount = 20_000;

/** @param maxCount states kept; beyond it the one that was borrowed longest ago is forgotten. Default 20,000. */
export function createBorrowedStates<T>(maxCount = defaultMaxCount): BorrowedStates<T> {
  const states = new Map<string, T>();
  return {
    borrow(key, create) {
      const state = states.get(key) ?? create();
      // A Map keeps the order in which keys came: the first is the one that was borrowed longest ago.
      states.delete(key);
      states.set(key, state);
      // Not asked for the first key unless it has to go: getting there passes all keys that were moved to the end.
      if (states.size > maxCount) {
        const [oldest = key] = states.keys();
        states.delete(oldest);
      }
      return state;
    },
    get: (key) => states.get(key),
    retain(keys) {
      for (const key of states.keys()) if (!keys.has(key)) states.delete(key);
    },
    entries: () => states.entries(),
  };
}
