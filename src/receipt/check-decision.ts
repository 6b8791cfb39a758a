import { parseTime } from "../lib/time.js";
import { decisionText } from "./authority-text.js";
import { HOLDS, failed } from "./check-result.js";
import type { Check } from "./check-result.js";
import { isDecimalAtMost } from "./decimal.js";
import { intentHash } from "./intent-hash.js";
import { holdsSignature, soundKey } from "./signature.js";
import type { KeyLookup } from "./signature.js";
import type { Action, AuthorizationDecision, Constraint, DelegationToken, SignerClaim } from "./types.js";

/**
 * Checks an authority's signature over its decision (wire format, section 9b). Says nothing of whether the authority
 * is trusted, or what it decided.
 *
 * @param lookUpKey - Default: {@link soundKey}.
 * @returns `bad_signature`, or that it holds.
 */
export function checkAuthorizationDecision(
  decision: AuthorizationDecision,
  lookUpKey: KeyLookup = soundKey,
): Check {
  return holdsSignature(lookUpKey(decision.authority_pubkey), decisionText(decision), decision.sig)
    ? HOLDS
    : failed("bad_signature", `the authority's signature over ${decision.decision_id} does not hold`);
}

/**
 * Checks that a decision allows what a receipt says, now (wire format, section 9b). Whether the authority is trusted
 * and how often the decision was used is for the server to say.
 *
 * @param receipt - Of any version that can carry a decision; `authorization` of a v4 receipt is taken into account.
 * @param nowMs - The verifier's clock, in milliseconds since the Unix epoch.
 * @returns `bad_signature` or `bad_decision`, or that it holds.
 */
export function checkDecisionFor(
  decision: AuthorizationDecision,
  receipt: DecidedReceipt,
  nowMs: number,
  lookUpKey: KeyLookup = soundKey,
): Check {
  const { decision_id: id, expires_at: expiresAt } = decision;
  if (decision.decision !== "allow") {
    return failed("bad_decision", `${id} does not allow: ${decision.decision}`);
  }
  if (expiresAt !== undefined && !((parseTime(expiresAt) ?? 0) > nowMs)) {
    return failed("bad_decision", `${id} expired at ${expiresAt}`);
  }
  if (decision.intent_hash !== intentHash(receipt.action)) {
    return failed("bad_decision", `${id} is for another call`);
  }
  if (decision.subject !== receipt.signer.principal) {
    return failed("bad_decision", `the subject of ${id} is not the receipt's signer.principal`);
  }
  const chain = receipt.authorization?.chain ?? [];
  const lastPrincipal = chain.at(-1)?.delegate.principal;
  if (lastPrincipal !== undefined && lastPrincipal !== decision.subject) {
    return failed("bad_decision", `the subject of ${id} is not the last delegate`);
  }
  if (!chain.every((token) => narrowConstraints(decision.constraints, token.scope.constraints ?? []))) {
    return failed("bad_decision", `${id} widens a constraint of the chain`);
  }
  return checkAuthorizationDecision(decision, lookUpKey);
}

/** What of a receipt a decision is checked against. */
export interface DecidedReceipt {
  readonly action: Action;
  readonly signer: SignerClaim;
  readonly authorization?: { readonly chain: readonly DelegationToken[] };
}

/** Tells whether each limit is within all those of its kind that it comes from. Other kinds do not interact. */
export function narrowConstraints(narrower: readonly Constraint[], wider: readonly Constraint[]): boolean {
  return narrower.every((limit) => wider.every((bound) => narrows(limit, bound)));
}

function narrows(limit: Constraint, bound: Constraint): boolean {
  if (limit.type === "call_count") return bound.type !== "call_count" || limit.max_calls <= bound.max_calls;
  if (bound.type === "call_count") return true;
  return limit.currency === bound.currency && isDecimalAtMost(limit.amount, bound.amount);
}
