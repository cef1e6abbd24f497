// A Go REST client that go-swagger generated from the OpenAPI documents of grpc-gateway's own tooling, through the
// gateway with `--profile grpc-gateway`. The same client asks grpc-gateway itself first: a fact that fails there is the
// client's, not ours.
import { join } from "node:path";
import { describe, test } from "node:test";
import { clientFolder, whyNotBuilt } from "./build.ts";
import { startGrpcGateway, startParity, whyNoParity } from "./parity/start-parity.ts";
import { runChecks } from "./run-checks.ts";

const driver = join(clientFolder("openapi"), "driver");
const leastCount = 15;
const skip = whyNotBuilt("openapi") ?? whyNoParity() ?? false;

describe("a Go client generated from OpenAPI", { skip }, () => {
  test("works with grpc-gateway", async (context) => {
    const gateway = await startGrpcGateway(context);
    await runChecks(context, driver, [new URL(gateway.url).host], leastCount);
  });

  test("works with this gateway in the same way", async (context) => {
    const { url } = await startParity(context);
    await runChecks(context, driver, [new URL(url).host], leastCount);
  });
});
