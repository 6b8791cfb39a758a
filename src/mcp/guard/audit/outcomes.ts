import type { Outcome } from "../../../receipt/types.js";

/** Ends of calls that have no answer. Each is countersigned over the hash of `{}`. */

/** The client cancelled the call. Its tool may have run. */
export const CANCELLED: Outcome = { status: "failed", error: "cancelled" };

/** Nobody knows what became of the call: its process died, its connection closed, or a day passed. */
export const OUTCOME_UNKNOWN: Outcome = { status: "failed", error: "outcome_unknown" };
