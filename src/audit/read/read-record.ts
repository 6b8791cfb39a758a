import { isAscii, isUtf8 } from "node:buffer";

import { isSha256Text } from "../../crypto/digest.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import { RECORD_LEVELS } from "../record/types.js";
import type { AuditRecord } from "../record/types.js";

/** Why a line is no record. */
export type RecordFault = "not_utf8" | "not_json" | "record_malformed";

/**
 * Reads a line as a record, for showing it: nothing is verified, and of a member that is there twice the last one counts.
 *
 * @param line - Without its end.
 */
export function readRecord(line: Buffer): AuditRecord | RecordFault {
  if (isTooDeep(line)) return "record_malformed";
  const value = parseLine(line);
  if (value === undefined) return isUtf8(line) ? "not_json" : "not_utf8";
  if (!isPlainObject(value)) return "record_malformed";
  const receipt = ownValue(value, "receipt");
  const prev = ownValue(value, "prev_hash");
  const hash = ownValue(value, "record_hash");
  if (!isPlainObject(receipt) || !isSha256Text(prev) || !isSha256Text(hash)) return "record_malformed";
  return { receipt, prev_hash: prev, record_hash: hash };
}

/** Parses JSON in UTF-8. @returns `undefined` for what is none, or is nested too deep to be a record. */
export function parseLine(line: Buffer): unknown {
  if (isTooDeep(line)) return undefined;
  if (isAscii(line)) return parseText(line.toString("latin1"));
  return isUtf8(line) ? parseText(line.toString("utf8")) : undefined;
}

/** Lines up to this length may be nested as they like: what they take is little. */
const MAX_FREE_BYTES = 65_536;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/**
 * Tells whether a line is nested deeper than any record. To parse 8 MB of nothing but brackets would take hundreds of megabytes,
 * and seconds.
 */
export function isTooDeep(line: Uint8Array): boolean {
  if (line.length <= MAX_FREE_BYTES) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > RECORD_LEVELS + 1) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
  }
  return false;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
