import type { AuditPlace } from "../../errors.js";

/** One row of {@link FINDINGS}. */
export interface FindingMeaning {
  /** What was found, for people who look into it. */
  readonly meaning: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What can be wrong with a log. Stable: reports and alerts may rely on it. */
export type FindingCode =
  | "not_utf8"
  | "not_json"
  | "line_too_long"
  | "record_too_complex"
  | "record_malformed"
  | "unsupported_version"
  | "unknown_type"
  | "receipt_malformed"
  | "not_canonical"
  | "link_broken"
  | "records_missing"
  | "day_out_of_order"
  | "other_chain"
  | "start_missing"
  | "hash_mismatch"
  | "id_mismatch"
  | "params_mismatch"
  | "params_undecryptable"
  | "bad_signature"
  | "bad_countersignature"
  | "bad_delegation"
  | "delegation_expired"
  | "bad_decision"
  | "untrusted_signer"
  | "key_not_yet_valid"
  | "key_expired"
  | "key_disabled"
  | "key_revoked"
  | "signer_mismatch"
  | "out_of_scope"
  | "untrusted_server"
  | "server_mismatch"
  | "server_out_of_scope"
  | "answered_before_asked"
  | "truncated_tail"
  | "torn_line"
  | "file_unreadable"
  | "gzip_damaged"
  | "day_twice"
  | "unknown_file";

/** Something that is wrong with a log. */
export interface Finding {
  readonly code: FindingCode;
  /** Where. Of what concerns a file as a whole the line is 1. */
  readonly place: AuditPlace;
  /** What exactly, for a log. Never holds a receipt. */
  readonly detail: string;
  /** The hash, or the id, that should be there. */
  readonly expected?: string;
  /** The one that is there. */
  readonly found?: string;
  readonly receiptId?: string;
}

const CHANGED = "Compare with a copy, or with a bundle that was handed out: this record was changed.";
const WHO_SIGNED = "Ask whoever keeps the registry, and look at what the key signed.";

/** All that can be wrong with a log: the one table of codes. */
export const FINDINGS: Readonly<Record<FindingCode, FindingMeaning>> = {
  not_utf8: {
    meaning: "The line is not UTF-8 text.",
    remedy: "Restore the line from a copy: the disk or a program damaged it.",
  },
  not_json: {
    meaning: "The line is not JSON.",
    remedy: "Restore the line from a copy: the disk or a program damaged it.",
  },
  line_too_long: {
    meaning: "The line is longer than 8 MiB, which no record is. It was passed over.",
    remedy: "Restore the line from a copy, or find out who wrote it.",
  },
  record_too_complex: {
    meaning:
      "To check the line took more memory than a thread may have, or its thread died of it. It was passed over.",
    remedy: "Restore the line from a copy, or find out who wrote it: no implementation writes such a record.",
  },
  record_malformed: {
    meaning:
      "The line is JSON but no record: `receipt`, `prev_hash` and `record_hash` are not all there, not of their form, there twice, or not alone.",
    remedy: CHANGED,
  },
  unsupported_version: {
    meaning: "The receipt is of a version that this package does not know. Its signature was not checked.",
    remedy: "Verify with a newer version of this package.",
  },
  unknown_type: {
    meaning: "The record has a `type` that neither this package nor the released CLI writes.",
    remedy: "Find out who wrote it, or verify with a newer version of this package.",
  },
  receipt_malformed: {
    meaning: "The receipt, or the record with a `type`, is not what the format says.",
    remedy: CHANGED,
  },
  not_canonical: {
    meaning:
      "The receipt has no canonical form: a number beyond 2^53, half a surrogate pair, or too many levels.",
    remedy: "Find out who wrote it: no implementation signs that.",
  },
  link_broken: {
    meaning:
      "The record's `prev_hash` is not the hash of the record before: records were taken out, put in or moved.",
    remedy: "Compare with a copy around this place.",
  },
  records_missing: {
    meaning:
      "The first record of the file follows one that is not in the log: a day, or the end of one, is missing.",
    remedy: "Put the missing days back, from a copy or an archive.",
  },
  day_out_of_order: {
    meaning:
      "The first record of the file follows another day than the one before it: days were swapped or copied.",
    remedy: "Give the files their own names back.",
  },
  other_chain: {
    meaning: "A record says that a chain begins with it, and it is not the first: another log was copied in.",
    remedy: "Take the other log's files out, and verify them by themselves.",
  },
  start_missing: {
    meaning: "The log does not begin at its start: its oldest days are missing.",
    remedy: "Put them back; if they were archived, give the hash that the last one ended with as `start`.",
  },
  hash_mismatch: {
    meaning: "`record_hash` is not the hash of the record.",
    remedy: CHANGED,
  },
  id_mismatch: {
    meaning: "The receipt's `id` does not follow from its signature.",
    remedy: CHANGED,
  },
  params_mismatch: {
    meaning: "The receipt's `params_hash` is not the hash of its `params`.",
    remedy: CHANGED,
  },
  params_undecryptable: {
    meaning: "A key was given for the encrypted params, and it does not open them.",
    remedy: "Give the key of the agent's own seed; if it is, the record was changed.",
  },
  bad_signature: {
    meaning: "The agent's signature does not hold.",
    remedy: CHANGED,
  },
  bad_countersignature: {
    meaning: "The server's signature does not hold.",
    remedy: CHANGED,
  },
  bad_delegation: {
    meaning: "The receipt's chain of delegations does not hold.",
    remedy: WHO_SIGNED,
  },
  delegation_expired: {
    meaning: "A delegation had expired when the receipt was signed.",
    remedy: WHO_SIGNED,
  },
  bad_decision: {
    meaning: "The authority's decision in the receipt does not hold, or its key is not among the roots.",
    remedy: WHO_SIGNED,
  },
  untrusted_signer: {
    meaning: "The registry does not list the signer's key, or, of a delegation, the root's.",
    remedy: WHO_SIGNED,
  },
  key_not_yet_valid: {
    meaning: "The key, the agent's or the server's, was not valid yet when it signed.",
    remedy: WHO_SIGNED,
  },
  key_expired: {
    meaning: "The key, the agent's or the server's, had expired when it signed.",
    remedy: WHO_SIGNED,
  },
  key_disabled: {
    meaning: "The key, the agent's or the server's, was disabled when it signed.",
    remedy: WHO_SIGNED,
  },
  key_revoked: {
    meaning: "The key, the agent's or the server's, was revoked when it signed.",
    remedy: WHO_SIGNED,
  },
  signer_mismatch: {
    meaning: "The signer's name, owner or principal is not the one that the registry, or the chain, has.",
    remedy: WHO_SIGNED,
  },
  out_of_scope: {
    meaning: "The registry, or the chain, does not let the signer call this tool at this target.",
    remedy: WHO_SIGNED,
  },
  untrusted_server: {
    meaning: "The registry's `servers` do not list the key of the server that countersigned.",
    remedy: WHO_SIGNED,
  },
  server_mismatch: {
    meaning: "The server's name is not the one that the registry has for its key.",
    remedy: WHO_SIGNED,
  },
  server_out_of_scope: {
    meaning: "The registry does not let the server answer for the target of the call.",
    remedy: WHO_SIGNED,
  },
  answered_before_asked: {
    meaning: "The answer is dated before the call.",
    remedy: "Look at the server's clock: no implementation countersigns that.",
  },
  truncated_tail: {
    meaning: "The last line of the newest file has no end: it is being written, or its writer died.",
    remedy: "Open the log for appending: the line is set aside, and that is put on record.",
  },
  torn_line: {
    meaning: "The last line of a file that is not the newest has no end: the file was cut.",
    remedy: "Restore the file from a copy.",
  },
  file_unreadable: {
    meaning: "The file, or the rest of it, cannot be read.",
    remedy: "Look at its permissions and at the disk.",
  },
  gzip_damaged: {
    meaning: "The compressed file cannot be unpacked from some place on.",
    remedy: "Restore the file from a copy.",
  },
  day_twice: {
    meaning: "A day is there compressed and plain. The plain file was verified, the other left aside.",
    remedy: "Remove the compressed file if it holds the same: a crash while compressing leaves it.",
  },
  unknown_file: {
    meaning: "The file is not named after a day. Other readers take it for a part of the log.",
    remedy: "Move it out of the log's directory.",
  },
};

/** Tells whether a text is one of the codes. */
export function isFindingCode(value: unknown): value is FindingCode {
  return typeof value === "string" && Object.hasOwn(FINDINGS, value);
}
