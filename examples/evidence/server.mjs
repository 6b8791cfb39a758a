// A guarded server over stdio (SDK v1) that puts its calls on record. One option turns that on: `audit`.
import { setTimeout as pause } from "node:timers/promises";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createGuard } from "signet-mcp/server";
import { z } from "zod";

const [registry, identity, target, audit] = process.argv.slice(2);

const server = new McpServer({ name: "github-mcp", version: "1.0.0" });
server.registerTool("github_create_issue", { inputSchema: { title: z.string() } }, ({ title }) => ({
  content: [{ type: "text", text: `issue "${title}" created` }],
}));
server.registerTool("github_list_issues", { inputSchema: { repo: z.string() } }, async ({ repo }) => {
  await pause(60_000); // A large repository: this takes a minute.
  return { content: [{ type: "text", text: `issues of ${repo}` }] };
});

// A call's receipt is on disk before its tool runs, and the countersigned one before its answer leaves. What an earlier
// process left without an end is ended here, before the first call is taken.
const guard = await createGuard({ registry, identity, target, audit });
guard.protect(server);

await server.connect(new StdioServerTransport());
