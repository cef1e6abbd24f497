// A gateway in this process before an observed library, cleartext or TLS, for a client of any kind.
import type { TestContext } from "node:test";
import { openApp } from "../../app/open-app.ts";
import { serverCert, serverKey } from "../../server/certificates.ts";
import { type ObservedLibrary, startObservedLibrary } from "./observed-library.ts";

export interface OpenGateway {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly metadataOf: ObservedLibrary["metadataOf"];
}

export interface OpenGatewayOptions {
  readonly tls?: boolean;
  /** Further keys of the config file. */
  readonly keys?: Readonly<Record<string, unknown>>;
}

export async function openGateway(
  context: TestContext,
  { tls = false, keys = {} }: OpenGatewayOptions = {},
): Promise<OpenGateway> {
  const library = await startObservedLibrary();
  const { url } = await openApp(
    context,
    {
      upstreams: [`library=127.0.0.1:${library.port}`],
      drain: { grace: "1s" },
      ...(tls && { tls: { certFile: "cert.pem", keyFile: "key.pem" } }),
      ...keys,
    },
    { "cert.pem": serverCert, "key.pem": serverKey },
  );
  context.after(() => library.close());
  return { url, metadataOf: library.metadataOf };
}
