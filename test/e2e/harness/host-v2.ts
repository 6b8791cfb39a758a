import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeStreamableHTTPServerTransport, toNodeHandler } from "@modelcontextprotocol/node";
import { InMemoryTransport, createMcpHandler } from "@modelcontextprotocol/server";
import type { McpServer, Server } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createV2Server } from "../servers/index.mjs";
import type { ServerState } from "../servers/index.mjs";
import type { Hosted } from "./endpoint.js";
import { hostHttp, methodNotAllowed } from "./http-host.js";
import type { HttpHandler } from "./http-host.js";
import type { Protect } from "./security.js";
import type { Setup } from "./setup.js";

type V2Server = McpServer | Server;

/** Starts servers of SDK v2 in this process. */
export function hostV2(setup: Setup, state: ServerState, protect: Protect): Promise<Hosted> {
  const create = (): V2Server => protect(createV2Server[setup.server](state));
  switch (setup.transport) {
    case "memory":
      return Promise.resolve(inMemory((far) => connect(create(), far)));
    case "memory-serve":
      return Promise.resolve(inMemory((transport) => Promise.resolve(serveStdio(create, { transport }))));
    case "http-stateful":
      return stateful(create);
    case "http-stateless":
      return hostHttp(perRequest(create, false), () => Promise.resolve());
    case "http-stateless-json":
      return hostHttp(perRequest(create, true), () => Promise.resolve());
    case "http-handler":
      return perHandler(create, state, "auto");
    case "http-handler-sse":
      return perHandler(create, state, "sse");
    default:
      throw new Error(`servers in this process have no ${setup.transport}`);
  }
}

interface Closable {
  close(): Promise<void>;
}

async function connect(server: V2Server, transport: InMemoryTransport): Promise<Closable> {
  await server.connect(transport);
  return server;
}

function inMemory(serve: (far: InMemoryTransport) => Promise<Closable>): Hosted {
  const servers: Closable[] = [];
  return {
    endpoint: {
      kind: "memory-v2",
      async connect() {
        const [near, far] = InMemoryTransport.createLinkedPair();
        servers.push(await serve(far));
        return near;
      },
    },
    cancelArrived: () => Promise.resolve(),
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}

function stateful(create: () => V2Server): Promise<Hosted> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const open = async (): Promise<NodeStreamableHTTPServerTransport> => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await create().connect(transport);
    return transport;
  };
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = String(request.headers["mcp-session-id"]);
    await (sessions.get(id) ?? (await open())).handleRequest(request, response);
  };
  return hostHttp(
    handler,
    async () => void (await Promise.all([...sessions.values()].map((transport) => transport.close()))),
  );
}

function perRequest(create: () => V2Server, enableJsonResponse: boolean): HttpHandler {
  return async (request, response) => {
    if (request.method !== "POST") {
      methodNotAllowed(response);
      return;
    }
    const server = create();
    const transport = new NodeStreamableHTTPServerTransport({ enableJsonResponse });
    response.once("close", () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  };
}

function perHandler(
  create: () => V2Server,
  state: ServerState,
  responseMode: "auto" | "sse",
): Promise<Hosted> {
  const handler = createMcpHandler(create, { responseMode });
  state.toolsChanged = () => {
    handler.notify.toolsChanged();
  };
  const serve = toNodeHandler(handler);
  const serveRequest: HttpHandler = async (request, response) => {
    if (hasMethod(request)) await serve(request, response);
  };
  return hostHttp(serveRequest, () => handler.close());
}

/** Every request that a server gets has one, though its type leaves that open. */
function hasMethod(request: IncomingMessage): request is IncomingMessage & { method: string; url: string } {
  return request.method !== undefined && request.url !== undefined;
}
