// A guarded server over stdio: `node guarded-server.mjs DIR REGISTRY KEY TARGET`.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createGuard } from "signet-mcp/server";

const [audit, registry, identity, target] = process.argv.slice(2);
const guard = await createGuard({ registry, identity, target, audit });
const server = new Server({ name: "guarded", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }));
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  if (params.name === "hang") await new Promise(() => {});
  return { content: [{ type: "text", text: String(params.arguments?.n) }] };
});
await guard.protect(server).connect(new StdioServerTransport());
