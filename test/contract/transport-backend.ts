// Backends for the transports' contract: real gRPC servers that pass bytes, and peers that misbehave on the socket.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import type { MethodInfo, StreamKind } from "../../src/rpc/method.ts";
import type { Target } from "../../src/upstream/upstream.ts";

const methodNames = {
  unary: "Unary",
  server_streaming: "ServerStreaming",
  client_streaming: "ClientStreaming",
  bidi_streaming: "Bidi",
} as const;

/** The method of the test service that has this kind; `as` makes its client believe in another. */
export function methodOf(kind: StreamKind, as: StreamKind = kind): MethodInfo {
  const name = methodNames[kind];
  const service = "test.Transport";
  return { path: `/${service}/${name}`, service, name, kind: as, idempotency: "unknown" };
}

export interface BackendHandlers {
  readonly Unary?: handleUnaryCall<Buffer, Buffer>;
  readonly ServerStreaming?: handleServerStreamingCall<Buffer, Buffer>;
  readonly ClientStreaming?: handleClientStreamingCall<Buffer, Buffer>;
  readonly Bidi?: handleBidiStreamingCall<Buffer, Buffer>;
}

export interface Backend extends AsyncDisposable {
  readonly target: Target;
  /** Takes no more calls and resolves when those in flight have ended. */
  drain(): Promise<void>;
}

const same = (bytes: Buffer): Buffer => bytes;

/** Starts a gRPC server that answers with these handlers; disposing of it cuts its connections. */
export async function startBackend(
  handlers: BackendHandlers,
  options: {
    /** 127.0.0.1 by default; every address of 127.0.0.0/8 is this machine. */
    readonly host?: string;
    readonly port?: number;
    readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
    /** Answers grpc.health.v1 checks with this ServingStatus; without it the service is not there. */
    readonly health?: (service: string) => number;
  } = {},
): Promise<Backend> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  const serializers = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const definition = Object.fromEntries(
    Object.entries(methodNames).map(([kind, name]) => [
      name,
      {
        path: `/test.Transport/${name}`,
        requestStream: kind === "client_streaming" || kind === "bidi_streaming",
        responseStream: kind === "server_streaming" || kind === "bidi_streaming",
        ...serializers,
      },
    ]),
  );
  server.addService(definition, { ...handlers });
  const { tls, health, host = "127.0.0.1" } = options;
  if (health) {
    const Check: handleUnaryCall<Buffer, Buffer> = ({ request }, callback) =>
      callback(null, Buffer.from([8, health(request.subarray(2).toString())]));
    const path = "/grpc.health.v1.Health/Check";
    server.addService(
      { Check: { path, requestStream: false, responseStream: false, ...serializers } },
      { Check },
    );
  }
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${options.port ?? 0}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    target: { host, port, tls: tls !== undefined },
    drain: () =>
      new Promise((resolve, reject) => {
        server.tryShutdown((error) => (error ? reject(error) : resolve()));
      }),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

export interface RawPeer extends AsyncDisposable {
  readonly target: Target;
  /** Cuts every connection there is. */
  cut(): void;
}

/** A TCP server that treats its connections as told. */
export async function startRawPeer(onConnection: (socket: Socket) => void, atPort = 0): Promise<RawPeer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  const port = await listen(server, atPort);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    target: { host: "127.0.0.1", port, tls: false },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** A TCP proxy before a backend, so that its connections can be counted, and cut as by a network. */
export function startCuttableProxy(
  target: Target,
  onConnection: (socket: Socket) => void = () => {},
  atPort = 0,
): Promise<RawPeer> {
  return startRawPeer((client) => {
    onConnection(client);
    const backend = connect({ port: target.port, host: target.host, noDelay: true });
    backend.on("error", () => client.destroy());
    client.on("close", () => backend.destroy());
    backend.on("close", () => client.destroy());
    client.pipe(backend).pipe(client);
  }, atPort);
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  server.close();
  await once(server, "close");
  return port;
}

async function listen(server: NetServer, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
