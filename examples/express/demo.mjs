// A guarded server over HTTP: discovery, a signed call, and the same call once more from another connection.
import assert from "node:assert/strict";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SigningTransport } from "signet-mcp/client";

import { startServer } from "../server-process.mjs";
import { setUp } from "../setup.mjs";

const { registry, agentKey, serverKey, target, remove } = await setUp();
const { url, stop } = await startServer(new URL("server.mjs", import.meta.url), [
  registry,
  serverKey,
  target,
]);

try {
  const discovery = await (await fetch(new URL("/.well-known/signet.json", url))).json();
  assert.deepEqual(discovery.targets, [target]);
  console.log(`discovery ${discovery.server.name} is ${discovery.server.pubkey}, for ${discovery.targets}`);

  let sent;
  const client = new Client({ name: "demo", version: "1.0.0" });
  const http = new StreamableHTTPClientTransport(new URL("/mcp", url));
  const onReceipt = (event) => (sent = event.request);
  await client.connect(
    new SigningTransport(http, { identity: agentKey, target, servers: registry, onReceipt }),
  );
  const result = await client.callTool({ name: "github_create_issue", arguments: { title: "fix bug" } });
  assert.equal(result.content[0].text, 'issue "fix bug" created for deploy-bot');
  console.log(`accepted  ${result.content[0].text}, countersigned and checked`);
  await client.close();

  for (const [code, params] of [
    ["replayed", sent.params],
    ["params_mismatch", { ...sent.params, arguments: { title: "delete everything" } }],
    ["unsigned", { name: "github_create_issue", arguments: { title: "fix bug" } }],
  ]) {
    const { error } = await post({ ...sent, id: code, params });
    assert.equal(error?.data?.reason, code);
    console.log(`refused   ${code}: ${error.message}`);
  }
  const health = await (await fetch(new URL("/health", url))).json();
  assert.deepEqual(health, { ok: true, problems: [], callsInFlight: 0 });
} finally {
  await stop();
  await remove();
}

/** A request of nobody's client, as anybody on the network can send it. */
async function post(message) {
  const response = await fetch(new URL("/mcp", url), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify(message),
  });
  const text = await response.text();
  return JSON.parse(text.slice(text.indexOf("data: ") + "data: ".length));
}
