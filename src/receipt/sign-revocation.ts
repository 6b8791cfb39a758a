import { formatPublicKey } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import { OptionError } from "../errors.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { revocationText } from "./authority-text.js";
import { readDraft, timeText } from "./draft.js";
import type { IssuerInput } from "./issuer-input.js";
import { readUnsignedRevocation } from "./parse-revocation.js";
import { signText } from "./signed.js";
import type { AuthorizationDecision, DelegationToken, RevocationRecord } from "./types.js";

export interface RevocationInput extends IssuerInput {
  /** What no longer holds. Its issuer is who has to sign. */
  readonly artifact: DelegationToken | AuthorizationDecision;
  /** The issuer's principal. */
  readonly revokedBy: string;
  /** Default: empty. */
  readonly reason?: string | undefined;
}

/**
 * Signs that a token or a decision no longer holds (wire format, section 9c).
 *
 * @returns the record: at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` when the signer is not the artifact's issuer, or for an input that has no place
 * in a record; `SignerError`, or rejects with it, when the signer fails.
 */
export function signRevocationRecord(input: RevocationInput): MaybePromise<RevocationRecord> {
  const { artifact } = input;
  const { artifact_type, artifact_id, issuer } =
    "decision_id" in artifact
      ? {
          artifact_type: "authorization_decision",
          artifact_id: artifact.decision_id,
          issuer: artifact.authority_pubkey,
        }
      : { artifact_type: "delegation_token", artifact_id: artifact.id, issuer: artifact.delegator.pubkey };
  if (formatPublicKey(input.signer.publicKey) !== issuer) {
    throw new OptionError("invalid_option", "signer", "signer is not the issuer of artifact");
  }
  const record = readDraft(
    {
      v: 1,
      artifact_type,
      artifact_id,
      revoked_by: input.revokedBy,
      revoked_at: timeText(input.issuedAtMs, "issuedAtMs"),
      reason: input.reason ?? "",
      nonce: input.nonce ?? randomNonce(),
    },
    readUnsignedRevocation,
  );
  return andThen(signText(input.signer, revocationText(record), "rev"), ({ sig }) => ({ ...record, sig }));
}
