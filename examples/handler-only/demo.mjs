// One wrapped handler: a signed call is accepted and countersigned, an unsigned and a replayed one are refused.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { SigningTransport } from "signet-mcp/client";

import { setUp } from "../setup.mjs";
import { Wire } from "../wire.mjs";

const { registry, agentKey, serverKey, target, env, remove } = await setUp();
const args = [fileURLToPath(new URL("server.mjs", import.meta.url)), registry, serverKey, target];
const wire = new Wire(new StdioClientTransport({ command: process.execPath, args, env }));
const client = new Client({ name: "demo", version: "1.0.0" });
await client.connect(new SigningTransport(wire, { identity: agentKey, target, servers: registry }));

try {
  const result = await client.callTool({ name: "github_list_issues" });
  assert.equal(result.content[0].text, "github_list_issues for deploy-bot");
  console.log(`accepted  ${result.content[0].text}, countersigned and checked`);

  const replay = await wire.call(wire.lastCall.params);
  assert.equal(replay.error?.data?.reason, "replayed");
  console.log(`refused   replayed: ${replay.error.message}`);

  const unsigned = await wire.call({ name: "github_list_issues" });
  assert.equal(unsigned.error?.data?.reason, "unsigned");
  console.log(`refused   unsigned: ${unsigned.error.message}`);
} finally {
  await client.close();
  await remove();
}
