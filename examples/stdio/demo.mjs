// A signed call is accepted and countersigned; a tampered, a replayed, an unsigned and a stranger's call are refused.
// Ends with exit status 1 if any of it does not hold.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { SigningTransport } from "signet-mcp/client";
import { REFUSALS } from "signet-mcp/server";
import { signedCall, testIdentity } from "signet-mcp/testing";

import { setUp } from "../setup.mjs";
import { Wire } from "../wire.mjs";

const { registry, agentKey, serverKey, target, env, remove } = await setUp();
const command = [fileURLToPath(new URL("server.mjs", import.meta.url)), registry, serverKey, target];
const wire = new Wire(new StdioClientTransport({ command: process.execPath, args: command, env }));

// Three lines for a client.
const client = new Client({ name: "demo", version: "1.0.0" });
const transport = new SigningTransport(wire, { identity: agentKey, target, servers: registry, onReceipt });
await client.connect(transport);

let countersignature;
function onReceipt(event) {
  countersignature = event.countersignature;
}

try {
  console.log("\nA signed call");
  const result = await client.callTool({ name: "github_create_issue", arguments: { title: "fix bug" } });
  assert.equal(result.content[0].text, 'issue "fix bug" created for deploy-bot');
  assert.equal(countersignature.server.name, "github-mcp");
  assert.deepEqual(countersignature.response.outcome, { status: "executed" });
  console.log(`  accepted  ${result.content[0].text}`);
  console.log("  the server countersigned, and the client checked:");
  console.log(indent(countersignature));

  const signed = wire.lastCall.params;
  const stranger = testIdentity("deploy-bot", "platform-team");
  const call = { tool: "github_create_issue", arguments: { title: "delete everything" }, target };
  await refuse("The same call with other arguments", "params_mismatch", {
    ...signed,
    arguments: call.arguments,
  });
  await refuse("The same call once more", "replayed", signed);
  await refuse("A call without a receipt", "unsigned", { name: call.tool, arguments: call.arguments });
  await refuse(
    "A stranger who signs as deploy-bot",
    "untrusted_signer",
    await signedCall({ ...call, identity: stranger }),
  );

  const again = await client.callTool({ name: "github_create_issue", arguments: { title: "still works" } });
  assert.equal(again.isError, undefined);
  console.log(`\nAnd the connection lives on\n  accepted  ${again.content[0].text}\n`);
} finally {
  await client.close();
  await remove();
}

async function refuse(title, code, params) {
  console.log(`\n${title}`);
  const { error } = await wire.call(params);
  assert.equal(error?.data?.reason, code);
  console.log(`  refused   ${code}: ${error.message}\n            ${REFUSALS[code].meaning}`);
}

function indent(value) {
  return JSON.stringify(value, undefined, 2).replaceAll(/^/gm, "    ");
}
