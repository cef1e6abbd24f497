// The contract of a protocol edge: recognises its requests, reads each into a call and writes the reply as a response.
import type { Logger } from "../rpc/logger.ts";
import type { MethodLookup } from "../rpc/served-method.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";

export interface Protocol {
  /** `rest`, `connect`, `grpc`, `grpc-web`. */
  readonly name: string;
  /** Looks at method, path and header only, never at the body. The first protocol that accepts a request has it. */
  accepts(request: HttpRequest): boolean;
  /**
   * Answers the request, errors included: never rejects. `undefined` = nothing here has that path, somebody else may.
   */
  handle(request: HttpRequest): Promise<HttpResponse | undefined>;
}

/** What the protocols of RPCs by path (gRPC, gRPC-Web, Connect, WebSocket) are made of. */
export interface RpcProtocolOptions {
  readonly methodOf: MethodLookup;
  /** Limit of one request message, decompressed, in bytes. */
  readonly maxRequestBytes: number;
  /** Reply messages smaller than this are not compressed; `Infinity` = none is. */
  readonly minCompressedBytes: number;
  readonly logger: Logger;
}
