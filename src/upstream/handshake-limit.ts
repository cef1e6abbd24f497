// Limits the time a backend may take to speak. grpc-js waits for the TLS handshake and the HTTP/2 SETTINGS of a peer
// without end: one that accepts connections and stays silent would hold its calls for ever.
// Source: RFC 9113 §3.4 (SETTINGS are the first thing that a server sends).
import type { ChannelCredentials } from "@grpc/grpc-js";

/** Makes connections opened with these credentials fail when the peer has not begun HTTP/2 within `limitMs`. */
export function limitHandshake(credentials: ChannelCredentials, limitMs: number): ChannelCredentials {
  const createConnector = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...args) => {
    const connector = createConnector(...args);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => {
      const failed = Promise.withResolvers<never>();
      let talking = socket;
      let secured = false;
      const timer = setTimeout(() => {
        // The socket inside TLS counts its own bytes, so that a handshake without HTTP/2 is not taken for speech.
        if (secured && talking.bytesRead > 0) return;
        const error = new Error(`the server did not begin HTTP/2 within ${limitMs} ms`);
        if (secured) talking.destroy(error);
        else failed.reject(error);
      }, limitMs);
      timer.unref();
      socket.once("close", () => clearTimeout(timer));
      const connected = connect(socket).then((result) => {
        talking = result.socket;
        secured = true;
        return result;
      });
      return Promise.race([connected, failed.promise]);
    };
    return connector;
  };
  return credentials;
}
