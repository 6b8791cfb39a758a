import { canonicalBytes, isSameJson } from "../../../crypto/canonical-json.js";
import { copyJson } from "../../../crypto/copy-json.js";
import { sha256Text } from "../../../crypto/digest.js";
import { REDACTED } from "../../../audit/record/redacted.js";
import { MAX_RECEIPT_BYTES } from "../../../audit/write/appendable.js";
import type { ReceiptV1 } from "../../../receipt/types.js";
import type { Evidence } from "../../../verify/verify-call.js";
import type { VerifiedSigner } from "../../../verify/verdict.js";

/** What a `redact` function is told of the call whose params it is given. */
export interface RedactedCall {
  readonly method: string;
  readonly tool: string;
  readonly target: string;
  readonly signer: VerifiedSigner;
}

/** See `GuardOptions.redact`. */
export type Redact = (params: unknown, call: RedactedCall) => unknown;

/** A receipt as the log gets it. */
export interface StoredReceipt {
  readonly receipt: ReceiptV1;
  /** Canonical text of the whole of it. */
  readonly whole: Uint8Array;
  /** Whether it is another than the agent signed, so that a countersignature for the log has to be made over it. */
  readonly redacted: boolean;
}

const LEVELS = 105;

/**
 * Takes out of a receipt what is not to be stored. Its signature cannot be checked any more then, so it says the hash of
 * the whole receipt in its place: whoever has that can show that it is the one.
 *
 * @throws what `redact` throws, and `CanonicalJsonError` for what it returns that has no canonical form.
 */
export function redactReceipt({ receipt, whole, method, signer }: Evidence, redact: Redact): StoredReceipt {
  const { params, tool, target } = receipt.action;
  if (params === null) return { receipt, whole, redacted: false };
  // What it is given is a copy: the receipt is countersigned as it was verified.
  const kept = redact(copyJson(params, LEVELS), { method, tool, target, signer });
  if (kept !== undefined && isSameJson(kept, params)) return { receipt, whole, redacted: false };
  const marker = { v: 1, receipt_sha256: sha256Text(whole), ...(kept === undefined ? {} : { kept }) };
  const stored = { ...receipt, action: { ...receipt.action, params: { [REDACTED]: marker } } };
  const text = canonicalBytes(stored, { maxDepth: LEVELS, maxBytes: MAX_RECEIPT_BYTES });
  return { receipt: stored, whole: text, redacted: true };
}
