import { revocationText } from "./authority-text.js";
import { HOLDS, failed } from "./check-result.js";
import type { Check } from "./check-result.js";
import { holdsSignature, soundKey } from "./signature.js";
import type { KeyLookup } from "./signature.js";
import type { AuthorizationDecision, DelegationToken, RevocationRecord } from "./types.js";

/**
 * Checks that a revocation record is that of an artifact, signed by the artifact's issuer: a token's delegator, a
 * decision's authority (wire format, section 9c). A record that names an artifact at hand and does not hold is an
 * error for whoever keeps the records, not to be ignored.
 *
 * @param lookUpKey - Default: {@link soundKey}.
 * @returns `bad_signature`, also for the record of another artifact, or that it holds.
 */
export function checkRevocationRecord(
  record: RevocationRecord,
  artifact: DelegationToken | AuthorizationDecision,
  lookUpKey: KeyLookup = soundKey,
): Check {
  const { type, id, issuer } =
    "decision_id" in artifact
      ? { type: "authorization_decision", id: artifact.decision_id, issuer: artifact.authority_pubkey }
      : { type: "delegation_token", id: artifact.id, issuer: artifact.delegator.pubkey };
  if (record.artifact_type !== type || record.artifact_id !== id) {
    return failed("bad_signature", `the record is for ${record.artifact_id}, not for ${id}`);
  }
  return holdsSignature(lookUpKey(issuer), revocationText(record), record.sig)
    ? HOLDS
    : failed("bad_signature", `the issuer's signature over the revocation of ${id} does not hold`);
}
