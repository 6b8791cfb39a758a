import { canonicalJson, canonicalString } from "../crypto/canonical-json.js";
import type { CanonicalLimits } from "../crypto/canonical-json.js";
import { actionText, signerText } from "./claim-text.js";
import type { IntentV1, IntentV4 } from "./parse-agent.js";
import type { Action, AgentReceipt } from "./types.js";

/** The two canonical texts of an agent's receipt. They share the params' text, which is made once. */
export interface AgentReceiptText {
  /** What the agent signed: the receipt without `id` and `sig`, in a v4 receipt also without the chain. */
  readonly signed: string;
  /** The whole receipt, as a v3 receipt embeds it. */
  readonly whole: string;
}

/**
 * Writes the canonical texts of a parsed receipt around the canonical text of its params (wire format, sections 2, 4
 * and 9). Never throws for a receipt that came out of `parseAgentReceipt` or `signReceipt`.
 *
 * @param paramsText - Canonical JSON of `receipt.action.params`; `null` for a receipt that tells only their hash.
 */
export function agentReceiptText(receipt: AgentReceipt, paramsText: string): AgentReceiptText {
  const parts = textParts(receipt, paramsText);
  return {
    signed: signedText(receipt, parts),
    whole:
      `{"action":${parts.action},${receipt.v === 4 ? wholeAuthorization(receipt) : ""}${parts.decision}${parts.exp}` +
      `"id":"${receipt.id}","nonce":${parts.nonce},${parts.policy}"sig":"${receipt.sig}",${parts.tail}`,
  };
}

/** Writes the text that an agent is about to sign. */
export function intentText(intent: IntentV1 | IntentV4, paramsText: string): string {
  return signedText(intent, textParts(intent, paramsText));
}

/**
 * Canonical JSON of a receipt's params.
 *
 * @throws `CanonicalJsonError` when they are no JSON, too deep or too large: the peer's fault, if the receipt is a peer's.
 */
export function paramsText(receipt: { readonly action: Action }, limits?: CanonicalLimits): string {
  return canonicalJson(receipt.action.params, limits);
}

interface TextParts {
  readonly action: string;
  readonly decision: string;
  readonly exp: string;
  readonly nonce: string;
  readonly policy: string;
  readonly tail: string;
}

function textParts(receipt: IntentV1 | IntentV4, paramsText: string): TextParts {
  const { authz_decision: decision } = receipt;
  const { exp, policy } = receipt.v === 1 ? receipt : NOT_IN_V4;
  return {
    action: actionText(receipt.action, paramsText),
    decision: decision === undefined ? "" : `"authz_decision":${canonicalJson(decision)},`,
    exp: exp === undefined ? "" : `"exp":"${exp}",`,
    nonce: canonicalString(receipt.nonce),
    policy: policy === undefined ? "" : `"policy":${canonicalJson(policy)},`,
    tail: `"signer":${signerText(receipt.signer)},"ts":"${receipt.ts}","v":${receipt.v}}`,
  };
}

const NOT_IN_V4: Pick<IntentV1, "exp" | "policy"> = {};

function signedText(receipt: IntentV1 | IntentV4, parts: TextParts): string {
  return (
    `{"action":${parts.action},${receipt.v === 4 ? signedAuthorization(receipt) : ""}${parts.decision}${parts.exp}` +
    `"nonce":${parts.nonce},${parts.policy}${parts.tail}`
  );
}

/** A v4 signature covers the chain by its hash. */
function signedAuthorization({ authorization }: IntentV4): string {
  return `"authorization":{"chain_hash":"${authorization.chain_hash}","root_pubkey":"${authorization.root_pubkey}"},`;
}

function wholeAuthorization({ authorization }: IntentV4): string {
  return `"authorization":${canonicalJson(authorization)},`;
}
