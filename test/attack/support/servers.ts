import { Server as ServerV1 } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { McpServer as McpServerV2, Server as ServerV2 } from "@modelcontextprotocol/server";
import * as z from "zod";

/** What a tool answers with, in every SDK. */
export interface ToolResult {
  content: { type: "text"; text: string }[];
  isError?: boolean;
  [member: string]: unknown;
}

export type Tool = (args: Record<string, unknown>) => ToolResult | Promise<ToolResult>;

/** Tools by name. */
export type Tools = Readonly<Record<string, Tool>>;

/** As much of a server as all four have in common. */
export interface AnyServer {
  connect(transport: never): Promise<void>;
  close(): Promise<void>;
}

export type ServerKind = "v1 Server" | "v1 McpServer" | "v2 Server" | "v2 McpServer";

export const SERVER_KINDS: readonly ServerKind[] = ["v1 Server", "v1 McpServer", "v2 Server", "v2 McpServer"];

/** Makes a real server of an SDK with these tools. */
export function createServer(kind: ServerKind, tools: Tools): AnyServer {
  return CREATE[kind](tools);
}

const INFO = { name: "attacked", version: "1.0.0" };
const CAPABILITIES = { capabilities: { tools: {} } };

const CREATE: Readonly<Record<ServerKind, (tools: Tools) => AnyServer>> = {
  "v1 Server": (tools) => {
    const server = new ServerV1(INFO, CAPABILITIES);
    server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
      runTool(tools, params.name, params.arguments),
    );
    return server;
  },
  "v2 Server": (tools) => {
    const server = new ServerV2(INFO, CAPABILITIES);
    server.setRequestHandler("tools/call", ({ params }) => runTool(tools, params.name, params.arguments));
    return server;
  },
  "v1 McpServer": (tools) => {
    const server = new McpServerV1(INFO, CAPABILITIES);
    for (const [name, tool] of Object.entries(tools)) {
      server.registerTool(name, { inputSchema: z.looseObject({}) }, (args) => tool(args));
    }
    return server;
  },
  "v2 McpServer": (tools) => {
    const server = new McpServerV2(INFO, CAPABILITIES);
    for (const [name, tool] of Object.entries(tools)) {
      server.registerTool(name, { inputSchema: z.looseObject({}) }, (args) => tool(args));
    }
    return server;
  },
};

async function runTool(tools: Tools, name: string, args: Record<string, unknown> = {}): Promise<ToolResult> {
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool(args);
}
