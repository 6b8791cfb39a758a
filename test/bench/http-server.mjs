/**
 * An MCP server over Streamable HTTP with one tool, stateful, SDK v1, `node:http`: `node http-server.mjs
 * bare|crypto|guarded|sodium|guarded-STORE [REGISTRY KEY TARGET]`. A store is `file` (in SIGNET_HOME), `redis` (at SIGNET_REDIS_URL) or
 * `postgres` (at SIGNET_POSTGRES_URL). As `crypto` it does one `node:crypto` verify and sign a call, as
 * `guarded` it has a guard, as `sodium` one that verifies and signs by `sodium-native`.
 * Tells its port by IPC, and answers "cpu" with the processor time that it took, in milliseconds.
 */
import { generateKeyPairSync, randomUUID, sign, verify } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createGuard } from "../../dist/server.js";
import { useSodium } from "../../dist/sodium.js";

/** Bytes that are signed for the calls that are measured: the agent's receipt, and the server's around it. */
const SIGNED_BYTES = [620, 1150];

const [mode, registry, identity, target] = process.argv.slice(2);
if (mode === "sodium") await useSodium();
const [isGuarded, store] = [mode.startsWith("guarded") || mode === "sodium", mode.split("-")[1]];
const guard = isGuarded
  ? await createGuard({ registry, identity, target, replay: await openStore(store) })
  : undefined;
const beforeTool = mode === "crypto" ? createCryptoWork() : () => {};
const sessions = new Map();

const http = createServer((request, response) => {
  serve(request, response).catch((error) => response.destroy(error));
});
// Every server waits while the others have their turn.
http.keepAliveTimeout = 0;
http.listen(0, "127.0.0.1", () => process.send({ port: http.address().port }));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000 });
});

async function serve(request, response) {
  const session = sessions.get(request.headers["mcp-session-id"]) ?? (await openSession());
  await session.handleRequest(request, response);
}

async function openStore(kind) {
  if (kind === "redis") {
    const { Redis } = await import("ioredis");
    const { createRedisReplayStore } = await import("../../dist/replay/redis/index.js");
    const client = new Redis(process.env.SIGNET_REDIS_URL, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
    });
    return createRedisReplayStore({ client });
  }
  if (kind === "postgres") {
    const { Pool } = await import("pg");
    const { createPostgresReplayStore } = await import("../../dist/replay/postgres/index.js");
    const pool = new Pool({
      connectionString: process.env.SIGNET_POSTGRES_URL,
      connectionTimeoutMillis: 1000,
    });
    return createPostgresReplayStore({ pool });
  }
  return kind ?? "memory";
}

async function openSession() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  const server = createMcpServer();
  guard?.protect(server);
  await server.connect(transport);
  return transport;
}

function createMcpServer() {
  const server = new Server({ name: "bench", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    beforeTool();
    return { content: [{ type: "text", text: `done: ${String(params.arguments.title)}` }] };
  });
  return server;
}

function createCryptoWork() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const [request, answer] = SIGNED_BYTES.map((length) => Buffer.alloc(length, "a"));
  const signature = sign(null, request, privateKey);
  return () => {
    if (!verify(null, request, publicKey, signature)) throw new Error("the signature does not verify");
    sign(null, answer, privateKey);
  };
}
