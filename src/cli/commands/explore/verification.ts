import type { AuditEntry } from "../../../audit/read/query.js";
import { GENESIS_HASH } from "../../../audit/record/types.js";
import type { LineCheck } from "../../../audit/verify/check-line.js";
import type { FindingCode } from "../../../audit/verify/findings.js";
import { TRUST_CODES } from "../../../audit/verify/trust-codes.js";
import type { RecordFinding } from "../../../audit/verify/record-finding.js";
import type { Check } from "./check.js";
import { checkKeys } from "./check-keys.js";
import type { CheckedPlace, Neighbour } from "./check-places.js";
import type { OpenLog } from "./open-log.js";
import { checkSignatures, SIGNATURE_CODES } from "./signature-checks.js";

/** What was verified of a record. */
export interface Verification {
  /** Whether nothing fails. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly findings: readonly RecordFinding[];
}

/** Says what came of checking a record, in the terms of whoever looks at it. */
export function verificationOf(
  entry: AuditEntry,
  checked: CheckedPlace | undefined,
  log: OpenLog,
): Verification {
  if (checked === undefined) {
    const detail = "the record is not where it was: the log was changed meanwhile";
    return { ok: false, checks: [{ what: "place", result: "fails", detail }], findings: [] };
  }
  const { line } = checked;
  const checks = [
    checkHash(line),
    checkBefore(checked),
    checkAfter(checked),
    ...checkSignatures(entry, line),
    ...checkKeys(entry, line, log.registry),
    ...otherFaults(line.findings),
  ];
  return { ok: checks.every(({ result }) => result !== "fails"), checks, findings: line.findings };
}

/** What a single finding says; `undefined` if there is none of these codes. */
export function faultOf(
  findings: readonly RecordFinding[],
  codes: readonly FindingCode[],
): string | undefined {
  const faults = findings.filter(({ code }) => codes.includes(code));
  return faults.length === 0 ? undefined : faults.map(({ code, detail }) => `${code}: ${detail}`).join("; ");
}

const HASH = "record_hash";

function checkHash({ kind, computed, stated, findings }: LineCheck): Check {
  if (computed !== undefined)
    return {
      what: HASH,
      result: "fails",
      detail: `hash_mismatch: it says ${stated}, its hash is ${computed}`,
    };
  const isTold = kind !== undefined && faultOf(findings, ["not_canonical"]) === undefined;
  return isTold
    ? { what: HASH, result: "holds", detail: "recomputed: it is the hash of the record" }
    : { what: HASH, result: "open", detail: "it cannot be computed: the record is not of its form" };
}

const BEFORE = "prev_hash";

function checkBefore({ line: { prev }, before }: CheckedPlace): Check {
  if (prev === undefined) return { what: BEFORE, result: "open", detail: "the record does not tell it" };
  if (before === "unreadable")
    return { what: BEFORE, result: "open", detail: "the line before is no record" };
  if (before === "none") {
    return prev === GENESIS_HASH
      ? { what: BEFORE, result: "holds", detail: "the chain begins here" }
      : { what: BEFORE, result: "fails", detail: "start_missing: what it follows is not in the log" };
  }
  if (before.stated === undefined)
    return { what: BEFORE, result: "open", detail: "the line before is no record" };
  if (isFollowed(before, prev))
    return { what: BEFORE, result: "holds", detail: "it is the hash of the record before" };
  const detail =
    prev === GENESIS_HASH
      ? "other_chain: another chain begins here"
      : "link_broken: it is not the hash of the record before";
  return { what: BEFORE, result: "fails", detail };
}

const AFTER = "next record";

function checkAfter({ line, after }: CheckedPlace): Check {
  if (after === "none")
    return { what: AFTER, result: "open", detail: "there is none yet: this is the newest" };
  if (after === "unreadable" || after.prev === undefined || line.stated === undefined)
    return { what: AFTER, result: "open", detail: "the line after is no record" };
  return isFollowed(line, after.prev)
    ? { what: AFTER, result: "holds", detail: "it follows this one" }
    : { what: AFTER, result: "fails", detail: "link_broken: it does not follow this one" };
}

/** As in verifying a log: after a record that says a wrong hash, the next may follow either. */
function isFollowed({ stated, computed }: Exclude<Neighbour, string>, prev: string): boolean {
  return prev === stated || prev === computed;
}

const SHOWN_ABOVE: readonly FindingCode[] = ["hash_mismatch", ...SIGNATURE_CODES, ...TRUST_CODES];

function otherFaults(findings: readonly RecordFinding[]): Check[] {
  return findings
    .filter(({ code }) => !SHOWN_ABOVE.includes(code))
    .map(({ code, detail }) => ({ what: "record", result: "fails", detail: `${code}: ${detail}` }));
}
