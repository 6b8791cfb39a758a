// The server of this example (SDK v2), made afresh for each connection or request.
import { McpServer } from "@modelcontextprotocol/server";
import { verifiedCall } from "signet-mcp/server";
import { z } from "zod";

export function makeServer() {
  const server = new McpServer({ name: "github-mcp", version: "1.0.0" });
  server.registerTool(
    "github_create_issue",
    { inputSchema: z.object({ title: z.string(), labels: z.array(z.string()).default(["triage"]) }) },
    ({ title, labels }) => ({
      content: [
        {
          type: "text",
          text: `issue "${title}" [${labels.join()}] created for ${verifiedCall()?.signer.name}`,
        },
      ],
    }),
  );
  return server;
}
