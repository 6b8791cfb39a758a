/**
 * A replica: a guarded MCP server over Streamable HTTP (SDK v1, stateless) that counts the runs of its tool:
 * `node server.mjs file|redis|postgres WHERE REGISTRY KEY TARGET`. WHERE is the store's directory or the server's address. Tells its port by IPC,
 * answers "runs" with the number of runs, and ends with its parent.
 */
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { createFileReplayStore } from "signet-mcp/replay/file";
import { createPostgresReplayStore } from "signet-mcp/replay/postgres";
import { createRedisReplayStore } from "signet-mcp/replay/redis";
import { createGuard } from "signet-mcp/server";
import { z } from "zod";

const [kind, where, registry, identity, target] = process.argv.slice(2);
/** So short that a new store need not be waited for. Clients and replicas are on one host, with one clock. */
const CLOCK_SKEW_MS = 500;

const replay = await openStore();
const guard = await createGuard({ registry, identity, target, replay, clockSkewMs: CLOCK_SKEW_MS });
let runs = 0;

const http = createServer((request, response) => {
  serve(request, response).catch((error) => response.destroy(error));
});
http.listen(0, "127.0.0.1", () => process.send({ port: http.address().port }));
process.on("message", () => process.send({ runs }));
process.on("disconnect", () => process.exit());

async function serve(request, response) {
  const server = new McpServer({ name: "replica", version: "1.0.0" });
  server.registerTool("count", { inputSchema: { call: z.number() } }, ({ call }) => {
    runs += 1;
    return { content: [{ type: "text", text: String(call) }] };
  });
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  await guard.protect(server).connect(transport);
  await transport.handleRequest(request, response);
}

function openStore() {
  if (kind === "file") return createFileReplayStore({ path: where });
  if (kind === "redis") {
    const client = new Redis(where, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 1000,
    });
    return createRedisReplayStore({ client, clockSkewMs: CLOCK_SKEW_MS });
  }
  const pool = new Pool({ connectionString: where, connectionTimeoutMillis: 1000 });
  return createPostgresReplayStore({ pool, clockSkewMs: CLOCK_SKEW_MS });
}
