import type { PublicKeyText } from "../../../crypto/key-text.js";

/** Names of the keys that are made, and of the server that they are for. */
export const NAMES = { agent: "my-agent", server: "my-server", target: "mcp://my-server" } as const;

/** A key, and whose it is. */
export interface QuickstartKey {
  readonly publicKey: PublicKeyText;
  readonly owner: string;
}

/** A registry with one agent and one server. */
export function registryText(keys: Record<"agent" | "server", QuickstartKey>, now: string): string {
  return `# Whose key is whose, and what it may do. A guard that runs takes a change of this file at once.
# Change it by hand, or with \`signet trust\`: comments and order stay.
version: 1
bundle_id: tb_quickstart
org: my-org
env: dev
generated_at: ${now}
roots: []

agents:
  - id: ${NAMES.agent}-1
    name: ${NAMES.agent}
    owner: ${JSON.stringify(keys.agent.owner)}
    pubkey: ${keys.agent.publicKey}
    status: active
    created_at: ${now}
    tools: ["*"] # or names and patterns, such as ["read_*", "hello"]
    targets: ["${NAMES.target}"]

# Whose countersignatures count.
servers:
  - id: ${NAMES.server}-1
    name: ${NAMES.server}
    owner: ${JSON.stringify(keys.server.owner)}
    pubkey: ${keys.server.publicKey}
    status: active
    created_at: ${now}
    targets: ["${NAMES.target}"]
`;
}

/** A guarded server over stdio. */
export const SERVER_TEXT: string = `// An MCP server over stdio that runs only what an agent of the registry signed.
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createGuard, verifiedCall } from "signet-mcp/server";

const server = new McpServer({ name: "${NAMES.server}", version: "1.0.0" });
server.registerTool("hello", { description: "Says hello to whoever signed the call" }, () => ({
  content: [{ type: "text", text: \`Hello, \${verifiedCall()?.signer.name}!\` }],
}));

const home = process.env.SIGNET_HOME ?? join(homedir(), ".signet");
const guard = await createGuard({
  registry: fileURLToPath(new URL("registry.yaml", import.meta.url)),
  identity: "${NAMES.server}",
  target: "${NAMES.target}",
  audit: join(home, "audit"),
});
guard.protect(server);

await server.connect(new StdioServerTransport());
`;

/** A client that signs. */
export const CLIENT_TEXT: string = `// An MCP client that signs every call, and takes no answer that the server did not countersign.
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { SigningTransport } from "signet-mcp/client";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// A client gives its server few variables of its own environment: where the keys are is not among them.
const env = getDefaultEnvironment();
for (const name of ["SIGNET_HOME", "SIGNET_PASSPHRASE"]) {
  if (process.env[name] !== undefined) env[name] = process.env[name];
}

const inner = new StdioClientTransport({ command: process.execPath, args: [here("server.mjs")], env });
const transport = new SigningTransport(inner, {
  identity: "${NAMES.agent}",
  target: "${NAMES.target}",
  servers: here("registry.yaml"),
  onReceipt: ({ countersignature }) => console.log("countersigned by", countersignature?.server.name ?? "nobody"),
});
const client = new Client({ name: "my-client", version: "1.0.0" });
await client.connect(transport);

const { content } = await client.callTool({ name: "hello", arguments: {} });
console.log(content[0].text);
await client.close();
`;
