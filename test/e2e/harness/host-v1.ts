import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createV1Server } from "../servers/index.mjs";
import type { ServerState } from "../servers/index.mjs";
import type { Hosted } from "./endpoint.js";
import { hostHttp, methodNotAllowed } from "./http-host.js";
import type { HttpHandler } from "./http-host.js";
import type { Protect } from "./security.js";
import type { Setup } from "./setup.js";

/** Starts servers of SDK v1 in this process. */
export function hostV1(setup: Setup, state: ServerState, protect: Protect): Promise<Hosted> {
  const create = (): V1Server => protect(createV1Server[setup.server](state));
  switch (setup.transport) {
    case "memory":
      return Promise.resolve(inMemory(create));
    case "http-stateful":
      return stateful(create);
    case "http-stateless":
      return hostHttp(perRequest(create, false), () => Promise.resolve());
    case "http-stateless-json":
      return hostHttp(perRequest(create, true), () => Promise.resolve());
    default:
      throw new Error(`SDK v1 has no ${setup.transport}`);
  }
}

interface V1Server {
  connect(transport: Transport): Promise<void>;
  close(): Promise<void>;
}

function inMemory(create: () => V1Server): Hosted {
  const servers: V1Server[] = [];
  return {
    endpoint: {
      kind: "memory-v1",
      async connect() {
        const [near, far] = InMemoryTransport.createLinkedPair();
        const server = create();
        servers.push(server);
        await server.connect(far);
        return near;
      },
    },
    cancelArrived: () => Promise.resolve(),
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}

function stateful(create: () => V1Server): Promise<Hosted> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
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

function perRequest(create: () => V1Server, enableJsonResponse: boolean): HttpHandler {
  return async (request, response) => {
    if (request.method !== "POST") {
      methodNotAllowed(response);
      return;
    }
    const server = create();
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse });
    response.once("close", () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  };
}
