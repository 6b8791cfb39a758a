import { canonicalBytes } from "../../crypto/canonical-json.js";
import { AuditLogError, CanonicalJsonError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { parseTime } from "../../lib/time.js";
import { parseReceipt } from "../../receipt/parse.js";
import { LINE_OVERHEAD } from "../record/record-text.js";
import { MAX_LINE_BYTES, RECORD_LEVELS } from "../record/types.js";

/** Bytes of a receipt, as canonical JSON, that still fits in a line. */
export const MAX_RECEIPT_BYTES: number = MAX_LINE_BYTES - LINE_OVERHEAD;

/** A record that is no receipt. */
export interface TypedRecord extends JsonRecord {
  readonly type: string;
  /** RFC 3339, UTC. */
  readonly ts: string;
}

/**
 * Writes what is to be appended as canonical JSON: a receipt of any version, its params encrypted or not, or a record with a
 * `type` and a `ts`.
 *
 * @throws `AuditLogError`: `record_invalid` for anything else, `record_too_large`.
 */
export function appendableText(receipt: unknown): Uint8Array {
  if (!isPlainObject(receipt)) throw invalid("it is no object");
  if (Object.hasOwn(receipt, "v")) requireReceipt(receipt);
  else requireTyped(receipt);
  try {
    return canonicalBytes(receipt, { maxDepth: RECORD_LEVELS - 1, maxBytes: MAX_RECEIPT_BYTES });
  } catch (cause) {
    if (!(cause instanceof CanonicalJsonError)) throw cause;
    if (cause.code === "too_large") throw tooLarge(cause);
    throw invalid(`it has no canonical form: ${cause.message}`, cause);
  }
}

/** @throws `AuditLogError` `record_too_large` */
export function requireFitting(text: Uint8Array): void {
  if (text.length > MAX_RECEIPT_BYTES) throw tooLarge();
}

function requireReceipt(receipt: JsonRecord): void {
  const parsed = parseReceipt(withPlainParams(receipt));
  if (!parsed.ok) throw invalid(`${parsed.code}: ${parsed.detail}`);
}

/** Encrypted params are a thing of the log: the receipt around them is like any other. */
function withPlainParams(receipt: JsonRecord): JsonRecord {
  const agent = ownValue(receipt, "agent_receipt");
  // A receipt is embedded in no more than one other.
  if (isPlainObject(agent)) return { ...receipt, agent_receipt: withPlainAction(agent) };
  return withPlainAction(receipt);
}

function withPlainAction(receipt: JsonRecord): JsonRecord {
  const action = ownValue(receipt, "action");
  if (!isPlainObject(action) || !isPlainObject(ownValue(action, "params_encrypted"))) return receipt;
  if (Object.hasOwn(action, "params")) throw invalid("it has both params and params_encrypted");
  const { params_encrypted: _, ...rest } = action;
  return { ...receipt, action: { ...rest, params: null } };
}

function requireTyped(receipt: JsonRecord): void {
  const type = ownValue(receipt, "type");
  if (typeof type !== "string" || type === "") throw invalid("it has neither a version `v` nor a `type`");
  if (parseTime(ownValue(receipt, "ts")) === undefined) {
    throw invalid("a record with a `type` needs a `ts`, an RFC 3339 time in UTC");
  }
}

function invalid(fault: string, cause?: unknown): AuditLogError {
  return new AuditLogError("record_invalid", `what was to be appended is no record: ${fault}`, { cause });
}

function tooLarge(cause?: unknown): AuditLogError {
  return new AuditLogError("record_too_large", `a record takes at most ${MAX_RECEIPT_BYTES} bytes`, {
    cause,
  });
}
