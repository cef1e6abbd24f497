// connect-go and grpc-go through the gateway, with code that their own generators wrote from the library's .proto.
import { join } from "node:path";
import { describe, test } from "node:test";
import { clientFolder, whyNotBuilt } from "./build.ts";
import { openGateway } from "./rpc/open-gateway.ts";
import { runChecks } from "./run-checks.ts";

const folder = clientFolder("rpc-go");

interface Variant {
  readonly protocol: "connect" | "grpc" | "grpc-web";
  readonly httpVersion: "1.1" | "2";
  readonly codec: "proto" | "json";
  readonly compression: "identity" | "gzip";
  readonly tls?: boolean;
}

const variants: readonly Variant[] = [
  { protocol: "connect", httpVersion: "1.1", codec: "proto", compression: "identity" },
  { protocol: "connect", httpVersion: "1.1", codec: "json", compression: "gzip" },
  { protocol: "connect", httpVersion: "2", codec: "json", compression: "identity" },
  { protocol: "connect", httpVersion: "2", codec: "proto", compression: "gzip" },
  { protocol: "connect", httpVersion: "2", codec: "proto", compression: "gzip", tls: true },
  { protocol: "grpc", httpVersion: "2", codec: "proto", compression: "identity" },
  { protocol: "grpc", httpVersion: "2", codec: "json", compression: "gzip" },
  { protocol: "grpc", httpVersion: "2", codec: "proto", compression: "gzip", tls: true },
  { protocol: "grpc-web", httpVersion: "1.1", codec: "proto", compression: "gzip" },
  { protocol: "grpc-web", httpVersion: "2", codec: "json", compression: "identity" },
];

describe("Go clients", { skip: whyNotBuilt("rpc-go") ?? false }, () => {
  for (const { protocol, httpVersion, codec, compression, tls = false } of variants) {
    const name = `${protocol} over HTTP/${httpVersion}${tls ? " and TLS" : ""}, ${codec}, ${compression}`;
    test(`connect-go, ${name}`, async (context) => {
      const { url } = await openGateway(context, { tls });
      const args = [url, protocol, httpVersion, codec, compression];
      await runChecks(context, join(folder, "connect-client"), args, protocol === "connect" ? 14 : 13);
    });
  }

  for (const tls of [false, true]) {
    test(`grpc-go${tls ? " over TLS" : ""}`, async (context) => {
      const { url } = await openGateway(context, { tls });
      const args = [new URL(url).host, ...(tls ? ["tls"] : [])];
      // Keepalive is waited for once.
      await runChecks(context, join(folder, "grpc-client"), args, tls ? 21 : 22);
    });
  }
});
