/**
 * Types of the records that are no receipts: nobody signed them, only the chain holds them in place. The first is one that
 * the released CLI writes, the others are this package's.
 */
export const RECORD_TYPES: readonly string[] = [
  "policy_violation",
  "refusals",
  "log_repair",
  "countersign_failed",
  "carried_countersignature",
  "answer_refused",
  "call_unanswered",
  "registry_rejected",
  "registry_reloaded",
];
