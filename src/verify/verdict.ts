import type { PublicKeyText } from "../crypto/key-text.js";
import type { AgentReceipt } from "../receipt/types.js";
import type { RefusalCode } from "./refusals.js";

/** What a guard says of a call. */
export type Verdict = Accepted | Rejected;

export interface Accepted {
  readonly ok: true;
  readonly call: VerifiedCall;
}

export interface Rejected {
  readonly ok: false;
  /** Stable reason. The peer may see it. */
  readonly code: RefusalCode;
  /** One sentence for the log. Holds no key and no receipt, and no more than some characters of what the peer sent. */
  readonly detail: string;
  /** Who signed, once the signature was found to hold. */
  readonly signer?: VerifiedSigner;
}

/** Who signed a call, as the registry has it, not as the receipt claims. */
export interface VerifiedSigner {
  /** Id of the registry's entry. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly publicKey: PublicKeyText;
  /** The registry's principal. Absent when the entry has none, whatever the receipt claims. */
  readonly principal?: string;
}

/** A call that passed every check. */
export interface VerifiedCall {
  readonly signer: VerifiedSigner;
  /** The receipt as it was verified. */
  readonly receipt: AgentReceipt;
  /** The request's method, such as `tools/call`. */
  readonly method: string;
  /** The tool called; for another method the method's name. */
  readonly tool: string;
  readonly target: string;
  /** When the nonce was claimed, in milliseconds since the Unix epoch. */
  readonly verifiedAtMs: number;
}

export function reject(code: RefusalCode, detail: string, signer?: VerifiedSigner): Rejected {
  return signer === undefined ? { ok: false, code, detail } : { ok: false, code, detail, signer };
}
