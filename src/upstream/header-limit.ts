// How large a header a backend takes. One that is too large is refused here: there it may cost more than its own call.
// Netty answers a header that needs a CONTINUATION frame and is above its limit by closing the connection, and so one
// client could end the calls of all others that share it.
// Sources: RFC 9113 §6.5.2 (SETTINGS_MAX_HEADER_LIST_SIZE); gRPC over HTTP/2 (8 KiB suggested); Netty, Http2CodecUtil.
import { Code } from "../rpc/code.ts";
import type { Header } from "../rpc/header.ts";
import { RpcError } from "../rpc/rpc-error.ts";
import { innermostCall, peerHeaderBytes } from "./innermost-call.ts";

export interface HeaderLimit {
  /** The error to fail a call with whose header the backend would not take. */
  refusalOf(path: string, header: Header): RpcError | undefined;
  /** Reads what the backend has announced off a call that it has answered. */
  learn(call: unknown): void;
  /** Forgets it: the next connection may lead to another release. */
  forget(): void;
}

/** As long as nothing is known: what fits in one HEADERS frame, whatever HPACK makes of it. */
const unknownPeerBytes = 16_384;
/** What RFC 9113 counts for an entry beside its bytes. */
const entryOverheadBytes = 32;
/** Pseudo headers and those that grpc-js adds, a dozen, without the path and the authority. */
const ownBytes = 700;

/** @param fixed header that every call carries */
export function createHeaderLimit(target: string, fixed: Header | undefined): HeaderLimit {
  const fixedBytes = ownBytes + target.length + (fixed === undefined ? 0 : sizeOf(fixed));
  let known: number | undefined;
  return {
    refusalOf(path, header) {
      const size = sizeOf(header) + fixedBytes + path.length;
      if (size <= (known ?? unknownPeerBytes)) return undefined;
      return new RpcError(
        Code.RESOURCE_EXHAUSTED,
        `the header is too large for the backend: ${size} bytes of metadata, it takes ${known ?? unknownPeerBytes}`,
      );
    },
    learn(call) {
      known ??= peerHeaderBytes(innermostCall(call));
    },
    forget() {
      known = undefined;
    },
  };
}

function sizeOf(header: Header): number {
  const { flat } = header;
  let size = (flat.length / 2) * entryOverheadBytes;
  for (const text of flat) size += text.length;
  return size;
}
