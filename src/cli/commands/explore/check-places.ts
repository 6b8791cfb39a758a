import { join } from "node:path";
import type { AuditPlace } from "../../../errors.js";
import { isBlankLine } from "../../../audit/read/blank-line.js";
import type { RecordFile } from "../../../audit/read/byte-source.js";
import { listRecordFiles } from "../../../audit/read/list-files.js";
import { readLines } from "../../../audit/read/read-lines.js";
import type { Line } from "../../../audit/read/read-lines.js";
import { readLinesBackward } from "../../../audit/read/read-lines-backward.js";
import { checkLine } from "../../../audit/verify/check-line.js";
import type { LineCheck } from "../../../audit/verify/check-line.js";
import type { ReceiptChecker } from "../../../audit/verify/check-receipt.js";
import type { OpenLog } from "./open-log.js";

/** A record's neighbour in the chain: what came of checking it, that there is none, or that its line is no whole one. */
export type Neighbour = LineCheck | "none" | "unreadable";

/** A record, checked, between its neighbours. */
export interface CheckedPlace {
  readonly line: LineCheck;
  readonly before: Neighbour;
  readonly after: Neighbour;
}

/** What identifies a place: a day keeps its lines when its file is compressed. */
export function placeKey({ file, line }: AuditPlace): string {
  return `${file.replace(/\.gz$/, "")}:${line}`;
}

/**
 * Checks the records at some places of a log, each with the one before and the one after it, over the ends of days too. Days
 * in which none of them is are not read through.
 *
 * @returns by {@link placeKey}. A record that is not there any more is missing.
 */
export async function checkPlaces(
  { dir, receipts }: OpenLog,
  places: readonly AuditPlace[],
): Promise<ReadonlyMap<string, CheckedPlace>> {
  const { days } = await listRecordFiles(dir);
  const files = days.map(({ name, compressed }) => ({ path: join(dir, name), name, compressed }));
  const wanted = new Set(places.map(placeKey));
  const wantedFiles = new Set(places.map(({ file }) => file.replace(/\.gz$/, "")));
  const found = new Map<string, CheckedPlace>();
  for (const [at, file] of files.entries()) {
    if (!wantedFiles.has(file.name.replace(/\.gz$/, ""))) continue;
    await checkFile(files, at, wanted, receipts, found);
  }
  return found;
}

async function checkFile(
  files: readonly RecordFile[],
  at: number,
  wanted: ReadonlySet<string>,
  receipts: ReceiptChecker,
  found: Map<string, CheckedPlace>,
): Promise<void> {
  const file = files[at];
  if (file === undefined) return;
  const isNewest = at === files.length - 1;
  let before: Line | undefined;
  let waiting: { readonly key: string; readonly place: Omit<CheckedPlace, "after"> } | undefined;
  let last: { readonly line: Line; readonly check: Neighbour } | undefined;
  const check = (line: Line): Neighbour => {
    if (last?.line !== line) last = { line, check: checkWhole(line, isNewest, receipts) };
    return last.check;
  };
  for await (const line of readLines(file)) {
    if (line.kind === "line" && isBlankLine(line.bytes)) continue;
    const key = placeKey({ file: file.name, line: line.number });
    const isWanted = wanted.has(key);
    if (waiting !== undefined) found.set(waiting.key, { ...waiting.place, after: check(line) });
    waiting = undefined;
    if (isWanted) {
      const beforeIt = before === undefined ? await lastOf(files.slice(0, at), receipts) : check(before);
      const own = check(line);
      if (typeof own !== "string") waiting = { key, place: { line: own, before: beforeIt } };
    }
    before = line;
  }
  if (waiting !== undefined)
    found.set(waiting.key, { ...waiting.place, after: await firstOf(files.slice(at + 1), receipts) });
}

function checkWhole(line: Line, isNewest: boolean, receipts: ReceiptChecker): Neighbour {
  if (line.kind !== "line") return "unreadable";
  // The newest file's last line may be at work: then it is none yet.
  if (!line.terminated) return isNewest ? "none" : "unreadable";
  return checkLine(line.bytes, receipts);
}

async function lastOf(files: readonly RecordFile[], receipts: ReceiptChecker): Promise<Neighbour> {
  for (const file of files.toReversed()) {
    const select = (bytes: Buffer, terminated: boolean): Neighbour | undefined => {
      if (isBlankLine(bytes)) return undefined;
      return terminated ? checkLine(bytes, receipts) : "unreadable";
    };
    for await (const line of readLinesBackward(file, select))
      return line.kind === "selected" ? line.value : "unreadable";
  }
  return "none";
}

async function firstOf(files: readonly RecordFile[], receipts: ReceiptChecker): Promise<Neighbour> {
  for (const [at, file] of files.entries()) {
    for await (const line of readLines(file)) {
      if (line.kind === "line" && isBlankLine(line.bytes)) continue;
      return checkWhole(line, at === files.length - 1, receipts);
    }
  }
  return "none";
}
