import { isAscii, isUtf8 } from "node:buffer";

import { canonicalBytes } from "../../crypto/canonical-json.js";
import { isSha256Text } from "../../crypto/digest.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { exceedsJson } from "../../crypto/measure-json.js";
import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { quoted } from "../../lib/text.js";
import { isTooDeep, parseLine } from "../read/read-record.js";
import { recordHash as hashRecord } from "../record/record-hash.js";
import type { LineParts } from "../record/record-text.js";
import { RECORD_LEVELS } from "../record/types.js";
import type { ReceiptCheck, ReceiptChecker, SignatureState } from "./check-receipt.js";
import type { RecordFinding } from "./record-finding.js";
import { findRepeatedMember } from "./repeated-member.js";
import { splitUsualLine } from "./usual-line.js";
import type { UsualLine } from "./usual-line.js";

type RecordHashes = Pick<LineParts, "prevHash" | "recordHash">;

/** What came of checking a line. */
export interface LineCheck {
  /** Kind of the record; `undefined` when the line is none. */
  readonly kind: string | undefined;
  /** As the line says; `undefined` when it does not. */
  readonly prev: Sha256Text | undefined;
  readonly stated: Sha256Text | undefined;
  /** What the hash should be, where it is another than stated. */
  readonly computed: Sha256Text | undefined;
  readonly findings: readonly RecordFinding[];
  readonly state: SignatureState;
  /** A record of a repair. */
  readonly repair: JsonRecord | undefined;
}

/**
 * Checks one line: that it is a record, that its hash is that of its canonical text, and all of its receipt. Never throws.
 *
 * A line in the usual layout, of which the receipt's text turns out to be canonical, is hashed as it is. Any other is
 * read again, strictly, and written anew: the layout of a line, and what text a value has in it, are free.
 *
 * @param line - Without its end.
 */
export function checkLine(line: Buffer, receipts: ReceiptChecker): LineCheck {
  const parts = splitUsualLine(line);
  // By now nothing that was parsed is held any more: of a large line two such values would take hundreds of megabytes.
  return (parts && checkUsual(line, parts, receipts)) ?? checkLoosely(line, receipts);
}

/** @returns `undefined` for a line that has to be read as a whole to say what is wrong with it. */
function checkUsual(
  line: Buffer,
  { receiptText: text, prevHash, recordHash }: UsualLine,
  receipts: ReceiptChecker,
): LineCheck | undefined {
  const answer = receipts.checkKnown(text);
  if (answer?.isCanonical === true) {
    const computed = hashRecord(text, prevHash);
    return computed === recordHash
      ? finish(NO_REPAIR, answer, { prevHash, recordHash: computed }, computed)
      : undefined;
  }
  const receipt = parseLine(text);
  if (!isPlainObject(receipt)) return undefined;
  const check = receipts.check(receipt, text);
  if (check.isCanonical || isCanonicalText(receipt, text)) {
    const computed = hashRecord(text, prevHash);
    if (computed === recordHash) return finish(receipt, check, { prevHash, recordHash: computed }, computed);
  }
  // A receipt that can be read by itself, between what is in its place: the line is a record.
  if (!isSha256Text(recordHash)) return undefined;
  const repeated = findRepeatedMember(textOf(line));
  if (repeated !== undefined) return notRecord(memberRepeated(repeated), { prevHash, recordHash });
  return checkValue(receipt, check, { prevHash, recordHash });
}

function checkLoosely(line: Buffer, receipts: ReceiptChecker): LineCheck {
  if (!isUtf8(line)) return notRecord({ code: "not_utf8", detail: "the line is not UTF-8" });
  if (isTooDeep(line)) {
    return notRecord({ code: "record_malformed", detail: `the line has more than ${RECORD_LEVELS} levels` });
  }
  const text = textOf(line);
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return notRecord({ code: "not_json", detail: "the line is not JSON" });
  }
  if (!isPlainObject(record)) return notRecord({ code: "record_malformed", detail: "the line is no object" });
  const receipt = ownValue(record, "receipt");
  const prevHash = hashOf(record, "prev_hash");
  const recordHash = hashOf(record, "record_hash");
  const fault = recordFault(record, text);
  if (fault !== undefined) return notRecord(fault, { prevHash, recordHash });
  if (!isPlainObject(receipt) || prevHash === undefined || recordHash === undefined) {
    const detail = "the receipt is no object, or a hash not sha256: and 64 lower-case hex digits";
    return notRecord({ code: "record_malformed", detail }, { prevHash, recordHash });
  }
  return checkValue(receipt, receipts.check(receipt, undefined), { prevHash, recordHash });
}

