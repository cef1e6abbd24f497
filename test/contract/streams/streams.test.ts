// Every protocol that carries streams keeps one contract, through the whole gateway to a real backend.
import { test } from "node:test";
import { restClients } from "./rest-clients.ts";
import { rpcClients } from "./rpc-clients.ts";
import { openStreamGateway } from "./stream-backend.ts";
import { describeContent } from "./stream-content.ts";
import { describeEndings } from "./stream-endings.ts";
import { describeFlow } from "./stream-flow.ts";
import { webSocketClients } from "./websocket-client.ts";

for (const client of [...rpcClients, ...webSocketClients, ...restClients]) {
  test(client.name, async (context) => {
    const gateway = await openStreamGateway(context);
    await describeContent(context, client, gateway);
    await describeFlow(context, client, gateway);
    await describeEndings(context, client, gateway);
  });
}
