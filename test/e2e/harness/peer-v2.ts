import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Transport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Endpoint } from "./endpoint.js";
import { createNoteLog } from "./notes.js";
import { observe } from "./observe.js";
import { traceIncoming } from "./trace.js";
import { CLIENT_CAPABILITIES, ELICITED, SAMPLED } from "./peer.js";
import type { Peer } from "./peer.js";

const PIN_2026 = { mode: { pin: "2026-07-28" } };
const PLAIN_2025 = { mode: "legacy" as const };

/** Connects a client of SDK v2 in the given era. */
export async function connectV2(
  endpoint: Endpoint,
  era: "2025" | "2026",
  sign: (transport: Transport) => Transport,
): Promise<Peer> {
  const client = new Client(
    { name: "matrix-client", version: "1.0.0" },
    { capabilities: CLIENT_CAPABILITIES, versionNegotiation: era === "2026" ? PIN_2026 : PLAIN_2025 },
  );
  const notes = createNoteLog();
  client.fallbackNotificationHandler = ({ method, params }) => Promise.resolve(notes.add({ method, params }));
  client.setRequestHandler("elicitation/create", () => ELICITED);
  client.setRequestHandler("sampling/createMessage", () => SAMPLED);
  const transport = sign(await transportTo(endpoint));
  await client.connect(transport);
  const trace = traceIncoming(transport);
  if (client.getProtocolEra() !== (era === "2026" ? "modern" : "legacy"))
    throw new Error("not the era asked for");
  return {
    notes,
    trace,
    call: (name, args, { meta, ...options } = {}) => {
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...(meta === undefined ? {} : { _meta: meta }),
      };
      return observe(client.callTool(params, options));
    },
    async tools(cursor) {
      // Not listTools(), which walks through all the pages by itself.
      const params = cursor === undefined ? {} : { cursor };
      const { tools, nextCursor } = await client.request({ method: "tools/list", params });
      return { names: tools.map(({ name }) => name), nextCursor };
    },
    everythingElse: async () => [
      ...(era === "2026" ? [] : [await client.ping(), await client.setLoggingLevel("debug")]),
      await client.listResources(),
      await client.readResource({ uri: "test://note" }),
      await client.listPrompts(),
      await client.getPrompt({ name: "review", arguments: { code: "1 + 1" } }),
    ],
    async listen() {
      if (era === "2026") await client.listen({ toolsListChanged: true });
    },
    tasks: undefined,
    close: () => client.close(),
  };
}

async function transportTo(endpoint: Endpoint): Promise<Transport> {
  switch (endpoint.kind) {
    case "memory-v2":
      return endpoint.connect();
    case "http":
      return new StreamableHTTPClientTransport(endpoint.url);
    case "stdio":
      return new StdioClientTransport({ command: process.execPath, args: endpoint.args, env: endpoint.env });
    default:
      throw new Error(`a client of SDK v2 cannot connect to ${endpoint.kind}`);
  }
}
