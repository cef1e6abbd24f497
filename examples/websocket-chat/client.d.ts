// What client.js has to say to TypeScript.

export interface CallOverWebSocket extends AsyncIterable<unknown> {
  /** Sends a message as ProtoJSON; resolves when it has been handed to the WebSocket. */
  send(message: unknown): Promise<void>;
  halfClose(): Promise<void>;
  cancel(): void;
}

/** Iterating throws an Error with `code`, `message`, `details` and `trailer` where the call fails. */
export function openCall(
  url: string,
  options?: { header?: Readonly<Record<string, string | string[]>> },
): CallOverWebSocket;
