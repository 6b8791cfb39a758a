import type { ReceiptV3 } from "../../receipt/types.js";

/**
 * Tells whether a text is the canonical text of a countersigned receipt, without writing that: it is the signed text with `id`
 * and `sig` put in. One with `extensions` is not recognised.
 *
 * @param signed - What the server signed: canonical text of the receipt without `id` and `sig`.
 * @param agentLength - Bytes of the agent's receipt in it.
 */
export function isWholeBilateral(
  text: Buffer,
  receipt: ReceiptV3,
  signed: Uint8Array,
  agentLength: number,
): boolean {
  if (receipt.extensions !== undefined) return false;
  const id = `"id":"${receipt.id}",`;
  const sig = `"sig":"${receipt.sig}",`;
  if (text.length !== signed.length + id.length + sig.length) return false;
  const nonceAt = AGENT.length + agentLength + 1;
  const timeAt = signed.length - (TIME.length + receipt.ts_response.length + END.length);
  const sigAt = timeAt + id.length;
  return (
    text.compare(signed, 0, nonceAt, 0, nonceAt) === 0 &&
    text.toString("latin1", nonceAt, nonceAt + id.length) === id &&
    text.compare(signed, nonceAt, timeAt, nonceAt + id.length, sigAt) === 0 &&
    text.toString("latin1", sigAt, sigAt + sig.length) === sig &&
    text.compare(signed, timeAt, signed.length, sigAt + sig.length, text.length) === 0
  );
}

const AGENT = '{"agent_receipt":';
const TIME = '"ts_response":"';
const END = '","v":3}';
