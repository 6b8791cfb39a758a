import { parseTime } from "../../lib/time.js";

const NAME = /^(\d{4}-\d{2}-\d{2})\.jsonl(\.gz)?$/;

/** A file of a log: the records written on a day. */
export interface DayFile {
  readonly name: string;
  /** `YYYY-MM-DD`, in UTC. Days sort as their texts do. */
  readonly day: string;
  readonly compressed: boolean;
}

/** What the listing of a log's directory says. */
export interface DayListing {
  /** The log's files, oldest first. Of a day that is there twice only the plain file. */
  readonly days: readonly DayFile[];
  /** Compressed files beside a plain one of the same day: what a crash while compressing leaves. */
  readonly doubles: readonly DayFile[];
  /** Files that other readers take for a part of the chain, and whose names are no days. */
  readonly strangers: readonly string[];
}

/** Sorts out which files of a directory are a log's. Other readers take every `.jsonl` in the order of names. */
export function listDayFiles(names: readonly string[]): DayListing {
  const days: DayFile[] = [];
  const doubles: DayFile[] = [];
  const strangers: string[] = [];
  // A plain file sorts before the compressed one of its day.
  for (const name of [...names].sort()) {
    const file = readDayName(name);
    if (file === undefined) {
      if (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) strangers.push(name);
    } else if (days.at(-1)?.day === file.day) {
      doubles.push(file);
    } else {
      days.push(file);
    }
  }
  return { days, doubles, strangers };
}

/** Reads the name of a day's file; `undefined` when it is none, or the day is not in the calendar. */
export function readDayName(name: string): DayFile | undefined {
  const [, day, gz] = NAME.exec(name) ?? [];
  if (day === undefined || dayStartMs(day) === undefined) return undefined;
  return { name, day, compressed: gz !== undefined };
}

/** Name of the file that holds a day's records. */
export function dayFileName(day: string): string {
  return `${day}.jsonl`;
}

/** When a day begins, in milliseconds since the Unix epoch. */
export function dayStartMs(day: string): number | undefined {
  return parseTime(`${day}T00:00:00Z`);
}
