import { ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { summariseRecord } from "./record-summary.js";

/**
 * The id of the intent that a record is the end of, if it is one: a countersigned receipt that says how the call went, or the
 * record of one that could not be signed. A refusal is none: it may be of a copy of a call that runs.
 */
export function endedIntent(receipt: JsonRecord): string | undefined {
  if (ownValue(receipt, "v") === 3) {
    const { intentId, outcome } = summariseRecord(receipt);
    return outcome === "rejected" || outcome === "requires_approval" ? undefined : intentId;
  }
  if (ownValue(receipt, "type") !== "countersign_failed") return undefined;
  const id = ownValue(receipt, "intent_id");
  return typeof id === "string" ? id : undefined;
}

/** The id of an intent, if a record is one. */
export function intentId(receipt: JsonRecord): string | undefined {
  const version = ownValue(receipt, "v");
  const id = version === 1 || version === 4 ? ownValue(receipt, "id") : undefined;
  return typeof id === "string" ? id : undefined;
}
