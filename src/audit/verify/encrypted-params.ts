import { AuditLogError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { quoted } from "../../lib/text.js";
import type { RecordFinding } from "./record-finding.js";

/** Puts encrypted params back: `decryptParams`. */
export type DecryptParams = (receipt: JsonRecord, key: Uint8Array) => JsonRecord;

/** The keys that params are decrypted with, by the text of the signer's public key, and what does it. */
export interface ParamsKeys {
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly decrypt: DecryptParams;
}

/** A receipt as it can be parsed. */
export interface OpenedReceipt {
  readonly receipt: JsonRecord;
  /** Whether the params are still encrypted, and `null` in `receipt`: signatures over them cannot be checked. */
  readonly sealed: boolean;
  readonly finding?: RecordFinding;
}

/**
 * Decrypts the params of a receipt (wire format, section 11), if they are encrypted and there is a key. In a v3 it is the
 * agent's receipt that has params.
 */
export function openReceipt(receipt: JsonRecord, params: ParamsKeys | undefined): OpenedReceipt {
  const envelope = findEnvelope(receipt);
  if (envelope === undefined) return { receipt, sealed: false };
  const kid = isPlainObject(envelope) ? ownValue(envelope, "kid") : undefined;
  const key = typeof kid === "string" ? params?.keys.get(kid) : undefined;
  if (params === undefined || key === undefined) return { receipt: withoutEnvelope(receipt), sealed: true };
  try {
    return { receipt: params.decrypt(receipt, key), sealed: false };
  } catch (error) {
    if (!(error instanceof AuditLogError)) throw error;
    const finding: RecordFinding = { code: "params_undecryptable", detail: error.message };
    return { receipt: withoutEnvelope(receipt), sealed: true, finding };
  }
}

const ENVELOPE = "params_encrypted";
const ENVELOPE_NAMES: readonly string[] = ["v", "alg", "kid", "nonce", "ciphertext"];

/** What is wrong with the form of encrypted params, which no parser of receipts knows; `undefined` if nothing is, or none are there. */
export function envelopeFault(receipt: JsonRecord): string | undefined {
  const envelope = findEnvelope(receipt);
  if (envelope === undefined) return undefined;
  if (!isPlainObject(envelope)) return "action.params_encrypted is not an object";
  const unknown = Object.keys(envelope).find((name) => !ENVELOPE_NAMES.includes(name));
  if (unknown !== undefined) return `action.params_encrypted has the unknown member ${quoted(unknown)}`;
  if (ownValue(envelope, "v") !== 1) return "action.params_encrypted.v is not 1";
  const other = ENVELOPE_NAMES.slice(1).find((name) => typeof ownValue(envelope, name) !== "string");
  return other === undefined ? undefined : `action.params_encrypted.${other} is not a string`;
}

function findEnvelope(receipt: JsonRecord): unknown {
  const action = ownValue(agentPart(receipt), "action");
  return isPlainObject(action) ? ownValue(action, ENVELOPE) : undefined;
}

function agentPart(receipt: JsonRecord): JsonRecord {
  const embedded = ownValue(receipt, "agent_receipt");
  return isPlainObject(embedded) ? embedded : receipt;
}

/** Puts `null` in the place of the envelope. Where there are params as well, both stay, and parsing refuses them. */
function withoutEnvelope(receipt: JsonRecord): JsonRecord {
  const agent = ownValue(receipt, "agent_receipt");
  return isPlainObject(agent) ? { ...receipt, agent_receipt: emptied(agent) } : emptied(receipt);
}

function emptied(receipt: JsonRecord): JsonRecord {
  const action = ownValue(receipt, "action");
  if (!isPlainObject(action) || Object.hasOwn(action, "params")) return receipt;
  const { [ENVELOPE]: _, ...rest } = action;
  return { ...receipt, action: { ...rest, params: null } };
}
