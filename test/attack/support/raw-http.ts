import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { onTestFinished } from "vitest";
import type { JsonRecord } from "../../../src/lib/json.js";
import { isPlainObject } from "../../../src/lib/json.js";
import { createServer as createMcpServer } from "./servers.js";
import type { AnyServer, Tools } from "./servers.js";
import type { Stand } from "./stand.js";

export type HttpKind = "v1" | "v2";

interface HttpTransport {
  readonly sessionId?: string | undefined;
  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** One session of a real Streamable HTTP server, spoken to without any client. */
export interface HttpSession {
  /** Posts a body and reads all messages of the answer. */
  post(body: unknown): Promise<JsonRecord[]>;
  /** Posts a body, and leaves the answer open: `destroy` hangs up. */
  start(body: unknown): ClientRequest;
}

export interface HttpOptions {
  /** Default is a revision that has batches. */
  readonly protocolVersion?: string;
  /** Where a server keeps what it sends. Default is none. */
  readonly eventStore?: EventStore;
}

/** Starts a guarded server with sessions over Streamable HTTP, and opens a session. */
export async function openHttp(
  stand: Stand,
  kind: HttpKind,
  tools: Tools,
  { protocolVersion = "2025-03-26", eventStore }: HttpOptions = {},
): Promise<HttpSession> {
  const transport = createTransport(kind, eventStore);
  const server: AnyServer = stand.guard.protect(createMcpServer(`${kind} Server`, tools));
  await server.connect(transport as never);
  const http = createServer((incoming, response) => {
    transport.handleRequest(incoming, response).catch(() => response.destroy());
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(async () => {
    await server.close();
    http.closeAllConnections();
    http.close();
  });
  const address = http.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  const { port } = address;

  const start = (body: unknown): ClientRequest => {
    const headers: Record<string, string> = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": protocolVersion,
    };
    if (transport.sessionId !== undefined) headers["mcp-session-id"] = transport.sessionId;
    const outgoing = request({
      port,
      host: "127.0.0.1",
      method: "POST",
      path: "/mcp",
      headers,
      agent: false,
    });
    outgoing.on("error", () => {});
    outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
    return outgoing;
  };
  const post = async (body: unknown): Promise<JsonRecord[]> => {
    const [response] = (await once(start(body), "response")) as [IncomingMessage];
    return readMessages(await readText(response));
  };
  const clientInfo = { name: "raw", version: "1.0.0" };
  const params = { protocolVersion, capabilities: {}, clientInfo };
  await post({ jsonrpc: "2.0", id: "initialize", method: "initialize", params });
  await post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return { post, start };
}

function createTransport(kind: HttpKind, eventStore: EventStore | undefined): HttpTransport {
  const options = { sessionIdGenerator: randomUUID, ...(eventStore === undefined ? {} : { eventStore }) };
  return kind === "v1"
    ? new StreamableHTTPServerTransport(options)
    : new NodeStreamableHTTPServerTransport(options);
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** Reads server-sent events, or a body of JSON. */
function readMessages(text: string): JsonRecord[] {
  const bodies = text.startsWith("{") || text.startsWith("[") ? [text] : eventData(text);
  return bodies.flatMap((body) => [JSON.parse(body) as unknown].flat()).filter(isPlainObject);
}

function eventData(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => line.slice("data: ".length));
}
