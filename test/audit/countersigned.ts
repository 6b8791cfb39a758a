import { generateSigner } from "../../src/crypto/signer.js";
import { agentReceiptText, paramsText } from "../../src/receipt/agent-text.js";
import { contentHash } from "../../src/receipt/content-hash.js";
import { countersignReceipt } from "../../src/receipt/countersign.js";
import type { AgentReceipt, ReceiptV3 } from "../../src/receipt/types.js";

/** A receipt, countersigned by some server for an empty result. */
export function countersigned(agentReceipt: AgentReceipt): ReceiptV3 {
  const receipt = countersignReceipt({
    signer: generateSigner(),
    name: "github-mcp",
    agentReceipt,
    agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
    contentHash: contentHash({}),
    outcome: { status: "executed" },
    respondedAtMs: Date.parse(agentReceipt.ts) + 5,
  });
  if (receipt instanceof Promise) throw new Error("a local signer is synchronous");
  return receipt;
}
