// One replica: an MCP server over Streamable HTTP (SDK v1, stateless) with Express, whose guard shares its nonces with the
// other replicas. `node server.mjs REGISTRY KEY TARGET redis|postgres URL` prints the port that it listens on.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import express from "express";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { createPostgresReplayStore } from "signet-mcp/replay/postgres";
import { createRedisReplayStore } from "signet-mcp/replay/redis";
import { createGuard, verifiedCall } from "signet-mcp/server";
import { z } from "zod";

import { clockSkewMs } from "./clock-skew.mjs";

const [registry, identity, target, store, url] = process.argv.slice(2);

/** What a server needs for each store: a client or a pool, and the store on it. Both stay yours to close. */
const stores = {
  async redis() {
    const client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 1000,
    });
    const replay = await createRedisReplayStore({ client, clockSkewMs });
    return { replay, disconnect: () => client.disconnect() };
  },
  async postgres() {
    const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 1000 });
    const replay = await createPostgresReplayStore({ pool, clockSkewMs });
    return { replay, disconnect: () => pool.end() };
  },
};

const { replay, disconnect } = await stores[store]();
const guard = await createGuard({ registry, identity, target, replay, clockSkewMs });
/** One for all servers: each would make its own, which takes longer than all else that it does. */
const jsonSchemaValidator = new AjvJsonSchemaValidator();
let runs = 0;

function makeServer() {
  const server = new McpServer({ name: "github-mcp", version: "1.0.0" }, { jsonSchemaValidator });
  server.registerTool("github_create_issue", { inputSchema: { title: z.string() } }, ({ title }) => {
    runs += 1;
    return {
      content: [{ type: "text", text: `issue "${title}" created for ${verifiedCall()?.signer.name}` }],
    };
  });
  return guard.protect(server);
}

const app = express();
app.use(express.json({ limit: "4mb" }));
app.post("/mcp", async (request, response) => {
  const server = makeServer();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.get("/mcp", (_request, response) => void response.sendStatus(405));
app.get("/runs", (_request, response) => void response.json(runs));
app.get("/health", (_request, response) => {
  const { ok, problems } = guard.health();
  response.status(ok ? 200 : 503).json({ ok, problems });
});

const http = app.listen(0, "127.0.0.1", () => console.log(http.address().port));
// Longer than nginx keeps a connection that it does not use (60 s): else it may send a call over one that is being closed.
http.keepAliveTimeout = 65_000;

process.once("SIGTERM", async () => {
  http.close();
  http.closeAllConnections();
  await guard.close();
  await replay.close();
  await disconnect();
});