/** Hashes a record by its values, whatever the layout of its line is. */
function checkValue(receipt: JsonRecord, check: ReceiptCheck, hashes: RecordHashes): LineCheck {
  try {
    const canonical = canonicalBytes(receipt, { maxDepth: RECORD_LEVELS });
    return finish(receipt, check, hashes, hashRecord(canonical, hashes.prevHash));
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    const told = check.findings.some(({ code }) => code === "not_canonical");
    const finding: RecordFinding = { code: "not_canonical", detail: `the record: ${error.message}` };
    return finish(
      receipt,
      told ? check : { ...check, findings: [...check.findings, finding] },
      hashes,
      hashes.recordHash,
    );
  }
}

/** What is wrong with the members of a record, whatever their values. */
function recordFault(record: JsonRecord, text: string): RecordFinding | undefined {
  const code = "record_malformed";
  const unknown = Object.keys(record).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) return { code, detail: `the record has the unknown member ${quoted(unknown)}` };
  const missing = MEMBERS.find((name) => !Object.hasOwn(record, name));
  if (missing !== undefined) return { code, detail: `${missing} is missing` };
  const repeated = findRepeatedMember(text);
  return repeated === undefined ? undefined : memberRepeated(repeated);
}

function memberRepeated(name: string): RecordFinding {
  return { code: "record_malformed", detail: `the member ${quoted(name)} is there twice` };
}

/** Stands for a countersigned receipt, of which nothing is shown. */
const NO_REPAIR: JsonRecord = {};

const MEMBERS: readonly string[] = ["receipt", "prev_hash", "record_hash"];

function finish(
  value: JsonRecord,
  receipt: ReceiptCheck,
  { prevHash: prev, recordHash: stated }: RecordHashes,
  computed: Sha256Text,
): LineCheck {
  const { kind, findings, state } = receipt;
  const repair = kind === "log_repair" && isShowable(value) ? value : undefined;
  const check = { kind, prev, stated, computed: undefined, state, repair };
  if (computed === stated) return { ...check, findings };
  const detail = "record_hash is not the hash of the record";
  const mismatch: RecordFinding = { code: "hash_mismatch", detail, expected: computed, found: stated };
  return { ...check, computed, findings: [mismatch, ...findings] };
}

/** Levels and bytes of a record that is shown in a report. */
const SHOWN = { maxDepth: 8, maxBytes: 4096 };

function isShowable(value: JsonRecord): boolean {
  return exceedsJson(value, SHOWN) === undefined;
}

/** What is known of a line that is no record, or could not be read as one. */
export function notRecord(
  finding: RecordFinding,
  { prevHash, recordHash }: { readonly [Name in keyof RecordHashes]?: Sha256Text | undefined } = {},
): LineCheck {
  return {
    kind: undefined,
    prev: prevHash,
    stated: recordHash,
    computed: undefined,
    findings: [finding],
    state: "unsigned",
    repair: undefined,
  };
}

function textOf(line: Buffer): string {
  return line.toString(isAscii(line) ? "latin1" : "utf8");
}

/** Whether a text is the canonical one of the value that was read from it. */
function isCanonicalText(value: JsonRecord, text: Buffer): boolean {
  try {
    return text.equals(canonicalBytes(value, { maxDepth: RECORD_LEVELS }));
  } catch (error) {
    if (error instanceof CanonicalJsonError) return false;
    throw error;
  }
}

function hashOf(record: JsonRecord, name: string): Sha256Text | undefined {
  const value = ownValue(record, name);
  return isSha256Text(value) ? value : undefined;
}
