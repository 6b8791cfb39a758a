// Over HTTP: a server for each request, for clients of either revision. Prints the port that it listens on.
import { createServer } from "node:http";

import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { createGuard } from "signet-mcp/server";

import { makeServer } from "./tools.mjs";

const [registry, identity, target] = process.argv.slice(2);
const guard = await createGuard({ registry, identity, target });

const handler = createMcpHandler(() => guard.protect(makeServer()));
const http = createServer(toNodeHandler(handler));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));

process.once("SIGTERM", async () => {
  http.close();
  http.closeAllConnections();
  await handler.close();
  await guard.close();
});
