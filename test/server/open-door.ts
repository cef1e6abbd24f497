// A listener whose paths under /ws are WebSockets, for the tests of the door.
import type { TestContext } from "node:test";
import type { ListenerOptions } from "../../src/server/listener.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import type { UpgradeHandler, WebSocketChannel } from "../../src/wire/websocket-channel.ts";
import { openListener, type TestListener, text } from "./open-listener.ts";

export type Serve = (channel: WebSocketChannel, request: HttpRequest) => Promise<void>;

export async function echo(channel: WebSocketChannel): Promise<void> {
  for await (const frame of channel.frames) await channel.send(frame);
}

/** Accepts everything under /ws, with the last subprotocol that is offered. */
export function accepting(serve: Serve, maxFrameBytes = 1_000_000): UpgradeHandler {
  return async (request, subprotocols) => {
    if (!request.path.startsWith("/ws")) return undefined;
    return {
      kind: "accepted",
      subprotocol: subprotocols.at(-1),
      maxFrameBytes,
      serve: (channel) => serve(channel, request),
    };
  };
}

/** Beside WebSockets it has one path, /known. */
export function openDoor(
  context: TestContext,
  upgrade: UpgradeHandler | undefined,
  limits: ListenerOptions["limits"] = {},
): Promise<TestListener> {
  const handle = async ({ path }: HttpRequest) => (path === "/known" ? text(200, "known") : undefined);
  return openListener(context, handle, { ...(upgrade && { upgrade }), limits });
}
