import type { Server as V1Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { McpServer as V1McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { TaskMessageQueue, TaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import type { Server as V2Server, McpServer as V2McpServer } from "@modelcontextprotocol/server";

/** What the servers of one deployment share. */
export interface ServerState {
  /** How often the tool `hang` was entered. */
  readonly hanging: number;
  /** Called by SDK v2 servers after a tool was added. */
  toolsChanged: (() => void) | undefined;
}

export interface StateOptions {
  readonly verifiedCall?: (() => { readonly signer: { readonly name: string } } | undefined) | undefined;
  readonly taskStore?: TaskStore;
  readonly taskMessageQueue?: TaskMessageQueue;
}

export declare function createState(options?: StateOptions): ServerState;

export declare const createV1Server: {
  readonly low: (state: ServerState) => V1Server;
  readonly mcp: (state: ServerState) => V1McpServer;
};

export declare const createV2Server: {
  readonly low: (state: ServerState) => V2Server;
  readonly mcp: (state: ServerState) => V2McpServer;
};
