// A network between a store and its Redis that a test can make slow, or deaf.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface DelayingProxy {
  readonly port: number;
  /** Of each piece of bytes, either way. */
  delayMs: number;
  /** The connections that are open now swallow all that comes; new ones do not. */
  swallow(): void;
  close(): Promise<void>;
}

export async function startDelayingProxy(targetPort: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  let deaf = new Set<Socket>();
  const forward = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on("error", () => {});
    from.on("data", (chunk) => {
      if (deaf.has(from)) return;
      const write = (): void => void (to.destroyed || to.write(chunk));
      if (proxy.delayMs === 0) write();
      else setTimeout(write, proxy.delayMs);
    });
  };
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    forward(client, target);
    forward(target, client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: DelayingProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    swallow() {
      deaf = new Set(sockets);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
