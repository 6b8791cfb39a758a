import type { Sha256Text } from "../../crypto/digest.js";
import type { JsonRecord } from "../../lib/json.js";

/** One line of an audit log (wire format, section 11). */
export interface AuditRecord {
  /** A receipt of any version, or a record with a `type`. */
  readonly receipt: JsonRecord;
  /** Hash of the record before; 64 zeros in the first record of a chain. */
  readonly prev_hash: Sha256Text;
  /** SHA-256 of the canonical form of `{ prev_hash, receipt }`. */
  readonly record_hash: Sha256Text;
}

/** `prev_hash` of the first record of a chain. */
export const GENESIS_HASH: Sha256Text = `sha256:${"0".repeat(64)}`;

/**
 * Bytes of a line, without its end, at the most. Nothing longer is appended, and a longer one that is found is passed
 * over and reported: reading a log takes no more memory than a few lines.
 */
export const MAX_LINE_BYTES = 8_388_608;

/** Levels of a record at the most: params of 100 levels, in a receipt, in a countersigned one, in a record. */
export const RECORD_LEVELS = 110;
