import { join } from "node:path";
import { listRecordFiles } from "../../../audit/read/list-files.js";
import type { AuditEntry } from "../../../audit/read/query.js";
import { readLines } from "../../../audit/read/read-lines.js";
import { readRecord } from "../../../audit/read/read-record.js";
import { summariseRecord } from "../../../audit/record/record-summary.js";
import { placeKey } from "./check-places.js";

/** A partner is looked for in the day of the record, the one before and the one after: calls end within minutes. */
const DAYS_AROUND = 1;

/**
 * Finds the other records of the same call: of an intent how it ended, of an end its intent.
 *
 * @param loaded - Looked through first; only if none is there, the log is.
 */
export async function findPartners(
  dir: string,
  loaded: readonly AuditEntry[],
  entry: AuditEntry,
): Promise<readonly AuditEntry[]> {
  const intent = entry.summary.intentId ?? entry.summary.id;
  if (intent === undefined) return [];
  const own = placeKey(entry.place);
  const isPartner = (other: Pick<AuditEntry, "place" | "summary">): boolean =>
    (other.summary.intentId ?? other.summary.id) === intent && placeKey(other.place) !== own;
  const here = loaded.filter(isPartner);
  return here.length > 0 ? here : await lookThrough(dir, entry, intent, isPartner);
}

async function lookThrough(
  dir: string,
  entry: AuditEntry,
  intent: string,
  isPartner: (other: AuditEntry) => boolean,
): Promise<readonly AuditEntry[]> {
  const { days } = await listRecordFiles(dir);
  const at = days.findIndex(({ day }) => entry.place.file.startsWith(day));
  const found: AuditEntry[] = [];
  for (const { name, compressed } of days.slice(Math.max(0, at - DAYS_AROUND), at + DAYS_AROUND + 1)) {
    for await (const line of readLines({ path: join(dir, name), name, compressed })) {
      // Most lines need not be parsed.
      if (line.kind !== "line" || !line.terminated || !line.bytes.includes(intent)) continue;
      const record = readRecord(line.bytes);
      if (typeof record === "string") continue;
      const summary = summariseRecord(record.receipt);
      const other = { place: { file: name, line: line.number }, record, summary };
      if (isPartner(other)) found.push(other);
    }
  }
  return found;
}
