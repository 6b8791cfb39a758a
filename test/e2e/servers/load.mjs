// A guarded server over HTTP for the load test: SDK v1, a fresh server a request. Prints its port. GET /stats collects
// garbage and tells what the guard counted, how often the tool ran, the heap, and how long the event loop was held up.
import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createGuard } from "signet-mcp/server";
import { z } from "zod";

const [registry, identity, target] = process.argv.slice(2);
const guard = await createGuard({ registry, identity, target });
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let runs = 0;

function makeServer() {
  const server = new McpServer({ name: "load", version: "1.0.0" });
  server.registerTool("add", { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => {
    runs += 1;
    return { content: [{ type: "text", text: String(a + b) }] };
  });
  return guard.protect(server);
}

const http = createServer(async (request, response) => {
  if (request.url === "/stats") {
    globalThis.gc();
    const { counts, callsInFlight } = guard.health();
    const eventLoopP99Ms = delay.percentile(99) / 1e6;
    const { heapUsed } = process.memoryUsage();
    response.end(JSON.stringify({ runs, counts, callsInFlight, heapUsed, eventLoopP99Ms }));
    return;
  }
  const server = makeServer();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  response.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response);
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
