// TLS to a backend that is named by its IP address. grpc-js sends every host as the TLS server name, and Node refuses
// addresses there; without one, Node checks the certificate against the address itself.
// Sources: RFC 6066 §3 (no literal addresses in the server name); Node's tls.connect, `servername`.
import type { ChannelCredentials } from "@grpc/grpc-js";
import { isAddress } from "./target.ts";

/** Makes connections opened with these credentials send no server name where the host is an address. */
export function omitAddressName(credentials: ChannelCredentials): ChannelCredentials {
  const createConnector = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...args) => {
    const connector = createConnector(...args);
    const options: unknown = Reflect.get(connector, "connectionOptions");
    if (hasServerName(options) && isAddress(options.servername)) options.servername = "";
    return connector;
  };
  return credentials;
}

function hasServerName(options: unknown): options is { servername: string } {
  return (
    typeof options === "object" &&
    options !== null &&
    "servername" in options &&
    typeof options.servername === "string"
  );
}
