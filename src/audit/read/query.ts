import { join } from "node:path";

import type { AuditPlace } from "../../errors.js";
import { compilePatterns } from "../../trust/scope.js";
import { isBlankLine } from "./blank-line.js";
import type { RecordFile } from "./byte-source.js";
import { dayStartMs } from "./day-files.js";
import type { DayFile } from "./day-files.js";
import { listRecordFiles } from "./list-files.js";
import type { LongLine, ReadFailure } from "./read-lines.js";
import { readLines } from "./read-lines.js";
import { readLinesBackward } from "./read-lines-backward.js";
import { readQueryOptions } from "./query-options.js";
import type { Query, QueryOptions, UnreadableCode } from "./query-options.js";
import { readRecord } from "./read-record.js";
import { summariseRecord } from "../record/record-summary.js";
import type { RecordSummary } from "../record/record-summary.js";
import type { AuditRecord } from "../record/types.js";

export type { QueryOptions, TimeInput, UnreadableCode } from "./query-options.js";

/** A record of a log, and where it is. Nothing of it was verified. */
export interface AuditEntry {
  readonly place: AuditPlace;
  readonly record: AuditRecord;
  readonly summary: RecordSummary;
}

/**
 * Finds records of a log. Streams: memory does not grow with the log, and reading stops with the loop. Nothing is
 * verified, and others may write meanwhile: a last line that has no end yet is none.
 *
 * Days that end more than two days before `since`, by the names of their files, are not opened: a record's own time is
 * the one that counts, and it is within minutes of when it was written.
 *
 * Newest first, a compressed day is unpacked once for every 16 MB of what is found in it.
 *
 * @param dir - Directory of the log.
 * @throws `OptionError` for an option of the wrong type or range: the caller's fault. From the loop, `AuditLogError`
 * `audit_not_found` or `audit_unreadable` for the directory; a file of it that cannot be read is told to `onUnreadable`.
 *
 * @example
 * ```ts
 * import { AuditLog } from "signet-mcp/audit";
 *
 * const log = await AuditLog.open("audit", { readOnly: true });
 * for await (const { place, summary } of log.query({ since: "24h", outcome: "rejected", order: "newest" })) {
 *   console.log(`${place.file}:${place.line}`, summary.signer, summary.tool, summary.code);
 * }
 * ```
 */
export function query(dir: string, options: QueryOptions = {}): AsyncIterableIterator<AuditEntry> {
  return run(dir, readQueryOptions(options));
}

async function* run(dir: string, wanted: Query): AsyncGenerator<AuditEntry, void, undefined> {
  const { days } = await listRecordFiles(dir);
  const newest = days.at(-1);
  const inReach = days.filter((day) => isInReach(day, wanted.sinceMs));
  const matches = compileQuery(wanted);
  let left = wanted.limit;
  for (const day of wanted.newestFirst ? inReach.toReversed() : inReach) {
    const file: RecordFile = { path: join(dir, day.name), name: day.name, compressed: day.compressed };
    const look: Look = {
      matches,
      tell: (line, code) => wanted.onUnreadable({ file: file.name, line }, code),
      // The newest file's last line may be at work.
      torn: day === newest ? undefined : "torn_line",
    };
    for await (const entry of wanted.newestFirst ? findBackward(file, look) : findForward(file, look)) {
      yield entry;
      left -= 1;
      if (left === 0) return;
    }
  }
}

const TWO_DAYS_MS = 2 * 86_400_000;
const DAY_MS = 86_400_000;

function isInReach({ day }: DayFile, sinceMs: number | undefined): boolean {
  return sinceMs === undefined || (dayStartMs(day) ?? 0) + DAY_MS + TWO_DAYS_MS >= sinceMs;
}

/** How the lines of a file are looked at. */
interface Look {
  readonly matches: (summary: RecordSummary) => boolean;
  readonly tell: (line: number, code: UnreadableCode) => void;
  /** What a last line without an end is; `undefined` when it is none. */
  readonly torn: UnreadableCode | undefined;
}

type Found = Pick<AuditEntry, "record" | "summary"> | UnreadableCode;

/** @returns `undefined` for a line that is passed over. */
function lookAt(bytes: Buffer, terminated: boolean, look: Look): Found | undefined {
  if (isBlankLine(bytes)) return undefined;
  if (!terminated) return look.torn;
  const record = readRecord(bytes);
  if (typeof record === "string") return record;
  const summary = summariseRecord(record.receipt);
  return look.matches(summary) ? { record, summary } : undefined;
}

async function* findForward(file: RecordFile, look: Look): AsyncGenerator<AuditEntry, void, undefined> {
  for await (const line of readLines(file)) {
    const found = line.kind === "line" ? lookAt(line.bytes, line.terminated, look) : unreadable(line);
    if (typeof found === "string") look.tell(line.number, found);
    else if (found !== undefined) yield { place: { file: file.name, line: line.number }, ...found };
  }
}

async function* findBackward(file: RecordFile, look: Look): AsyncGenerator<AuditEntry, void, undefined> {
  const select = (bytes: Buffer, terminated: boolean): Found | undefined => lookAt(bytes, terminated, look);
  for await (const line of readLinesBackward(file, select)) {
    const found = line.kind === "selected" ? line.value : unreadable(line);
    if (typeof found === "string") look.tell(line.number, found);
    else yield { place: { file: file.name, line: line.number }, ...found };
  }
}

function unreadable(line: LongLine | ReadFailure): UnreadableCode {
  return line.kind === "fault" ? line.code : "line_too_long";
}

function compileQuery(wanted: Query): (summary: RecordSummary) => boolean {
  const { sinceMs, untilMs, tool, signer, outcome, code } = wanted;
  const matchesTool = tool === undefined ? undefined : compilePatterns([tool]);
  return (summary) => {
    const { tsMs, counts } = summary;
    if (sinceMs !== undefined && !(tsMs !== undefined && tsMs >= sinceMs)) return false;
    if (untilMs !== undefined && !(tsMs !== undefined && tsMs < untilMs)) return false;
    if (matchesTool !== undefined && !(summary.tool !== undefined && matchesTool(summary.tool))) return false;
    if (outcome !== undefined && summary.outcome !== outcome) return false;
    if (counts.length > 0) return matchesCounts(summary, signer, code);
    if (signer !== undefined && summary.signer !== signer && summary.signerKey !== signer) return false;
    return code === undefined || summary.code === code;
  };
}

/** A record that counts refusals matches when one of its counts does. */
function matchesCounts(
  { counts }: RecordSummary,
  signer: string | undefined,
  code: string | undefined,
): boolean {
  return counts.some(
    (count) =>
      (signer === undefined || count.signer === signer) && (code === undefined || count.code === code),
  );
}
