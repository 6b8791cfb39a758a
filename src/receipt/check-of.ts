import type { PublicKeyText } from "../crypto/key-text.js";
import { parseTime } from "../lib/time.js";
import { checkReceiptSignature } from "./check.js";
import type { Fault } from "./check-result.js";
import type { Receipt } from "./types.js";

/** How far ahead of this clock a receipt may be dated, as at a guard. */
const DRIFT_MS = 30_000;

/** What came of checking a receipt against one key. */
export type KeyCheck =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: Fault | "other_key" | "expired" | "dated_ahead";
      readonly detail: string;
    };

/**
 * Checks that a receipt was signed by one key, is whole, and has not expired. Of a countersigned one it is the countersignature that
 * has to be the key's, whoever the agent in it is.
 *
 * @param key - Whose signature is expected.
 * @param nowMs - Milliseconds since the Unix epoch.
 * @returns that it holds, or `other_key`, `expired`, `dated_ahead`, or what {@link checkReceiptSignature} finds. Never throws.
 */
export function checkReceiptOf(receipt: Receipt, key: PublicKeyText, nowMs: number): KeyCheck {
  if (signerKeyOf(receipt) !== key) {
    return { ok: false, code: "other_key", detail: `it was signed by ${signerKeyOf(receipt)}` };
  }
  const check = checkReceiptSignature(receipt);
  if (!check.ok) return check;
  return checkTimeOf(receipt, nowMs);
}

/** Checks that a receipt has not expired, and is not dated ahead. @param nowMs - Milliseconds since the Unix epoch. */
export function checkTimeOf(receipt: Receipt, nowMs: number): KeyCheck {
  const ts = signedAt(receipt);
  const aheadMs = (parseTime(ts) ?? Number.NaN) - nowMs;
  if (!(aheadMs <= DRIFT_MS)) return { ok: false, code: "dated_ahead", detail: `it is dated ${ts}` };
  const end = "exp" in receipt ? receipt.exp : undefined;
  const endMs = parseTime(end);
  if (endMs === undefined || nowMs < endMs) return { ok: true };
  return { ok: false, code: "expired", detail: `it ended at ${end ?? ""}` };
}

/** The key whose signature is outermost. */
function signerKeyOf(receipt: Receipt): PublicKeyText {
  return receipt.v === 3 ? receipt.server.pubkey : receipt.signer.pubkey;
}

/** When it was signed: of a countersigned one, when that was answered. */
function signedAt(receipt: Receipt): string {
  if (receipt.v === 3) return receipt.ts_response;
  return receipt.v === 2 ? receipt.ts_response : receipt.ts;
}
