// An MCP server over stdio (SDK v1). The two lines that guard it are marked.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createGuard, verifiedCall } from "signet-mcp/server";
import { z } from "zod";

const [registry, identity, target] = process.argv.slice(2);

const server = new McpServer({ name: "github-mcp", version: "1.0.0" });
server.registerTool("github_create_issue", { inputSchema: { title: z.string() } }, ({ title }) => {
  process.stderr.write(`          the tool runs: ${title}\n`);
  return { content: [{ type: "text", text: `issue "${title}" created for ${verifiedCall()?.signer.name}` }] };
});

const guard = await createGuard({ registry, identity, target }); // one
guard.protect(server); // two

await server.connect(new StdioServerTransport());
