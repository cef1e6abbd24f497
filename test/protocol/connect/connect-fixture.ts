// The Connect edge before a handler or a real gRPC backend: a listener, the protocol, a transport.
import type { TestContext } from "node:test";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import {
  type ConnectOptions,
  createConnectProtocol,
} from "../../../src/protocol/connect/connect-protocol.ts";
import type { Handler } from "../../../src/rpc/call.ts";
import { Header } from "../../../src/rpc/header.ts";
import type { ErrorDetail } from "../../../src/rpc/rpc-error.ts";
import type { Protocol } from "../../../src/wire/protocol.ts";
import type { BackendHandlers } from "../../contract/transport-backend.ts";
import { openListener } from "../../server/open-listener.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { openBackend } from "../backend-handler.ts";
import { lookupOf, registry } from "../note-service.ts";

/** As the snapshot has it: the detail as JSON where its type is known. */
export function formatDetail({ typeUrl, value }: ErrorDetail): string | undefined {
  try {
    const desc = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
    return desc && toJsonString(desc, fromBinary(desc, value), { registry });
  } catch {
    return undefined;
  }
}

export type EdgeOptions = Partial<ConnectOptions>;

/** The protocol over one handler for all methods. */
export function createEdge(handler: Handler, options: EdgeOptions = {}): Protocol {
  return createConnectProtocol({
    methodOf: lookupOf(handler),
    maxRequestBytes: 100_000,
    minCompressedBytes: 100,
    logger: silentLogger,
    formatDetail,
    ...options,
  });
}

/** A listener with the protocol before a handler in this process; returns its port. */
export async function openEdge(
  context: TestContext,
  handler: Handler,
  options?: EdgeOptions,
): Promise<number> {
  const listener = await openListener(context, createEdge(handler, options).handle);
  return listener.port;
}

/** The same before a real gRPC server. */
export async function openGateway(
  context: TestContext,
  handlers: BackendHandlers,
  options?: EdgeOptions,
): Promise<number> {
  return openEdge(context, await openBackend(context, handlers), options);
}

export const noHeader = new Header();
