import type { Sha256Text } from "../crypto/digest.js";
import type { PublicKeyText, SignatureText } from "../crypto/key-text.js";
import type { Authorization, AuthorizationDecision, PolicyDecision } from "./authority-types.js";

export type * from "./authority-types.js";

/**
 * Receipts as they are on the wire (wire format, sections 3 to 8). Members keep their wire names, optional
 * members are left out when absent, and times stay the text that was signed.
 */

/** `rec_` and the first 16 bytes of SHA-256 of the signature, in hex. */
export type ReceiptId = `rec_${string}`;

/** What was called. */
export interface Action {
  readonly tool: string;
  /** The call's arguments, any JSON value. `null` when only their hash is told. */
  readonly params: unknown;
  /** SHA-256 of the canonical form of `params`; of the arguments that are not shown when `params` is `null`. */
  readonly params_hash: Sha256Text;
  /** The server that the call is for. Empty when the signer did not say. */
  readonly target: string;
  /** A free word: `stdio`, `http`, `sse`. */
  readonly transport: string;
  readonly session?: string;
  readonly call_id?: string;
  readonly response_hash?: Sha256Text;
  readonly trace_id?: string;
  readonly parent_receipt_id?: string;
}

/** Who signed, in the signer's own words. A trust registry, or a chain, is what makes a name of it. */
export interface SignerClaim {
  readonly pubkey: PublicKeyText;
  readonly name: string;
  /** Empty: claims no owner. */
  readonly owner: string;
  readonly principal?: string;
  readonly acting_for?: string;
}

/** The agent's own word that a policy was looked at. */
export interface PolicyAttestation {
  readonly policy_hash: Sha256Text;
  readonly policy_name: string;
  readonly matched_rules: readonly string[];
  readonly decision: PolicyDecision;
  readonly reason: string;
}

/** The agent's signed intent. */
export interface ReceiptV1 {
  readonly v: 1;
  readonly id: ReceiptId;
  readonly action: Action;
  readonly signer: SignerClaim;
  readonly policy?: PolicyAttestation;
  readonly authz_decision?: AuthorizationDecision;
  readonly ts: string;
  /** The receipt is invalid after this time. */
  readonly exp?: string;
  readonly nonce: string;
  readonly sig: SignatureText;
}

/** The signed intent of an agent that acts under a chain of delegations. */
export interface ReceiptV4 {
  readonly v: 4;
  readonly id: ReceiptId;
  readonly action: Action;
  readonly signer: SignerClaim;
  readonly authorization: Authorization;
  readonly authz_decision?: AuthorizationDecision;
  readonly ts: string;
  readonly nonce: string;
  readonly sig: SignatureText;
}

/** A receipt that an agent signs before the call. */
export type AgentReceipt = ReceiptV1 | ReceiptV4;

/** What came back from the call. */
export interface ResponseClaim {
  readonly content_hash: Sha256Text;
  readonly outcome?: Outcome;
}

/** How the call ended. `reason` goes with `rejected` and `requires_approval`, `error` with `failed`. */
export interface Outcome {
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly error?: string;
}

export type OutcomeStatus = "executed" | "failed" | "rejected" | "requires_approval" | "verified";

/** Intent and response, both in the agent's word. */
export interface ReceiptV2 {
  readonly v: 2;
  readonly id: ReceiptId;
  readonly action: Action;
  readonly response: ResponseClaim;
  readonly signer: SignerClaim;
  readonly ts_request: string;
  readonly ts_response: string;
  readonly nonce: string;
  readonly sig: SignatureText;
}

/** Who countersigned, in the server's own words. */
export interface ServerClaim {
  readonly pubkey: PublicKeyText;
  readonly name: string;
}

/** The server's countersignature over the agent's receipt and the result. */
export interface ReceiptV3 {
  readonly v: 3;
  readonly id: ReceiptId;
  readonly agent_receipt: AgentReceipt;
  readonly response: ResponseClaim;
  readonly server: ServerClaim;
  readonly ts_response: string;
  readonly nonce: string;
  readonly sig: SignatureText;
  /** **Outside the signature**: anybody on the way can have put it there. Never written here, never trusted. */
  readonly extensions?: unknown;
}

export type Receipt = ReceiptV1 | ReceiptV2 | ReceiptV3 | ReceiptV4;
