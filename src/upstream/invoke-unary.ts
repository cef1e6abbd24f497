// Calls that are answered with one message: no stream, no iterable, one promise.
import type { Call, UnaryReply } from "../rpc/call.ts";
import { Code } from "../rpc/code.ts";
import { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { type CallSetting, openCall } from "./grpc-js-call.ts";

/**
 * Sends a call and resolves with its one reply message.
 * @throws RpcError the backend's status; UNIMPLEMENTED where it sent no message or two
 */
export function invokeUnary(setting: CallSetting, call: Call): Promise<UnaryReply> {
  return new Promise((resolve, reject) => {
    let header: Header | undefined;
    let message: Uint8Array | undefined;
    const open = openCall(setting, call, {
      onHeader(received) {
        header = received;
      },
      onMessage(received) {
        if (message !== undefined) open.abort(wrongCount("more than one reply message", header));
        message = received;
        // The end is reported only to who asks for more; a second message shows itself the same way.
        open.read();
      },
      onEnd(error, trailer) {
        if (error) reject(error);
        else if (message === undefined) reject(wrongCount("no reply message", header, trailer));
        else resolve({ kind: "unary", header: header ?? new Header(), message, trailer });
      },
    });
  });
}

function wrongCount(what: string, header: Header | undefined, trailer?: Header): RpcError {
  return new RpcError(Code.UNIMPLEMENTED, `the backend sent ${what} where one is due`, {
    ...(header && { header }),
    ...(trailer && { trailer }),
  });
}
