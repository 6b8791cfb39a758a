import type { Sha256Text } from "../../crypto/digest.js";
import type { AuditPlace } from "../../errors.js";
import { formatTime } from "../../lib/time.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { RecordFile } from "../read/byte-source.js";
import { Chain, explainFileBreak } from "./chain.js";
import type { FileBreak } from "./chain.js";
import type { PieceResult } from "./check-piece.js";
import type { Finding, FindingCode } from "./findings.js";
import type { AuditReport, FileReport, RepairReport } from "./report.js";

/** Findings and places of a report at the most. */
const MAX_LISTED = 1000;

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Puts the report of a log together out of what comes of its pieces, in their order. */
export class Tally {
  readonly #chain: Chain;
  readonly #onFinding: (finding: Finding) => void;
  readonly #counts = new Map<string, number>();
  readonly #files: Writable<FileReport>[] = [];
  readonly #places: AuditPlace[] = [];
  readonly #repairs: RepairReport[] = [];
  /** In order; of a file that does not follow the one before, the break until all files are known. */
  readonly #findings: (Finding | FileBreak)[] = [];
  readonly #fileBreaks: FileBreak[] = [];
  readonly #findingCounts = new Map<FindingCode, number>();
  #redacted = 0;
  #encrypted = 0;
  #verified = 0;
  #lines = 0;
  #terminated = true;
  records = 0;

  constructor(start: Sha256Text, onFinding: (finding: Finding) => void) {
    this.#chain = new Chain(start);
    this.#onFinding = onFinding;
  }

  beginFile({ name }: RecordFile, bytes: number): void {
    this.#files.push({ name, records: 0, firstPrev: undefined, lastHash: undefined, bytes });
    this.#chain.beginFile(name);
    this.#lines = 0;
    this.#terminated = true;
  }

  addPiece(piece: PieceResult): void {
    const file = this.#file;
    const place = ({ line }: { readonly line: number }): AuditPlace => ({
      file: file.name,
      line: this.#lines + line,
    });
    const found: (Finding | FileBreak)[] = piece.findings.map(({ line, ...finding }) => ({
      ...finding,
      place: place({ line }),
    }));
    for (const [code, count] of piece.findingCounts) this.#count(code, count);
    for (const broken of this.#chain.add(piece)) {
      if ("finding" in broken) {
        found.push(broken.finding);
        this.#count(broken.finding.code, 1);
      } else {
        found.push(broken.fileBreak);
        this.#fileBreaks.push(broken.fileBreak);
      }
    }
    for (const finding of found.sort((a, b) => lineOf(a) - lineOf(b))) this.#list(finding);
    this.#addRecords(piece, place);
  }

  #addRecords(piece: PieceResult, place: (at: { readonly line: number }) => AuditPlace): void {
    const file = this.#file;
    file.records += piece.records;
    file.firstPrev ??= piece.firstPrev;
    file.lastHash = piece.lastHash ?? file.lastHash;
    this.records += piece.records;
    this.#verified += piece.verified;
    this.#redacted += piece.redacted.length;
    this.#encrypted += piece.encrypted.length;
    for (const [kind, count] of piece.kinds) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
    for (const line of [...piece.redacted, ...piece.encrypted].sort((a, b) => a - b)) {
      if (this.#places.length < MAX_LISTED) this.#places.push(place({ line }));
    }
    for (const { line, record } of piece.repairs) {
      if (this.#repairs.length < MAX_LISTED) this.#repairs.push({ place: place({ line }), record });
    }
    this.#lines += piece.lines;
    if (piece.lines > 0) this.#terminated = piece.terminated;
  }

  /** Passes over a line that is too long to be held. */
  addLongLine(length: number, terminated: boolean): void {
    this.#chain.skip(1);
    this.#lines += 1;
    this.#terminated = terminated;
    this.addFinding("line_too_long", `the line has ${length} bytes`, this.#lines);
  }

  /** The rest of the file cannot be read. */
  addFault(code: "file_unreadable" | "gzip_damaged", detail: string): void {
    this.#chain.skip(0);
    this.#terminated = true;
    this.addFinding(code, detail, this.#lines + 1);
  }

  endFile(isNewest: boolean): void {
    if (this.#terminated) return;
    const code = isNewest ? "truncated_tail" : "torn_line";
    this.addFinding(code, "the last line has no end", this.#lines);
  }

  /** Adds a finding about the file at work. */
  addFinding(code: FindingCode, detail: string, line: number, file: string = this.#file.name): void {
    this.#count(code, 1);
    this.#list({ code, place: { file, line }, detail });
  }

  finish(startGiven: boolean, registry: TrustRegistry | undefined): AuditReport {
    const lastHashes = new Map<Sha256Text, string>();
    for (const { name, lastHash } of this.#files) if (lastHash !== undefined) lastHashes.set(lastHash, name);
    for (const fileBreak of this.#fileBreaks) {
      const finding = explainFileBreak(fileBreak, lastHashes);
      this.#count(finding.code, 1);
      this.#onFinding(finding);
    }
    return {
      ok: this.#findingCounts.size === 0,
      records: this.records,
      counts: Object.fromEntries(this.#counts),
      verified: this.#verified,
      start: { hash: this.#chain.start, given: startGiven },
      tip: this.#files.findLast(({ lastHash }) => lastHash !== undefined)?.lastHash,
      files: this.#files,
      unverifiable: {
        redacted: this.#redacted,
        encrypted: this.#encrypted,
        total: this.#redacted + this.#encrypted,
        places: this.#places,
      },
      repairs: this.#repairs,
      findings: this.#findings.map((item) => ("code" in item ? item : explainFileBreak(item, lastHashes))),
      findingCounts: Object.fromEntries(this.#findingCounts),
      trust: trustOf(registry),
    };
  }

  get #file(): Writable<FileReport> {
    const file = this.#files.at(-1);
    if (file === undefined) throw new Error("no file was begun");
    return file;
  }

  #count(code: FindingCode, count: number): void {
    this.#findingCounts.set(code, (this.#findingCounts.get(code) ?? 0) + count);
  }

  #list(finding: Finding | FileBreak): void {
    if ("code" in finding) this.#onFinding(finding);
    if (this.#findings.length < MAX_LISTED) this.#findings.push(finding);
  }
}

function lineOf(finding: Finding | FileBreak): number {
  return "code" in finding ? finding.place.line : finding.line;
}

function trustOf(registry: TrustRegistry | undefined): AuditReport["trust"] {
  if (registry === undefined) return "none";
  const { bundleId, generatedAtMs } = registry.header;
  return { bundleId, generatedAt: formatTime(generatedAtMs) };
}
