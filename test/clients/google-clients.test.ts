// Google's own generated Python clients over their REST transport, through the gateway with `--profile google`, to
// grpcio backends made from Google's .proto files. The schema comes by reflection, and once as a descriptor set.
import { join } from "node:path";
import { describe, test } from "node:test";
import { startGateway } from "../matrix/gateway.ts";
import { startProcess } from "../matrix/process.ts";
import { clientFolder, whyNotBuilt } from "./build.ts";
import { runChecks } from "./run-checks.ts";

interface Api {
  readonly name: string;
  /** The Python package as people know it. */
  readonly package: string;
  readonly script: string;
  /** How many facts the script checks at least: a script that ends early must not pass. */
  readonly leastCount: number;
  readonly flags?: readonly string[];
}

const here = join(import.meta.dirname, "google");
const python = join(clientFolder("google"), "venv", "bin", "python");
const schema = join(clientFolder("google"), "schema.binpb");

const apis: readonly Api[] = [
  {
    name: "secretmanager",
    package: "google-cloud-secret-manager",
    script: "secret_manager.py",
    leastCount: 16,
  },
  {
    name: "tasks",
    package: "google-cloud-tasks",
    script: "cloud_tasks.py",
    leastCount: 12,
    flags: ["--descriptor-set", schema],
  },
  {
    name: "workflows",
    package: "google-cloud-workflows",
    script: "workflows.py",
    leastCount: 7,
    flags: ["--service-config", join(here, "workflows.yaml")],
  },
  {
    name: "generativelanguage",
    package: "google-ai-generativelanguage",
    script: "generative_language.py",
    leastCount: 8,
  },
];

describe("Google's generated Python clients over REST", { skip: whyNotBuilt("google") ?? false }, () => {
  for (const api of apis) {
    test(`${api.package} works through the gateway`, async (context) => {
      const backend = await startProcess(
        python,
        ["-B", join(here, "backend", "backend.py"), "--schema", schema, "--api", api.name],
        /^listening on (127\.0\.0\.1:\d+)\r?\n/m,
      );
      context.after(() => backend.stop("SIGTERM"));
      const gateway = await startGateway([backend.address], {
        flags: ["--profile", "google", ...(api.flags ?? [])],
      });
      context.after(() => gateway.close());
      await runChecks(context, python, ["-B", join(here, "client", api.script), gateway.url], api.leastCount);
    });
  }
});
