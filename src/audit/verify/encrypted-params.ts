import { AuditLogError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { ENVELOPE, readEnvelope, signerOf } from "../record/params-envelope.js";
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
 *
 * @param receipt - Of which {@link envelopeFault} finds nothing: the envelope is under the key of whoever signed it.
 */
export function openReceipt(receipt: JsonRecord, params: ParamsKeys | undefined): OpenedReceipt {
  if (findEnvelope(receipt) === undefined) return { receipt, sealed: false };
  const signer = signerOf(agentPart(receipt));
  const key = typeof signer === "string" ? params?.keys.get(signer) : undefined;
  if (params === undefined || key === undefined) return { receipt: withoutEnvelope(receipt), sealed: true };
  try {
    return { receipt: params.decrypt(receipt, key), sealed: false };
  } catch (error) {
    if (!(error instanceof AuditLogError)) throw error;
    const finding: RecordFinding = { code: "params_undecryptable", detail: error.message };
    return { receipt: withoutEnvelope(receipt), sealed: true, finding };
  }
}

/**
 * What is wrong with encrypted params by their form, which no parser of receipts knows; `undefined` if nothing is, or none are
 * there. What they are is checked whether there is a key or not: a receipt that nobody could ever open is no encrypted one.
 */
export function envelopeFault(receipt: JsonRecord): string | undefined {
  const envelope = findEnvelope(receipt);
  if (envelope === undefined) return undefined;
  if (ownValue(receipt, "v") === 2) return `a receipt of version 2 has action.${ENVELOPE}`;
  const read = readEnvelope(envelope, signerOf(agentPart(receipt)));
  return typeof read === "string" ? `of action.${ENVELOPE}, ${read}` : undefined;
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
