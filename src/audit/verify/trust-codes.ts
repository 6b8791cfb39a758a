import type { FindingCode } from "./findings.js";

/** What a registry can have against a record. */
export const TRUST_CODES: readonly FindingCode[] = [
  "untrusted_signer",
  "key_not_yet_valid",
  "key_expired",
  "key_disabled",
  "key_revoked",
  "signer_mismatch",
  "out_of_scope",
  "untrusted_server",
  "server_mismatch",
  "server_out_of_scope",
];
