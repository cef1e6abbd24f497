// The protocols of the gRPC family before a handler or a real gRPC backend.
import type { TestContext } from "node:test";
import type { Handler } from "../../../src/rpc/call.ts";
import type { Protocol, RpcProtocolOptions } from "../../../src/wire/protocol.ts";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { openListener } from "../../server/open-listener.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { openBackend } from "../backend-handler.ts";
import { lookupOf } from "../note-service.ts";

export const maxRequestBytes = 100_000;

export type CreateProtocol = (options: RpcProtocolOptions) => Protocol;
export type EdgeOptions = Partial<RpcProtocolOptions>;

export function createEdge(create: CreateProtocol, handler: Handler, options: EdgeOptions = {}): Protocol {
  return create({
    methodOf: lookupOf(handler),
    maxRequestBytes,
    minCompressedBytes: 100,
    logger: silentLogger,
    ...options,
  });
}

/** A listener with the protocol before a handler in this process; returns its port. */
export async function openEdge(
  context: TestContext,
  create: CreateProtocol,
  handler: Handler,
  options?: EdgeOptions,
): Promise<number> {
  const listener = await openListener(context, createEdge(create, handler, options).handle);
  return listener.port;
}

/** The same before a real gRPC server. */
export async function openGateway(
  context: TestContext,
  create: CreateProtocol,
  handlers: BackendHandlers,
  options?: EdgeOptions,
): Promise<number> {
  return openEdge(context, create, await openBackend(context, handlers), options);
}
