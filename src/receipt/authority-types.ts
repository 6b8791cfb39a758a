import type { Sha256Text } from "../crypto/digest.js";
import type { PublicKeyText, SignatureText } from "../crypto/key-text.js";

/** Delegation tokens, authorization decisions and revocations as they are on the wire (wire format, section 9). */

/** `del_` and the first 16 bytes of SHA-256 of the signature, in hex. */
export type DelegationId = `del_${string}`;

/** `dec_` and the first 16 bytes of SHA-256 of the signature, in hex. */
export type DecisionId = `dec_${string}`;

/** What a policy, or an authority, decides. */
export type PolicyDecision = "allow" | "deny" | "require_approval";

/** One end of a delegation. */
export interface DelegationParty {
  readonly pubkey: PublicKeyText;
  readonly name: string;
  readonly principal?: string;
}

/** What is delegated. A list that is `["*"]` covers everything. */
export interface Scope {
  readonly tools: readonly string[];
  readonly targets: readonly string[];
  /** How many further delegations may follow. */
  readonly max_depth: number;
  readonly expires?: string;
  /** **Not signed**: those that are there are enforced, but that there are none proves nothing. */
  readonly constraints?: readonly Constraint[];
}

/** A limit on what is granted. */
export type Constraint = CallCountConstraint | MonetaryConstraint;

export interface CallCountConstraint {
  readonly type: "call_count";
  /** At least 1. */
  readonly max_calls: number;
}

export interface MonetaryConstraint {
  readonly type: "monetary";
  /** A decimal above 0, such as `500.00`. */
  readonly amount: string;
  /** Three capital letters. */
  readonly currency: string;
}

export interface DelegationToken {
  readonly v: 1;
  readonly id: DelegationId;
  readonly delegator: DelegationParty;
  readonly delegate: DelegationParty;
  readonly scope: Scope;
  readonly issued_at: string;
  readonly nonce: string;
  readonly sig: SignatureText;
  /** **Not signed.** */
  readonly correlation_id?: string;
}

/** The chain from a root to the signer of a v4 receipt. */
export interface Authorization {
  /** 1 to 16 tokens, the root's first. */
  readonly chain: readonly DelegationToken[];
  readonly chain_hash: Sha256Text;
  readonly root_pubkey: PublicKeyText;
}

/** An authority's signature over one intent. */
export interface AuthorizationDecision {
  readonly v: 1;
  readonly decision_id: DecisionId;
  readonly authority: string;
  readonly authority_pubkey: PublicKeyText;
  readonly subject: string;
  readonly intent_hash: Sha256Text;
  readonly decision: PolicyDecision;
  readonly basis: DecisionBasis;
  readonly constraints: readonly Constraint[];
  readonly obligations: readonly Obligation[];
  readonly issued_at: string;
  readonly expires_at?: string;
  readonly nonce: string;
  readonly credential_ref?: string;
  readonly sig: SignatureText;
}

/** What a decision rests on. */
export type DecisionBasis =
  | {
      readonly type: "policy";
      readonly policy_hash: Sha256Text;
      readonly policy_name: string;
      readonly matched_rules: readonly string[];
      readonly reason: string;
    }
  | { readonly type: "approval"; readonly approver: string; readonly context?: string }
  | { readonly type: "delegation"; readonly token_id: DelegationId; readonly chain_hash: Sha256Text }
  | { readonly type: "risk"; readonly engine: string; readonly score: string; readonly reason: string }
  | { readonly type: "external"; readonly system: string; readonly ref: string };

/** A condition that goes with a decision. */
export interface Obligation {
  /** `require_approval`, `require_cosign`, `sandbox`, `audit`, or `x-…` with free parameters. */
  readonly type: string;
  readonly version: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The issuer's word that a token or a decision no longer holds. */
export interface RevocationRecord {
  readonly v: 1;
  readonly artifact_type: "delegation_token" | "authorization_decision";
  readonly artifact_id: DelegationId | DecisionId;
  readonly revoked_by: string;
  readonly revoked_at: string;
  readonly reason: string;
  readonly nonce: string;
  readonly sig: SignatureText;
}
