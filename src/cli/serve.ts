// `protogate serve`: the gateway until a signal ends it. Ready = one line on stdout for each listener; the first
// SIGTERM or SIGINT drains and exits 0, the second ends at once, SIGHUP reads every schema and
// certificate again.
import type { App } from "../app.ts";
import { gatewayFlags } from "../config/flag-spec.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { Command, CommandContext } from "./command.ts";
import { demoIntroduction } from "./demo.ts";
import { type Inputs, loadInputs } from "./load-config.ts";
import { reportFailure, reportUsage } from "./report.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "Run the gateway.",
  usage: "protogate serve [UPSTREAM …] [flags]",
  about: `Answers REST, Connect, gRPC-Web, gRPC and WebSocket for the gRPC backends it is given, until
SIGTERM or Ctrl-C; then calls in flight may finish (\`drain.grace\` of the config, 30s), and it exits
0. A second signal ends it at once. SIGHUP reads every schema and every certificate again.

UPSTREAM is \`host:port\` or \`http://host:port\` for gRPC over cleartext HTTP/2, \`https://host:port\`
for TLS; \`name=\` before it names it. Without any, a built-in demo backend is started.

Where the services come from: server reflection of each upstream, unless descriptor sets or .proto
files are given. With reflection an upstream that cannot be reached does not stop the start: the
gateway is not ready (/readyz says why), keeps trying, and becomes ready without a restart.

Ready is one line on stdout, \`listening on http://127.0.0.1:8080\`. The log is JSON lines on stderr.`,
  examples: [
    ["protogate serve", "the demo: a library, with curl lines to try"],
    ["protogate serve localhost:50051", "your backend, schema by reflection"],
    [
      "protogate serve library=localhost:50051 https://billing:443 --listen 0.0.0.0:8080",
      "two, for everybody",
    ],
    ["protogate serve localhost:50051 --descriptor-set api.binpb", "a backend without reflection"],
    ["protogate serve localhost:50051 --proto api/v1/api.proto --proto-path .", "the same, from sources"],
    ["protogate serve --config protogate.yaml", "all of it from a file"],
  ],
  flags: gatewayFlags,

  async run(args, context) {
    const { terminal } = context;
    const stopping = watchSignals(context);
    let inputs: Inputs | undefined;
    let app: App | undefined;
    try {
      const outcome = await loadInputs(args, args.positionals, "info");
      if (!outcome.ok) return reportUsage(terminal, outcome.problems, "serve");
      inputs = outcome.inputs;
      const { config, demo } = inputs;
      if (stopping.signal.aborted) return 0;

      // Loaded here and not above: help and mistakes in the command line answer without it.
      const { startApp } = await import("../app.ts");
      const logger = createLogger({ level: config.log.level });
      app = await startApp(config, logger);
      stopping.onRefresh(() => app?.refresh());
      for (const url of app.urls) terminal.print(`listening on ${url}`);
      if (demo !== undefined) terminal.print(demoIntroduction(app.urls[0] ?? "", app.adminUrl));

      await aborted(stopping.signal);
      logger.info("draining", { graceMs: config.drain.graceMs });
      return 0;
    } catch (error) {
      return reportFailure(terminal, error);
    } finally {
      await closeAll(context, app, inputs);
      stopping.end();
    }
  },
};

/** The demo goes last: calls to it are still running while the gateway drains. */
async function closeAll({ terminal }: CommandContext, app: App | undefined, inputs: Inputs | undefined) {
  try {
    await app?.close();
  } catch (error) {
    reportFailure(terminal, error);
  }
  await inputs?.close();
}

function watchSignals({ signals, exit }: CommandContext) {
  const stop = new AbortController();
  let refresh = (): void => {};
  const onStop = (): void => {
    // 130 is what shells make of a program that Ctrl-C ended.
    if (stop.signal.aborted) exit(130);
    stop.abort();
  };
  const onHangUp = (): void => refresh();
  signals.on("SIGTERM", onStop);
  signals.on("SIGINT", onStop);
  signals.on("SIGHUP", onHangUp);
  return {
    signal: stop.signal,
    onRefresh(listener: () => void): void {
      refresh = listener;
    },
    end(): void {
      signals.off("SIGTERM", onStop);
      signals.off("SIGINT", onStop);
      signals.off("SIGHUP", onHangUp);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
