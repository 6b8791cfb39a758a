import { sha256Text } from "../crypto/digest.js";
import type { VerifyKey } from "../crypto/ed25519.js";
import { CanonicalJsonError } from "../errors.js";
import { parseTime } from "../lib/time.js";
import { agentReceiptText, paramsText } from "./agent-text.js";
import type { AgentReceiptText } from "./agent-text.js";
import { checkAuthorizationDecision } from "./check-decision.js";
import { chainHash, checkDelegationToken } from "./check-delegation.js";
import { HOLDS, failed } from "./check-result.js";
import type { Check } from "./check-result.js";
import { bilateralText, compoundText } from "./response-text.js";
import { holdsSignature, soundKey } from "./signature.js";
import type { KeyLookup } from "./signature.js";
import type { Action, AgentReceipt, Receipt, ReceiptV2, ReceiptV3, ReceiptV4 } from "./types.js";

/**
 * Tells whether the signature of an agent's receipt holds under a key. The caller has found the key by
 * `receipt.signer.pubkey`, so that it is the signer's. Never throws.
 *
 * @param text - Of this very receipt: `agentReceiptText(receipt, paramsText)`.
 */
export function checkAgentReceipt(receipt: AgentReceipt, key: VerifyKey, text: AgentReceiptText): boolean {
  return holdsSignature(key, text.signed, receipt.sig);
}

/**
 * Tells whether the server's signature of a countersigned receipt holds under a key. Never throws.
 *
 * @param agentWhole - Canonical text of the embedded agent receipt: `agentReceiptText(…).whole`.
 */
export function checkBilateralReceipt(receipt: ReceiptV3, key: VerifyKey, agentWhole: Uint8Array): boolean {
  return holdsSignature(key, bilateralText(receipt, agentWhole), receipt.sig);
}

/**
 * Tells whether a receipt's `params_hash` is that of its params (wire format, section 3). A receipt that tells only
 * the hash holds by itself: there the arguments of the call are what has to be hashed.
 *
 * @param paramsText - Canonical text of `action.params`, as `paramsText` writes it.
 */
export function checkParamsHash(action: Action, paramsText: Uint8Array): boolean {
  return action.params === null || action.params_hash === sha256Text(paramsText);
}

/**
 * Checks everything in a receipt of any version that needs nothing but the receipt: its own signature and those of
 * all that it embeds (the agent's receipt of a v3, the tokens of a v4, an authority's decision), each under the key that it
 * names, and the hashes of params and chain; in a v3 also that the answer is not dated before the question.
 *
 * **What holds is that nothing was changed. Who signed is not checked**: the keys are the receipt's own. Whether they
 * are trusted, what a chain or a decision allows, and anything about the present time are for others to check.
 * Takes a millisecond for each key that is looked up by {@link soundKey}.
 *
 * @param receipt - As `parseReceipt` returned it.
 * @param lookUpKey - Default: {@link soundKey}.
 * @returns `bad_signature`, `params_mismatch`, `bad_delegation` or `bad_response`, or that it holds. Never throws.
 */
export function checkReceiptSignature(receipt: Receipt, lookUpKey: KeyLookup = soundKey): Check {
  try {
    if (receipt.v === 2) return checkCompound(receipt, lookUpKey);
    if (receipt.v === 3) return checkBilateral(receipt, lookUpKey);
    return checkAgent(receipt, lookUpKey).check;
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    return failed("params_mismatch", `the params have no canonical form: ${error.code}`);
  }
}

function checkAgent(
  receipt: AgentReceipt,
  lookUpKey: KeyLookup,
): { readonly check: Check; readonly whole: Uint8Array } {
  const text = agentReceiptText(receipt, paramsText(receipt));
  return { check: checkAgentParts(receipt, text, lookUpKey), whole: text.whole };
}

function checkAgentParts(receipt: AgentReceipt, text: AgentReceiptText, lookUpKey: KeyLookup): Check {
  const own = checkOwn(receipt, text.params, text.signed, lookUpKey);
  if (!own.ok) return own;
  if (receipt.v === 4) {
    const chain = checkTokens(receipt, lookUpKey);
    if (!chain.ok) return chain;
  }
  const decision = receipt.authz_decision;
  return decision === undefined ? HOLDS : checkAuthorizationDecision(decision, lookUpKey);
}

function checkTokens({ authorization }: ReceiptV4, lookUpKey: KeyLookup): Check {
  if (authorization.chain_hash !== chainHash(authorization.chain)) {
    return failed("bad_delegation", "chain_hash is not the hash of the chain");
  }
  for (const token of authorization.chain) {
    const check = checkDelegationToken(token, lookUpKey);
    if (!check.ok) return check;
  }
  return HOLDS;
}

function checkCompound(receipt: ReceiptV2, lookUpKey: KeyLookup): Check {
  const params = paramsText(receipt);
  return checkOwn(receipt, params, compoundText(receipt, params), lookUpKey);
}

function checkOwn(
  receipt: AgentReceipt | ReceiptV2,
  params: Uint8Array,
  signed: Uint8Array,
  lookUpKey: KeyLookup,
): Check {
  if (!checkParamsHash(receipt.action, params)) {
    return failed("params_mismatch", "params_hash is not the hash of the params");
  }
  return holdsSignature(lookUpKey(receipt.signer.pubkey), signed, receipt.sig)
    ? HOLDS
    : failed("bad_signature", `the signature of ${receipt.id} does not hold`);
}

function checkBilateral(receipt: ReceiptV3, lookUpKey: KeyLookup): Check {
  const agent = checkAgent(receipt.agent_receipt, lookUpKey);
  if (!agent.check.ok) return agent.check;
  const text = bilateralText(receipt, agent.whole);
  if (!holdsSignature(lookUpKey(receipt.server.pubkey), text, receipt.sig)) {
    return failed("bad_signature", `the server's signature of ${receipt.id} does not hold`);
  }
  const [askedMs, answeredMs] = [parseTime(receipt.agent_receipt.ts), parseTime(receipt.ts_response)];
  return askedMs !== undefined && answeredMs !== undefined && askedMs <= answeredMs
    ? HOLDS
    : failed("bad_response", "ts_response is before the agent's ts");
}
