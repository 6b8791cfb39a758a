/**
 * A server of the matrix as a program on stdio: `node stdio.mjs v1|v2 low|mcp connect|serve`.
 *
 * With `E2E_GUARD`, a JSON object of guard options, it is guarded.
 */
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import { createState, createV1Server, createV2Server } from "./index.mjs";

const [sdk, kind, entry] = process.argv.slice(2);
const { protect, verifiedCall } = await loadGuard(process.env.E2E_GUARD);
const state = createState({
  verifiedCall,
  taskStore: new InMemoryTaskStore(),
  taskMessageQueue: new InMemoryTaskMessageQueue(),
});

if (sdk === "v1") {
  const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js");
  await protect(createV1Server[kind](state)).connect(new StdioServerTransport());
} else {
  const { StdioServerTransport, serveStdio } = await import("@modelcontextprotocol/server/stdio");
  const create = () => protect(createV2Server[kind](state));
  if (entry === "serve") serveStdio(create);
  else await create().connect(new StdioServerTransport());
}

async function loadGuard(options) {
  if (options === undefined) return { protect: (server) => server, verifiedCall: undefined };
  const { createGuard, verifiedCall } = await import("signet-mcp/server");
  const guard = await createGuard(JSON.parse(options));
  return { protect: (server) => guard.protect(server), verifiedCall };
}
