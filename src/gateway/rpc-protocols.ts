// The protocols of RPCs by path, in the order in which they are asked, over one lookup of methods.
import { createConnectProtocol } from "../protocol/connect/connect-protocol.ts";
import { createGrpcProtocol } from "../protocol/grpc/grpc-protocol.ts";
import { createGrpcWebProtocol } from "../protocol/grpc-web/grpc-web-protocol.ts";
import type { ErrorDetail } from "../rpc/rpc-error.ts";
import type { Protocol, RpcProtocolOptions } from "../wire/protocol.ts";

export interface RpcProtocolsOptions extends RpcProtocolOptions {
  /** JSON of an error's detail, for people; undefined where its type is not known. */
  readonly formatDetail: (detail: ErrorDetail) => string | undefined;
}

/** Connect is the last, since it takes every request at a method's path that names no other protocol. */
export function createRpcProtocols(options: RpcProtocolsOptions): readonly Protocol[] {
  return [createGrpcProtocol(options), createGrpcWebProtocol(options), createConnectProtocol(options)];
}
