// The header of a call from its handshake and from the header frame that stands for what browsers cannot send with a
// handshake. What a page could not say of itself in a request of HTTP, it cannot say in a frame either; and a frame goes
// past the proxies on its way, so it never replaces what the handshake has.
// Sources: Fetch standard, "forbidden request-header"; semantics.md "Headers and metadata".
import { Code } from "../../rpc/code.ts";
import { Header } from "../../rpc/header.ts";
import { RpcError } from "../../rpc/rpc-error.ts";
import { isLegalMetadata, isTransportName } from "../../wire/metadata.ts";
import { isGatewayName, metadataRules } from "../../wire/metadata-rules.ts";
import { isTimeoutName } from "../../wire/read-deadline.ts";

/** Handshake headers of WebSocket itself. */
const handshakePrefix = "sec-websocket-";
/** What a browser vouches for, so that no script may say it. Of the standard's list the transport's names are left out. */
const forbidden = /^(?:origin|referer|cookie2?|dnt|via|set-cookie|(?:proxy|sec|access-control)-.*)$/;

/**
 * @param entries of the header frame; names that it may not say are left out, as a request's transport names are
 * @throws RpcError INVALID_ARGUMENT for an entry that gRPC cannot carry
 */
export function mergeHeader(
  handshake: Header,
  entries: readonly (readonly [name: string, value: string])[],
): Header {
  const header = new Header();
  for (const [name, value] of handshake) if (!name.startsWith(handshakePrefix)) header.append(name, value);
  for (const [spelled, value] of entries) {
    const name = spelled.toLowerCase();
    if (!isLegalMetadata(name, value)) {
      const shown = JSON.stringify(spelled.slice(0, 80));
      throw new RpcError(
        Code.INVALID_ARGUMENT,
        `header frame, ${shown}: expected a header in printable ASCII`,
      );
    }
    if (mayBeSaid(name) && !handshake.has(name)) header.append(name, value);
  }
  return header;
}

function mayBeSaid(name: string): boolean {
  if (isTimeoutName(name)) return true;
  return !isTransportName(name) && !forbidden.test(name) && !isGatewayName(name, metadataRules.standard);
}
