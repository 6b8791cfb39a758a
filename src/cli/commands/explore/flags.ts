import type { AuditFlags } from "../audit/flags.js";

/** What `signet explore` takes. */
export type ExploreFlags = Pick<
  AuditFlags,
  "since" | "until" | "tool" | "signer" | "outcome" | "limit" | "trustBundle" | "dir" | "json"
>;
