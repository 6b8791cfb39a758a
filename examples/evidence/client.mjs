// A client that starts the server, calls it many times at once, and keeps every countersignature that it gets.
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { SigningTransport } from "signet-mcp/client";

const program = fileURLToPath(new URL("server.mjs", import.meta.url));

/** Starts the server as a process of its own. @returns what it needs to be called, and to be killed. */
export async function startServer({ registry, agentKey, serverKey, target, env }, audit) {
  const args = [program, registry, serverKey, target, audit];
  const stdio = new StdioClientTransport({ command: process.execPath, args, env });
  const held = [];
  const onReceipt = ({ verified, countersignature }) => {
    if (verified) held.push(countersignature);
  };
  const client = new Client({ name: "demo", version: "1.0.0" });
  await client.connect(
    new SigningTransport(stdio, { identity: agentKey, target, servers: registry, onReceipt }),
  );
  return { client, held, pid: stdio.pid };
}

/** Calls the tool that takes a minute three times, and the other one as fast as it answers, 16 calls at a time. */
export function putUnderLoad(client) {
  const load = { sent: 0, unanswered: 0 };
  const call = async (name, args) => {
    load.sent += 1;
    await client.callTool({ name, arguments: args }).catch(() => (load.unanswered += 1));
  };
  const callOn = async () => {
    while (load.unanswered === 0) await call("github_create_issue", { title: `issue ${load.sent}` });
  };
  const slow = ["docs", "api", "web"].map((repo) => call("github_list_issues", { repo }));
  load.done = Promise.all([...slow, ...Array.from({ length: 16 }, callOn)]);
  return load;
}
