import type { Sha256Text } from "../../crypto/digest.js";
import type { JsonRecord } from "../../lib/json.js";
import { splitLines } from "../read/read-lines.js";
import { MAX_LINE_BYTES } from "../record/types.js";
import { isBlankLine } from "../read/blank-line.js";
import { checkLine, notRecord } from "./check-line.js";
import type { LineCheck } from "./check-line.js";
import type { ReceiptChecker } from "./check-receipt.js";
import type { RecordFinding } from "./record-finding.js";

/** Findings of a piece that are told one by one; of all others only how many. */
const MAX_FINDINGS = 1000;

/** A finding, a link or a place in a piece. Lines count from 1 where the piece begins. */
export type InPiece<Item> = Item & { readonly line: number };

/** A record that says it follows another than the one before it. */
export interface Break {
  readonly prev: Sha256Text;
  /** The hashes that the record before has: the stated one, and the right one if that is another. */
  readonly expected: readonly Sha256Text[];
}

/** What is known of a stretch of lines. Plain data: it comes from another thread. */
export interface PieceResult {
  readonly lines: number;
  /** Whether there is more than blank lines. */
  readonly hasContent: boolean;
  /** Whether the last line has its end. */
  readonly terminated: boolean;
  readonly records: number;
  /** Records whose signatures were all checked, and hold. */
  readonly verified: number;
  readonly kinds: ReadonlyMap<string, number>;
  readonly findings: readonly InPiece<RecordFinding>[];
  /** How many there are of each code, with those that are not among `findings`. */
  readonly findingCounts: ReadonlyMap<RecordFinding["code"], number>;
  readonly redacted: readonly number[];
  readonly encrypted: readonly number[];
  readonly repairs: readonly InPiece<{ readonly record: JsonRecord }>[];
  /** The first record, unless a line before it is none: then nothing tells what it should follow. */
  readonly first: InPiece<{ readonly prev: Sha256Text }> | undefined;
  readonly breaks: readonly InPiece<Break>[];
  /** What the next record should follow; `undefined` when the last line does not tell. */
  readonly next: readonly Sha256Text[] | undefined;
  /** `prev_hash` of the first record. */
  readonly firstPrev: Sha256Text | undefined;
  /** `record_hash` of the last record, as stated. */
  readonly lastHash: Sha256Text | undefined;
}

/** Checks a stretch of whole lines. */
export function checkPiece(bytes: Buffer, receipts: ReceiptChecker): PieceResult {
  const tally = new PieceTally();
  let group: Buffer[] = [];
  const checkGroup = (terminated: boolean): void => {
    const checks = receipts.inARow(() => group.map((line) => checkOne(line, receipts)));
    for (const [at, check] of checks.entries()) tally.add(check, terminated || at < checks.length - 1);
    group = [];
  };
  let terminated = true;
  for (const line of splitLines(bytes)) {
    if (group.length === GROUP) checkGroup(true);
    group.push(line.bytes);
    terminated = line.terminated;
  }
  if (group.length > 0) checkGroup(terminated);
  return tally.result;
}

/** What is known of a piece of one line that could not be checked. */
export function skipPiece(bytes: Buffer, finding: RecordFinding): PieceResult {
  const tally = new PieceTally();
  for (const { terminated } of splitLines(bytes)) tally.add(notRecord(finding), terminated);
  return tally.result;
}

/** Lines whose signatures are checked in a row. */
const GROUP = 128;

/** @returns the length of a line that is too long; `undefined` for a blank one. */
function checkOne(line: Buffer, receipts: ReceiptChecker): LineCheck | number | undefined {
  if (line.length > MAX_LINE_BYTES) return line.length;
  return isBlankLine(line) ? undefined : checkLine(line, receipts);
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

class PieceTally {
  readonly kinds = new Map<string, number>();
  readonly findings: InPiece<RecordFinding>[] = [];
  readonly findingCounts = new Map<RecordFinding["code"], number>();
  readonly redacted: number[] = [];
  readonly encrypted: number[] = [];
  readonly repairs: InPiece<{ readonly record: JsonRecord }>[] = [];
  readonly breaks: InPiece<Break>[] = [];
  readonly result: Writable<PieceResult> = {
    lines: 0,
    hasContent: false,
    terminated: true,
    records: 0,
    verified: 0,
    kinds: this.kinds,
    findings: this.findings,
    findingCounts: this.findingCounts,
    redacted: this.redacted,
    encrypted: this.encrypted,
    repairs: this.repairs,
    first: undefined,
    breaks: this.breaks,
    next: undefined,
    firstPrev: undefined,
    lastHash: undefined,
  };

  add(check: LineCheck | number | undefined, terminated: boolean): void {
    this.result.lines += 1;
    this.result.terminated = terminated;
    // A blank line changes nothing: what follows it follows what is before it.
    if (check === undefined) return;
    const isFirst = !this.result.hasContent;
    this.result.hasContent = true;
    if (typeof check === "number") {
      this.#addFinding({ code: "line_too_long", detail: `the line has ${check} bytes` });
      this.result.next = undefined;
      return;
    }
    // That a last line without its end is no record goes without saying.
    if (!terminated && check.kind === undefined) {
      this.result.next = undefined;
      return;
    }
    this.#link(check, isFirst);
    for (const finding of check.findings) this.#addFinding(finding);
    if (check.kind !== undefined) this.#addRecord(check, check.kind);
  }

  #addRecord({ findings, state, repair }: LineCheck, kind: string): void {
    const line = this.result.lines;
    this.result.records += 1;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (state === "redacted") this.redacted.push(line);
    else if (state === "encrypted") this.encrypted.push(line);
    else if (state === "checked" && findings.length === 0) this.result.verified += 1;
    if (repair !== undefined) this.repairs.push({ line, record: repair });
  }

  #link({ prev, stated, computed }: LineCheck, isFirst: boolean): void {
    const { result } = this;
    const line = result.lines;
    if (prev !== undefined) {
      if (isFirst) result.first = { line, prev };
      else if (result.next?.includes(prev) === false) this.breaks.push({ line, prev, expected: result.next });
      result.firstPrev ??= prev;
    }
    result.lastHash = stated ?? result.lastHash;
    if (stated === undefined) result.next = undefined;
    else result.next = computed === undefined ? [stated] : [stated, computed];
  }

  #addFinding(finding: RecordFinding): void {
    this.findingCounts.set(finding.code, (this.findingCounts.get(finding.code) ?? 0) + 1);
    if (this.findings.length < MAX_FINDINGS) this.findings.push({ ...finding, line: this.result.lines });
  }
}
