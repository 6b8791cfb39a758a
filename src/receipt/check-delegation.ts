import { canonicalHash } from "../crypto/canonical-json.js";
import { quoted } from "../lib/text.js";
import { parseTime } from "../lib/time.js";
import { grantText } from "./authority-text.js";
import { HOLDS, failed } from "./check-result.js";
import type { Check } from "./check-result.js";
import { MAX_CHAIN_LENGTH } from "./limits.js";
import { isNarrower, scopeCovers } from "./scope.js";
import { holdsSignature, soundKey } from "./signature.js";
import type { KeyLookup } from "./signature.js";
import type { DelegationToken, ReceiptV4 } from "./types.js";

/**
 * Checks the delegator's signature over a token (wire format, section 9). Says nothing of time or trust.
 *
 * @param lookUpKey - Default: {@link soundKey}.
 * @returns `bad_signature`, or that it holds.
 */
export function checkDelegationToken(token: DelegationToken, lookUpKey: KeyLookup = soundKey): Check {
  return holdsSignature(lookUpKey(token.delegator.pubkey), grantText(token), token.sig)
    ? HOLDS
    : failed("bad_signature", `the delegator's signature over ${token.id} does not hold`);
}

/**
 * Checks all of a chain of delegations but whether its root is trusted and whether anything in it was revoked: each
 * token's signature, its expiry by the verifier's clock, that each delegator is the delegate before, that each scope
 * narrows the one before, and that no more tokens follow than a scope allows (wire format, section 9).
 *
 * @param nowMs - The verifier's clock, in milliseconds since the Unix epoch. Never the receipt's own time.
 * @param lookUpKey - Default: {@link soundKey}, so that an unsound key anywhere in the chain breaks it.
 * @returns `bad_delegation` or `delegation_expired`, or that it holds.
 */
export function checkDelegationChain(
  chain: readonly DelegationToken[],
  nowMs: number,
  lookUpKey: KeyLookup = soundKey,
): Check {
  if (chain.length === 0 || chain.length > MAX_CHAIN_LENGTH) {
    return failed("bad_delegation", `a chain has 1 to ${MAX_CHAIN_LENGTH} tokens, not ${chain.length}`);
  }
  const links = checkLinks(chain);
  if (!links.ok) return links;
  for (const token of chain) {
    const { expires } = token.scope;
    if (expires !== undefined && !((parseTime(expires) ?? 0) > nowMs)) {
      return failed("delegation_expired", `${token.id} expired at ${expires}`);
    }
  }
  // Curve arithmetic comes last: it is what costs.
  for (const token of chain) {
    if (lookUpKey(token.delegate.pubkey) === undefined) {
      return failed("bad_delegation", `the delegate's key in ${token.id} is not sound`);
    }
    const signature = checkDelegationToken(token, lookUpKey);
    if (!signature.ok) return failed("bad_delegation", signature.detail);
  }
  return HOLDS;
}

/**
 * Checks that a v4 receipt is covered by its chain, and the chain itself as {@link checkDelegationChain} does: root and
 * hash are those of the chain, the signer is the last delegate under the names that the chain gives, tool and target
 * are in the last scope. The receipt's own signature is not checked here.
 *
 * @returns `bad_delegation`, `delegation_expired`, `signer_mismatch` or `out_of_scope`, or that it holds.
 */
export function checkAuthorization(
  receipt: AuthorizedReceipt,
  nowMs: number,
  lookUpKey: KeyLookup = soundKey,
): Check {
  const { action, authorization, signer } = receipt;
  const { chain } = authorization;
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) return failed("bad_delegation", "the chain is empty");
  if (authorization.root_pubkey !== first.delegator.pubkey) {
    return failed("bad_delegation", "root_pubkey is not the key of the chain's root");
  }
  if (signer.pubkey !== last.delegate.pubkey) {
    return failed("bad_delegation", "the signer is not the last delegate");
  }
  if (signer.name !== last.delegate.name || signer.owner !== first.delegator.name) {
    return failed(
      "signer_mismatch",
      "signer.name is not the last delegate's, or signer.owner not the root's",
    );
  }
  const { principal } = last.delegate;
  if (signer.principal !== undefined && principal !== undefined && signer.principal !== principal) {
    return failed("signer_mismatch", "signer.principal is not the last delegate's");
  }
  if (!scopeCovers(last.scope, action.tool, action.target)) {
    return failed(
      "out_of_scope",
      `the chain does not cover ${quoted(action.tool)} at ${quoted(action.target)}`,
    );
  }
  if (authorization.chain_hash !== chainHash(chain)) {
    return failed("bad_delegation", "chain_hash is not the hash of the chain");
  }
  return checkDelegationChain(chain, nowMs, lookUpKey);
}

/** What of a v4 receipt its chain is checked against. */
export type AuthorizedReceipt = Pick<ReceiptV4, "action" | "authorization" | "signer">;

/** SHA-256 of the canonical JSON of the tokens, whole. */
export function chainHash(chain: readonly DelegationToken[]): ReceiptV4["authorization"]["chain_hash"] {
  return canonicalHash(chain);
}

function checkLinks(chain: readonly DelegationToken[]): Check {
  for (const [index, token] of chain.entries()) {
    const parent = chain[index - 1];
    if (parent !== undefined) {
      if (token.delegator.pubkey !== parent.delegate.pubkey) {
        return failed("bad_delegation", `the delegator of ${token.id} is not the delegate before`);
      }
      if (!isNarrower(token.scope, parent.scope)) {
        return failed("bad_delegation", `the scope of ${token.id} does not narrow the one before`);
      }
    }
    if (chain.length - 1 - index > token.scope.max_depth) {
      return failed("bad_delegation", `more tokens follow ${token.id} than its max_depth`);
    }
  }
  return HOLDS;
}
