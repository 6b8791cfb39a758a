// Makes what every example needs, in a temporary folder: a key for an agent, one for the server, and the registry
// that lists both. A real deployment makes the keys once, and keeps the registry under review like code.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSigner, formatPublicKey } from "signet-mcp/receipt";

/** Writes keys and registry. @returns their paths, and `remove()`. */
export async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "signet-example-"));
  const agent = await writeKey(folder, "deploy-bot");
  const server = await writeKey(folder, "github-mcp");
  const registry = join(folder, "registry.yaml");
  await writeFile(registry, registryText(agent.publicKey, server.publicKey));
  return {
    registry,
    // What the server keeps: here it goes when the example is over, and not into your own ~/.signet.
    env: { SIGNET_HOME: join(folder, "home") },
    agentKey: agent.path,
    serverKey: server.path,
    target: "mcp://github",
    remove: () => rm(folder, { recursive: true }),
  };
}

async function writeKey(folder, name) {
  const seed = randomBytes(32);
  const path = join(folder, `${name}.key`);
  const key = { v: 1, algorithm: "ed25519", name, seed: seed.toString("base64") };
  await writeFile(path, JSON.stringify(key), { mode: 0o600, flag: "wx" });
  const { publicKey } = createSigner(seed);
  const pubkey = Buffer.from(publicKey).toString("base64");
  const pub = {
    v: 1,
    algorithm: "ed25519",
    name,
    pubkey,
    owner: "platform-team",
    created_at: new Date().toISOString(),
  };
  await writeFile(join(folder, `${name}.pub`), JSON.stringify(pub));
  return { path, publicKey: formatPublicKey(publicKey) };
}

function registryText(agentKey, serverKey) {
  return `version: 1
bundle_id: tb_example
org: acme
env: dev
generated_at: 2026-01-01T00:00:00Z
roots: []
agents:
  - id: deploy-bot-1
    name: deploy-bot
    owner: platform-team
    pubkey: ${agentKey}
    status: active
    created_at: 2026-01-01T00:00:00Z
    tools: [github_create_issue, github_list_issues]
servers:
  - id: github-mcp-1
    name: github-mcp
    owner: platform-team
    pubkey: ${serverKey}
    status: active
    created_at: 2026-01-01T00:00:00Z
`;
}
