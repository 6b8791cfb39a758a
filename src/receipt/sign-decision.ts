import type { Sha256Text } from "../crypto/digest.js";
import { formatPublicKey } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { decisionText } from "./authority-text.js";
import { present, readDraft, timeText } from "./draft.js";
import { endText } from "./issuer-input.js";
import type { IssuerInput } from "./issuer-input.js";
import { readUnsignedDecision } from "./parse-decision.js";
import { signText } from "./signed.js";
import type {
  AuthorizationDecision,
  Constraint,
  DecisionBasis,
  Obligation,
  PolicyDecision,
} from "./types.js";

export interface DecisionInput extends IssuerInput {
  /** The authority's principal. */
  readonly authority: string;
  /** The principal of the agent that may do it. */
  readonly subject: string;
  /** What may be done: see `intentHash`. */
  readonly intentHash: Sha256Text;
  /** Default `allow`. */
  readonly decision?: PolicyDecision | undefined;
  readonly basis: DecisionBasis;
  readonly constraints?: readonly Constraint[] | undefined;
  readonly obligations?: readonly Obligation[] | undefined;
  /** When the decision ends, in milliseconds since the Unix epoch. Default: it does not. */
  readonly expiresAtMs?: number | undefined;
  readonly credentialRef?: string | undefined;
}

/**
 * Signs an authority's decision about one intent (wire format, section 9b).
 *
 * @returns the decision: at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` for an input that has no place in a decision; `SignerError`, or rejects with
 * it, when the signer fails.
 */
export function signAuthorizationDecision(input: DecisionInput): MaybePromise<AuthorizationDecision> {
  const decision = readDraft(
    {
      v: 1,
      authority: input.authority,
      authority_pubkey: formatPublicKey(input.signer.publicKey),
      subject: input.subject,
      intent_hash: input.intentHash,
      decision: input.decision ?? "allow",
      basis: input.basis,
      constraints: input.constraints ?? [],
      obligations: input.obligations ?? [],
      issued_at: timeText(input.issuedAtMs, "issuedAtMs"),
      nonce: input.nonce ?? randomNonce(),
      ...present({
        expires_at: endText(input.expiresAtMs, input.issuedAtMs),
        credential_ref: input.credentialRef,
      }),
    },
    readUnsignedDecision,
    { authority_pubkey: "signer" },
  );
  return andThen(signText(input.signer, decisionText(decision), "dec"), ({ sig, id }) => ({
    ...decision,
    decision_id: id,
    sig,
  }));
}
