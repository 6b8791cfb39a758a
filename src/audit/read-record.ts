import { isAscii, isUtf8 } from "node:buffer";

import { isSha256Text } from "../crypto/digest.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import type { AuditRecord } from "./types.js";

/** Why a line is no record. */
export type RecordFault = "not_utf8" | "not_json" | "record_malformed";

/**
 * Reads a line as a record, for showing it: nothing is verified, and of a member that is there twice the last one counts.
 *
 * @param line - Without its end.
 */
export function readRecord(line: Buffer): AuditRecord | RecordFault {
  const value = parseLine(line);
  if (value === undefined) return isUtf8(line) ? "not_json" : "not_utf8";
  if (!isPlainObject(value)) return "record_malformed";
  const receipt = ownValue(value, "receipt");
  const prev = ownValue(value, "prev_hash");
  const hash = ownValue(value, "record_hash");
  if (!isPlainObject(receipt) || !isSha256Text(prev) || !isSha256Text(hash)) return "record_malformed";
  return { receipt, prev_hash: prev, record_hash: hash };
}

/** Parses JSON in UTF-8. @returns `undefined` for what is none. */
export function parseLine(line: Buffer): unknown {
  if (isAscii(line)) return parseText(line.toString("latin1"));
  return isUtf8(line) ? parseText(line.toString("utf8")) : undefined;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
