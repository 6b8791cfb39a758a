// SDK v2, over stdio and over HTTP, in both revisions of the protocol: a signed call is accepted, its
// answer countersigned and checked; its copy and an unsigned one are refused.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { SigningTransport } from "signet-mcp/client";

import { startServer } from "../server-process.mjs";
import { setUp } from "../setup.mjs";
import { Wire } from "../wire.mjs";

const { registry, agentKey, serverKey, target, env, remove } = await setUp();
const args = [registry, serverKey, target];

try {
  const program = fileURLToPath(new URL("stdio-server.mjs", import.meta.url));
  const stdio = () => new StdioClientTransport({ command: process.execPath, args: [program, ...args], env });
  await show("stdio, 2025-11-25", "legacy", stdio());
  await show("stdio, 2026-07-28", { pin: "2026-07-28" }, stdio());

  const { url, stop } = await startServer(new URL("http-server.mjs", import.meta.url), args);
  try {
    await show("HTTP, 2025-11-25", "legacy", new StreamableHTTPClientTransport(url));
    await show("HTTP, 2026-07-28", { pin: "2026-07-28" }, new StreamableHTTPClientTransport(url));
  } finally {
    await stop();
  }
} finally {
  await remove();
}

async function show(title, mode, transport) {
  console.log(title);
  let sent;
  const wire = new Wire(transport);
  const signing = new SigningTransport(wire, {
    identity: agentKey,
    target,
    servers: registry,
    onReceipt: (event) => (sent = event),
  });
  const client = new Client({ name: "demo", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(signing);
  try {
    const result = await client.callTool({ name: "github_create_issue", arguments: { title: "fix bug" } });
    assert.equal(result.content[0].text, 'issue "fix bug" [triage] created for deploy-bot');
    assert.equal(sent.countersignature.server.name, "github-mcp");
    console.log(`  accepted  ${result.content[0].text}, countersigned and checked`);
    for (const [code, params] of [
      ["replayed", wire.lastCall.params],
      ["unsigned", { ...wire.lastCall.params, _meta: { ...wire.lastCall.params._meta, _signet: undefined } }],
    ]) {
      const { error } = await wire.call(params);
      assert.equal(error?.data?.reason, code);
      console.log(`  refused   ${code}: ${error.message}`);
    }
  } finally {
    await client.close();
  }
}
