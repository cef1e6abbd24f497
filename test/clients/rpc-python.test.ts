// grpcio through the gateway, with stubs by grpcio-tools from the library's .proto.
import { join } from "node:path";
import { describe, test } from "node:test";
import { createTemporaryFolder } from "../schema/temporary-folder.ts";
import { authorityCert } from "../server/certificates.ts";
import { clientFolder, whyNotBuilt } from "./build.ts";
import { openGateway } from "./rpc/open-gateway.ts";
import { runChecks } from "./run-checks.ts";

const folder = clientFolder("rpc-python");
const script = join(import.meta.dirname, "rpc/python/client.py");

describe("grpcio", { skip: whyNotBuilt("rpc-python") ?? false }, () => {
  for (const tls of [false, true]) {
    test(`grpcio works through the gateway${tls ? " over TLS" : ""}`, async (context) => {
      const { url } = await openGateway(context, { tls });
      const { write, cleanUp } = createTemporaryFolder({});
      context.after(cleanUp);
      const { port, host } = new URL(url);
      const place = tls ? [`localhost:${port}`, write("ca.pem", authorityCert)] : [host];
      const args = ["-B", script, join(folder, "generated"), ...place];
      await runChecks(context, join(folder, "venv/bin/python"), args, 18);
    });
  }
});
