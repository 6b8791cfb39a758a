import type { Sha256Text } from "../crypto/digest.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import type { Signer } from "../crypto/signer.js";
import { OptionError } from "../errors.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { invalidOption } from "../lib/option.js";
import { decisionText, grantText, revocationText } from "./authority-text.js";
import { present, readDraft, timeText } from "./draft.js";
import { readUnsignedDecision } from "./parse-decision.js";
import { readGrant } from "./parse-delegation.js";
import { readUnsignedRevocation } from "./parse-revocation.js";
import { isNarrower } from "./scope.js";
import { signText } from "./signed.js";
import type {
  AuthorizationDecision,
  Constraint,
  DecisionBasis,
  DelegationToken,
  Obligation,
  PolicyDecision,
  RevocationRecord,
} from "./types.js";

/** What all that an issuer signs has in common. */
interface IssuerInput {
  readonly signer: Signer;
  /** When it is signed, in milliseconds since the Unix epoch. */
  readonly issuedAtMs: number;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

export interface DelegationInput extends IssuerInput {
  /** The delegator's name. */
  readonly name: string;
  readonly principal?: string | undefined;
  readonly delegate: {
    readonly pubkey: PublicKeyText;
    readonly name: string;
    readonly principal?: string | undefined;
  };
  /** Exact names, or `["*"]` for all. */
  readonly tools: readonly string[];
  /** Exact names, or `["*"]` for all. */
  readonly targets: readonly string[];
  /** How many further delegations may follow. Default 0. */
  readonly maxDepth?: number | undefined;
  /** When the delegation ends, in milliseconds since the Unix epoch. Default: it does not. */
  readonly expiresAtMs?: number | undefined;
  /**
   * Limits that servers of this package enforce. **They are not signed**: the delegate can strip them. A limit that has to
   * hold belongs into the server's registry or into a decision.
   */
  readonly constraints?: readonly Constraint[] | undefined;
  /** Not signed. */
  readonly correlationId?: string | undefined;
  /** The token under which the delegator delegates, if it is not the root. The new scope has to narrow it. */
  readonly parent?: DelegationToken | undefined;
}

/**
 * Signs a delegation (wire format, section 9).
 *
 * @returns the token: at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` for an input that has no place in a token, or does not narrow `parent`;
 * `SignerError`, or rejects with it, when the signer fails.
 */
export function signDelegationToken(input: DelegationInput): MaybePromise<DelegationToken> {
  const { constraints, expiresAtMs, parent } = input;
  const grant = readDraft(
    {
      v: 1,
      delegator: {
        pubkey: formatPublicKey(input.signer.publicKey),
        name: input.name,
        ...present({ principal: input.principal }),
      },
      delegate: present(input.delegate),
      scope: {
        tools: input.tools,
        targets: input.targets,
        max_depth: input.maxDepth ?? 0,
        ...present({ expires: endText(expiresAtMs, input.issuedAtMs), constraints }),
      },
      issued_at: timeText(input.issuedAtMs, "issuedAtMs"),
      nonce: input.nonce ?? randomNonce(),
      ...present({ correlation_id: input.correlationId }),
    },
    readGrant,
  );
  if (parent !== undefined && parent.delegate.pubkey !== grant.delegator.pubkey) {
    throw new OptionError("invalid_option", "signer", "signer is not the delegate of parent");
  }
  if (parent !== undefined && !isNarrower(grant.scope, parent.scope)) {
    throw new OptionError("invalid_option", "parent", "the scope does not narrow that of parent");
  }
  return andThen(signText(input.signer, grantText(grant), "del"), ({ sig, id }) => ({ ...grant, id, sig }));
}

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

function endText(expiresAtMs: number | undefined, issuedAtMs: number): string | undefined {
  if (expiresAtMs === undefined) return undefined;
  if (!(expiresAtMs > issuedAtMs)) throw invalidOption("expiresAtMs", "after issuedAtMs", expiresAtMs);
  return timeText(expiresAtMs, "expiresAtMs");
}
