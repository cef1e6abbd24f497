// A real gRPC server as the handler of a protocol's methods.
import type { TestContext } from "node:test";
import { createDeadlineInterceptor } from "../../src/pipeline/deadline.ts";
import { composeHandler, type Handler } from "../../src/rpc/call.ts";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js-transport.ts";
import { type BackendHandlers, startBackend } from "../contract/transport-backend.ts";

/** Starts the backend, and stops it after the test. */
export async function openBackend(context: TestContext, handlers: BackendHandlers): Promise<Handler> {
  const backend = await startBackend(handlers);
  const transport = createGrpcJsTransport({ target: backend.target });
  context.after(async () => {
    await transport.close();
    await backend[Symbol.asyncDispose]();
  });
  return composeHandler([createDeadlineInterceptor()], transport.invoke);
}
