import type { Sha256Text } from "../../crypto/digest.js";
import type { JsonRecord } from "../../lib/json.js";
import { splitLines } from "../read-lines.js";
import { MAX_LINE_BYTES } from "../types.js";
import { checkLine } from "./check-line.js";
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
  for (const line of splitLines(bytes)) tally.add(line.bytes, line.terminated, receipts);
  return tally.result;
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

  add(bytes: Buffer, terminated: boolean, receipts: ReceiptChecker): void {
    this.result.lines += 1;
    this.result.terminated = terminated;
    if (bytes.length > MAX_LINE_BYTES) {
      this.#addFinding({ code: "line_too_long", detail: `the line has ${bytes.length} bytes` });
      this.result.next = undefined;
      return;
    }
    const check = checkLine(bytes, receipts);
    // That a last line without its end is no record goes without saying.
    if (!terminated && check.kind === undefined) {
      this.result.next = undefined;
      return;
    }
    this.#link(check);
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

  #link({ prev, stated, computed }: LineCheck): void {
    const { result } = this;
    const line = result.lines;
    if (prev !== undefined) {
      if (line === 1) result.first = { line, prev };
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
