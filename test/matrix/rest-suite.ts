// What the REST tests of the matrix share: one suite per backend, before it a backend and a gateway as processes, after
// it a gateway that must have ended well.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { type Backend, startBackend, whyNotBuilt } from "./backends.ts";
import { type BackendKind, backendKinds } from "./build.ts";
import { eventually } from "./eventually.ts";
import { type GatewayProcess, startGateway } from "./gateway.ts";
import {
  type HttpCall,
  type HttpReply,
  httpCall,
  httpOpen,
  httpStart,
  type OpenReply,
} from "./http-client.ts";

export interface RestSuite {
  readonly kind: BackendKind;
  /** Of the gateway; known once the tests run. */
  url(): string;
  call(path: string, call?: HttpCall): Promise<HttpReply>;
  open(path: string, call?: HttpCall): Promise<OpenReply>;
  start(path: string, call?: HttpCall): () => void;
  /** Waits until the backend says this of the call with this id. */
  eventuallyState(id: string, state: "RUNNING" | "CANCELLED"): Promise<void>;
}

/** Declares the tests once per backend kind; what is not built is skipped with the command that builds it. */
export function describeRest(title: string, declare: (suite: RestSuite) => void): void {
  for (const kind of backendKinds) {
    describe(`${title}, ${kind} backend`, { skip: whyNotBuilt(kind) ?? false }, () => {
      let backend: Backend | undefined;
      let gateway: GatewayProcess | undefined;
      before(async () => {
        backend = await startBackend(kind);
        gateway = await startGateway([backend.target]);
      });
      after(async () => {
        const exitCode = await gateway?.close();
        await backend?.close();
        if (gateway !== undefined) assert.equal(exitCode, 0, gateway.output());
      });

      const url = (): string => gateway?.url ?? "";
      const call = (path: string, options?: HttpCall): Promise<HttpReply> => httpCall(url(), path, options);
      declare({
        kind,
        url,
        call,
        open: (path, options) => httpOpen(url(), path, options),
        start: (path, options) => httpStart(url(), path, options),
        eventuallyState: (id, state) =>
          eventually(async () => {
            const { json } = await call(`/v1/calls/${id}`);
            assert.equal((json as { state?: string }).state, state);
          }),
      });
    });
  }
}

/** The details that FailRequest.with_details asks for, as JSON. */
export function detailsFrom(kind: BackendKind): unknown[] {
  return [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "ASKED_FOR",
      domain: "matrix.test",
      metadata: { backend: kind },
    },
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: [{ field: "code", description: "was asked for" }],
    },
    { "@type": "type.googleapis.com/matrix.v1.Item", name: "shelves/1/items/2", count: "9007199254740993" },
    { "@type": "type.googleapis.com/matrix.unknown.Thing", value: "CAE=" },
  ];
}
