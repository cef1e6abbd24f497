// The commands that work on a gateway's inputs, in the order of help. `help` itself is in help.ts, which needs this list.
import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
import { explainCommand } from "./explain.ts";
import { routesCommand } from "./routes.ts";
import { serveCommand } from "./serve.ts";

export const commands: readonly Command[] = [serveCommand, checkCommand, routesCommand, explainCommand];
