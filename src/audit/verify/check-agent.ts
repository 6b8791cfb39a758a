import { sha256Text } from "../../crypto/digest.js";
import { useAgentReceiptText } from "../../receipt/agent-text.js";
import { checkAuthorizationDecision } from "../../receipt/check-decision.js";
import { chainHash, checkDelegationToken } from "../../receipt/check-delegation.js";
import type { KeyLookup } from "../../receipt/signature.js";
import type { Action, AgentReceipt } from "../../receipt/types.js";
import type { TrustRegistry } from "../../trust/registry.js";
import { isRedacted } from "../record/redacted.js";
import { RECORD_LEVELS } from "../record/types.js";
import type { RecordFinding } from "./record-finding.js";
import type { Signatures } from "./signatures.js";
import { checkAgentStanding } from "./standing.js";

/** What receipts are checked against. */
export interface CheckContext {
  /** Gives the keys that receipts name. */
  readonly lookUpKey: KeyLookup;
  readonly signatures: Signatures;
  /** Who is trusted; `undefined` when nobody vouches for the keys. */
  readonly registry: TrustRegistry | undefined;
}

/** What came of checking an agent's receipt, which depends on nothing but its text and the context. */
export interface AgentOutcome {
  /** What is wrong with the receipt itself. */
  readonly faults: readonly RecordFinding[];
  /** What the registry says against it. */
  readonly standing: readonly RecordFinding[];
  /** The params were replaced by a marker, so that the signature cannot be checked. */
  readonly redacted: boolean;
}

const LIMITS = { maxDepth: RECORD_LEVELS };

/**
 * Checks an agent's receipt, v1 or v4, and gives its canonical text.
 *
 * @throws `CanonicalJsonError` when the params have no canonical form.
 */
export function checkAgent(
  receipt: AgentReceipt,
  context: CheckContext,
): { readonly outcome: AgentOutcome; readonly whole: Uint8Array } {
  return useAgentReceiptText(
    receipt,
    (writer) => writer.value(receipt.action.params, LIMITS),
    ({ signed, params, copyWhole }) => ({
      outcome: checkParts(receipt, signed, params, context),
      whole: copyWhole(),
    }),
  );
}

function checkParts(
  receipt: AgentReceipt,
  signed: Uint8Array,
  params: Uint8Array,
  { lookUpKey, signatures, registry }: CheckContext,
): AgentOutcome {
  const key = lookUpKey(receipt.signer.pubkey);
  const isMarked = isRedacted(receipt.action.params);
  const holds = isMarked
    ? signatures.holdsNow(key, signed, receipt.sig)
    : signatures.holds(key, signed, receipt.sig);
  // An agent may have signed params that look like the marker: then it simply holds.
  const redacted = !holds && isMarked;
  const faults: RecordFinding[] = [];
  if (!redacted) {
    const mismatch = checkParamsHash(receipt.action, params, receipt.id);
    if (mismatch !== undefined) faults.push(mismatch);
    if (!holds) faults.push(badSignature(receipt.id));
  }
  if (registry === undefined) faults.push(...checkAuthority(receipt, lookUpKey));
  const standing = registry === undefined ? [] : checkAgentStanding(receipt, registry, lookUpKey);
  return { faults, standing, redacted };
}

/** Checks that `params_hash` is that of the params. A receipt that tells the hash alone holds by itself. */
export function checkParamsHash(
  action: Action,
  params: Uint8Array,
  receiptId: string,
): RecordFinding | undefined {
  if (action.params === null) return undefined;
  const expected = sha256Text(params);
  if (expected === action.params_hash) return undefined;
  const detail = "params_hash is not the hash of the params";
  return { code: "params_mismatch", detail, expected, found: action.params_hash, receiptId };
}

export function badSignature(receiptId: string): RecordFinding {
  const detail = `the agent's signature of ${receiptId} does not hold`;
  return { code: "bad_signature", detail, receiptId };
}

/** What holds or not whoever is trusted: signatures of tokens and decision. With a registry, its checks include these. */
function checkAuthority(receipt: AgentReceipt, lookUpKey: KeyLookup): RecordFinding[] {
  const receiptId = receipt.id;
  const findings: RecordFinding[] = [];
  if (receipt.v === 4) {
    const { chain, chain_hash: found } = receipt.authorization;
    const expected = chainHash(chain);
    const detail = "chain_hash is not the hash of the chain";
    if (expected !== found) findings.push({ code: "bad_delegation", detail, expected, found, receiptId });
    for (const token of chain) {
      const check = checkDelegationToken(token, lookUpKey);
      if (!check.ok) findings.push({ code: "bad_delegation", detail: check.detail, receiptId });
    }
  }
  if (receipt.authz_decision !== undefined) {
    const check = checkAuthorizationDecision(receipt.authz_decision, lookUpKey);
    if (!check.ok) findings.push({ code: "bad_decision", detail: check.detail, receiptId });
  }
  return findings;
}
