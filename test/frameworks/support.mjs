import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningAgent } from "signet-mcp";

export const TARGET = "mcp://weather";

/** An agent with a home of its own, which is gone after the test. */
export async function openAgent(test, options = {}) {
  const home = mkdtempSync(join(tmpdir(), "signet-frameworks-"));
  const agent = await SigningAgent.create("bot", { home, unencrypted: true, ...options });
  test.after(async () => {
    await agent.close();
    rmSync(home, { recursive: true, force: true });
  });
  return agent;
}

/** Checks what is on record: tools, params and ids of the calls in order, each receipt for the target and signed by the agent. */
export async function assertOnRecord(agent, expected) {
  const receipts = [];
  for await (const { record } of agent.audit()) receipts.push(record.receipt);
  assert.deepEqual(
    receipts.map(({ action }) => ({ tool: action.tool, params: action.params, callId: action.call_id })),
    expected,
  );
  for (const receipt of receipts) {
    assert.equal(receipt.action.target, TARGET);
    assert.equal(agent.verify(receipt), true);
  }
}
