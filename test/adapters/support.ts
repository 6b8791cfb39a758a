import { afterEach } from "vitest";
import type { ReceiptV1 } from "../../src/receipt/types.js";
import { SigningAgent } from "../../src/index.js";
import { temporaryPath } from "../keystore/support.js";

export const TARGET = "mcp://weather";

const agents: SigningAgent[] = [];

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

/** An agent with a key, a log and a home of its own. */
export async function openAgent(
  options: Parameters<typeof SigningAgent.create>[1] = {},
): Promise<SigningAgent> {
  const agent = await SigningAgent.create("bot", {
    home: temporaryPath("home"),
    unencrypted: true,
    ...options,
  });
  agents.push(agent);
  return agent;
}

/** What an agent's log holds, oldest first. */
export async function onRecord(agent: SigningAgent): Promise<ReceiptV1[]> {
  const receipts: ReceiptV1[] = [];
  for await (const { record } of agent.audit()) receipts.push(record.receipt as unknown as ReceiptV1);
  return receipts;
}
