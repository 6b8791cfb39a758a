import type { AuditPlace } from "../../errors.js";
import type { Sha256Text } from "../../crypto/digest.js";
import type { JsonRecord } from "../../lib/json.js";
import type { Finding, FindingCode } from "./findings.js";

/** What was verified, and what was found. Plain data. */
export interface AuditReport {
  /** Whether nothing was found. That records are missing at the end a chain alone does not tell: compare `tip`. */
  readonly ok: boolean;
  readonly records: number;
  /** Records of each kind: `intent`, `compound`, `countersigned`, `unknown`, or the `type` of those that have one. */
  readonly counts: Readonly<Record<string, number>>;
  /** Records with signatures that were all checked, and of which nothing was found. */
  readonly verified: number;
  /** The hash that the first record had to follow, and whether it was given as an option. */
  readonly start: { readonly hash: Sha256Text; readonly given: boolean };
  /** `record_hash` of the last record; `undefined` when there is none. */
  readonly tip: Sha256Text | undefined;
  readonly files: readonly FileReport[];
  readonly unverifiable: UnverifiableRecords;
  /** Torn lines that were set aside, as this package put them on record. */
  readonly repairs: readonly RepairReport[];
  /** In the order of the log: the first 1,000, or fewer where many are in one stretch of it. */
  readonly findings: readonly Finding[];
  /** How many there are of each code, all of them. */
  readonly findingCounts: Readonly<Partial<Record<FindingCode, number>>>;
  /**
   * Whose word it is that the keys are whose they say. `"none"`: nobody's. Signatures were checked under the keys that the receipts
   * name, which shows that nothing was changed since, by whoever has other keys.
   */
  readonly trust: { readonly bundleId: string; readonly generatedAt: string } | "none";
}

export interface FileReport {
  readonly name: string;
  readonly records: number;
  readonly firstPrev: Sha256Text | undefined;
  readonly lastHash: Sha256Text | undefined;
  /** As it lies on disk. */
  readonly bytes: number;
}

/** Records whose hash and place in the chain hold, and whose signatures cannot be checked for want of the params. */
export interface UnverifiableRecords {
  readonly redacted: number;
  readonly encrypted: number;
  readonly total: number;
  /** The first 1,000. */
  readonly places: readonly AuditPlace[];
}

export interface RepairReport {
  readonly place: AuditPlace;
  readonly record: JsonRecord;
}
