import { canonicalBytes } from "../crypto/canonical-json.js";
import type { UnsignedDecision } from "./parse-decision.js";
import type { Grant } from "./parse-delegation.js";
import type { UnsignedRevocation } from "./parse-revocation.js";
import type { AuthorizationDecision, RevocationRecord } from "./types.js";

/**
 * Writes what a delegator signs of a token (wire format, section 9). `scope.constraints` and `correlation_id` are not
 * part of it: other verifiers would not accept a signature over them.
 */
export function grantText(grant: Grant): Uint8Array {
  const { tools, targets, max_depth, expires } = grant.scope;
  return canonicalBytes({
    v: grant.v,
    delegator: grant.delegator,
    delegate: grant.delegate,
    scope: expires === undefined ? { tools, targets, max_depth } : { tools, targets, max_depth, expires },
    issued_at: grant.issued_at,
    nonce: grant.nonce,
  });
}

/** Writes what an authority signs of a decision: all but `decision_id` and `sig` (wire format, section 9b). */
export function decisionText(decision: UnsignedDecision | AuthorizationDecision): Uint8Array {
  return canonicalBytes(without(decision, ["decision_id", "sig"]));
}

/** Writes what an issuer signs of a revocation: all but `sig` (wire format, section 9c). */
export function revocationText(record: UnsignedRevocation | RevocationRecord): Uint8Array {
  return canonicalBytes(without(record, ["sig"]));
}

function without(artifact: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(artifact).filter(([name]) => !names.includes(name)));
}
