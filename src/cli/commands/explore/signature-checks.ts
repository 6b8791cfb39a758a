import type { AuditEntry } from "../../../audit/read/query.js";
import { RECORD_TYPES } from "../../../audit/record/record-types.js";
import type { LineCheck } from "../../../audit/verify/check-line.js";
import type { FindingCode } from "../../../audit/verify/findings.js";
import { isPlainObject, ownValue } from "../../../lib/json.js";
import type { JsonRecord } from "../../../lib/json.js";
import type { Check } from "./check.js";

/** Findings that these checks tell. */
export const SIGNATURE_CODES: readonly FindingCode[] = [
  "bad_signature",
  "bad_countersignature",
  "params_mismatch",
  "bad_delegation",
  "delegation_expired",
  "bad_decision",
];

/** Says which signatures hold, and whether the params are those that were signed. */
export function checkSignatures({ record, summary }: AuditEntry, line: LineCheck): Check[] {
  if (line.state === "unsigned") return [unsigned(line)];
  const isAnswer = summary.kind === "countersigned";
  const agent = isAnswer ? memberOf(record.receipt, "agent_receipt") : record.receipt;
  const checks = [
    signature(isAnswer ? "agent's signature" : "signature", "bad_signature", line),
    ...(isAnswer ? [signature("countersignature", "bad_countersignature", line)] : []),
    params(memberOf(agent, "action"), summary.outcome === "rejected" ? summary.code : undefined, line),
  ];
  if (Object.hasOwn(agent, "authorization")) checks.push(authority("delegation", DELEGATION, line));
  if (Object.hasOwn(agent, "authz_decision")) checks.push(authority("decision", ["bad_decision"], line));
  return checks;
}

const DELEGATION: readonly FindingCode[] = ["bad_delegation", "delegation_expired"];

function unsigned({ kind }: LineCheck): Check {
  const detail =
    kind !== undefined && RECORD_TYPES.includes(kind)
      ? "nobody signs a record of this kind: the chain alone holds it in place"
      : "not checked: there is no receipt that can be read";
  return { what: "signature", result: "open", detail };
}

function signature(what: string, code: FindingCode, { findings, state }: LineCheck): Check {
  const fault = findings.find((finding) => finding.code === code);
  if (fault !== undefined) return { what, result: "fails", detail: `${code}: ${fault.detail}` };
  if (state === "encrypted")
    return { what, result: "open", detail: "not checked: it covers the params, which are encrypted" };
  // A server countersigns what is stored: the mark in the place of the params with it.
  if (state === "redacted" && code === "bad_signature")
    return { what, result: "open", detail: "not checked: it covers the params, which were taken out" };
  return { what, result: "holds", detail: "it holds under the key that the receipt names" };
}

function params(action: JsonRecord, refusedFor: string | undefined, { findings, state }: LineCheck): Check {
  const what = "params";
  const fault = findings.find(({ code }) => code === "params_mismatch");
  if (fault !== undefined) return { what, result: "fails", detail: `params_mismatch: ${fault.detail}` };
  if (state === "encrypted")
    return { what, result: "open", detail: "they are encrypted: only the agent's key opens them" };
  if (state === "redacted")
    return { what, result: "open", detail: "they were taken out before it was stored" };
  if (ownValue(action, "params") === null)
    return { what, result: "open", detail: "the receipt tells only their hash" };
  if (refusedFor === "params_mismatch")
    return { what, result: "open", detail: "the server refused the call as params_mismatch" };
  return { what, result: "holds", detail: "params_hash is their hash" };
}

function authority(what: string, codes: readonly FindingCode[], { findings, state }: LineCheck): Check {
  const fault = findings.find(({ code }) => codes.includes(code));
  if (fault !== undefined) return { what, result: "fails", detail: `${fault.code}: ${fault.detail}` };
  return state === "encrypted"
    ? { what, result: "open", detail: "not checked: the params are encrypted" }
    : { what, result: "holds", detail: "what others signed for it holds" };
}

function memberOf(record: JsonRecord, name: string): JsonRecord {
  const value = ownValue(record, name);
  return isPlainObject(value) ? value : {};
}
