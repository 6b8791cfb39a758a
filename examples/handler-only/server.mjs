// A low-level server (SDK v1) that keeps its `connect`: only the handler of `tools/call` is wrapped. It sees what the
// SDK made of the request, and cannot see what the SDK does to the result; where you can, use `guard.protect(server)`.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createGuard, verifiedCall } from "signet-mcp/server";

const [registry, identity, target] = process.argv.slice(2);
// A wrapped handler does not see the transport: over stdio say that every connection is a process.
const guard = await createGuard({ registry, identity, target, replay: "file" });

const tools = [{ name: "github_list_issues", inputSchema: { type: "object" } }];
const server = new Server({ name: "github-mcp", version: "1.0.0" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
server.setRequestHandler(
  CallToolRequestSchema,
  guard.wrap(({ params }) => ({
    content: [{ type: "text", text: `${params.name} for ${verifiedCall()?.signer.name}` }],
  })),
);

await server.connect(new StdioServerTransport());
