import { canonicalString } from "../crypto/canonical-json.js";
import { actionText, responseText, serverText, signerText } from "./claim-text.js";
import type { Countersignature, UnsignedV2 } from "./parse-response.js";

/** Writes what the agent signs of a v2 receipt: all but `id` and `sig` (wire format, section 5). */
export function compoundText(receipt: UnsignedV2, paramsText: string): string {
  return (
    `{"action":${actionText(receipt.action, paramsText)},"nonce":${canonicalString(receipt.nonce)},` +
    `"response":${responseText(receipt.response)},"signer":${signerText(receipt.signer)},` +
    `"ts_request":"${receipt.ts_request}","ts_response":"${receipt.ts_response}","v":2}`
  );
}

/**
 * Writes what the server signs of a v3 receipt: all but `id`, `sig` and `extensions` (wire format, section 6).
 *
 * @param agentWhole - Canonical text of the whole agent receipt, as `agentReceiptText` writes it.
 */
export function bilateralText(receipt: Countersignature, agentWhole: string): string {
  return (
    `{"agent_receipt":${agentWhole},"nonce":${canonicalString(receipt.nonce)},` +
    `"response":${responseText(receipt.response)},"server":${serverText(receipt.server)},` +
    `"ts_response":"${receipt.ts_response}","v":3}`
  );
}
