// An MCP server over Streamable HTTP (SDK v1, stateless: a fresh McpServer a request) with Express. One guard serves
// them all. Prints the port that it listens on.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { signetDiscovery } from "signet-mcp/express";
import { createGuard, verifiedCall } from "signet-mcp/server";
import { z } from "zod";

const [registry, identity, target] = process.argv.slice(2);
const guard = await createGuard({ registry, identity, target });

function makeServer() {
  const server = new McpServer({ name: "github-mcp", version: "1.0.0" });
  server.registerTool("github_create_issue", { inputSchema: { title: z.string() } }, ({ title }) => ({
    content: [{ type: "text", text: `issue "${title}" created for ${verifiedCall()?.signer.name}` }],
  }));
  return guard.protect(server);
}

const app = express();
app.use(signetDiscovery(guard));
// The arguments travel twice, in the call and in its receipt: Express's own limit of 100 kB would be half of that.
app.use(express.json({ limit: "4mb" }));
app.post("/mcp", async (request, response) => {
  const server = makeServer();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
// This server opens no stream of its own; clients ask for one.
app.get("/mcp", (_request, response) => void response.sendStatus(405));
app.get("/health", (_request, response) => {
  const { ok, problems, callsInFlight } = guard.health();
  response.status(ok ? 200 : 503).json({ ok, problems, callsInFlight });
});

const http = app.listen(0, "127.0.0.1", () => console.log(http.address().port));

process.once("SIGTERM", async () => {
  http.close();
  http.closeAllConnections();
  await guard.close();
});
