// A method as the RPC protocols serve it: how it is called, and what its messages are in JSON.
import type { Handler } from "./call.ts";
import type { MethodInfo } from "./method.ts";

/** ProtoJSON of a method's messages, in UTF-8. Unknown keys are ignored, as Connect's JSON codec has it. */
export interface MethodJson {
  /**
   * One JSON value to a binary request message.
   * @throws RpcError INVALID_ARGUMENT naming field path, expected type and position
   */
  decodeRequest(json: Uint8Array): Uint8Array;
  /** @throws RpcError INTERNAL when the bytes are no such message */
  encodeReply(message: Uint8Array): Uint8Array;
}

export interface ServedMethod {
  readonly info: MethodInfo;
  /** Interceptors and all. */
  readonly handler: Handler;
  readonly json: MethodJson;
}

/**
 * The method of a path, `/demo.library.v1.Library/GetBook`; undefined where there is none.
 * @throws RpcError UNAVAILABLE while there is no schema yet
 */
export type MethodLookup = (path: string) => ServedMethod | undefined;
