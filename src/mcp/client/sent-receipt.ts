import { parseAgentReceipt } from "../../receipt/parse.js";
import type { AgentReceipt } from "../../receipt/types.js";
import type { SentCall } from "./request.js";

/** The receipt as it was signed: what was handed to the transport may have been written to since. */
export function sentReceipt({ receipt }: SentCall): AgentReceipt | undefined {
  if (receipt === undefined) return undefined;
  const parsed = parseAgentReceipt(JSON.parse(Buffer.from(receipt.whole).toString()));
  return parsed.ok ? parsed.value : undefined;
}
