import { canonicalHash } from "../../crypto/canonical-json.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { summariseRecord } from "../record/record-summary.js";

/** What is countersigned where there is no answer: the hash of `{}`. */
export const NO_ANSWER_HASH: Sha256Text = canonicalHash({});

/**
 * The id of the intent that a record is the end of, if it is one: a countersigned receipt that says how the call went, or the
 * record of one that could not be signed. A guard's refusal is none, which is over no answer: it may be of a copy of a call
 * that runs.
 */
export function endedIntent(receipt: JsonRecord): string | undefined {
  if (ownValue(receipt, "v") === 3) {
    const { intentId, outcome } = summariseRecord(receipt);
    const isRefusal = outcome === "rejected" || outcome === "requires_approval";
    return isRefusal && contentHashOf(receipt) === NO_ANSWER_HASH ? undefined : intentId;
  }
  if (ownValue(receipt, "type") !== "countersign_failed") return undefined;
  const id = ownValue(receipt, "intent_id");
  return typeof id === "string" ? id : undefined;
}

function contentHashOf(receipt: JsonRecord): unknown {
  const response = ownValue(receipt, "response");
  return isPlainObject(response) ? ownValue(response, "content_hash") : undefined;
}

/** The id of an intent, if a record is one. */
export function intentId(receipt: JsonRecord): string | undefined {
  const version = ownValue(receipt, "v");
  const id = version === 1 || version === 4 ? ownValue(receipt, "id") : undefined;
  return typeof id === "string" ? id : undefined;
}
