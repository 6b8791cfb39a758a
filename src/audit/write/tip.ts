import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createGunzip } from "node:zlib";

import { canonicalBytes } from "../../crypto/canonical-json.js";
import { isSha256Text } from "../../crypto/digest.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { AuditLogError, CanonicalJsonError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import { isBlankLine } from "../read/blank-line.js";
import type { DayFile } from "../read/day-files.js";
import { readFault } from "../faults.js";
import type { FileSystem, OpenFile } from "../file-system.js";
import { recordHash } from "../record/record-hash.js";
import { GENESIS_HASH, MAX_LINE_BYTES, RECORD_LEVELS } from "../record/types.js";

/** Where a log ends, and what the next record is chained to. */
export interface Tip {
  /** `record_hash` of the newest record. */
  readonly hash: Sha256Text;
  /** The newest file, be it empty; `undefined` in an empty directory. */
  readonly day: DayFile | undefined;
  /** Bytes of that file, without a torn line at its end. */
  readonly size: number;
}

/** A line that was being written when its writer died: it has no end. */
export interface TornTail {
  readonly file: DayFile;
  readonly offset: number;
  readonly bytes: number;
}

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

/**
 * Finds the end of a log: reads the last line of its newest file that has any, and no other.
 *
 * @throws `AuditLogError` `audit_corrupt` when that line is no record, or its hash is another; `audit_unreadable`.
 */
export async function readTip(
  dir: string,
  files: FileSystem,
  days: readonly DayFile[],
): Promise<{ readonly tip: Tip; readonly torn: TornTail | undefined }> {
  const newest = days.at(-1);
  let torn: TornTail | undefined;
  let size = 0;
  for (const day of days.toReversed()) {
    const end = await readEnd(dir, files, day);
    if (day === newest) size = end.size;
    torn ??= end.torn;
    if (end.hash !== undefined) return { tip: { hash: end.hash, day: newest, size }, torn };
  }
  return { tip: { hash: GENESIS_HASH, day: newest, size }, torn };
}

interface FileEnd {
  /** Hash of the last whole record; `undefined` when there is none. */
  readonly hash: Sha256Text | undefined;
  readonly size: number;
  readonly torn: TornTail | undefined;
}

async function readEnd(dir: string, files: FileSystem, day: DayFile): Promise<FileEnd> {
  const path = join(dir, day.name);
  try {
    if (day.compressed) return await readCompressedEnd(path, day);
    const file = await files.open(path, "r", 0);
    try {
      return await readPlainEnd(file, day);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readFault(path, cause);
  }
}

async function readPlainEnd(file: OpenFile, day: DayFile): Promise<FileEnd> {
  const { size } = await file.state();
  let end = size;
  let torn: TornTail | undefined;
  if (size > 0 && (await readByte(file, size - 1)) !== NEWLINE) {
    const offset = (await lastNewline(file, size)) + 1;
    torn = { file: day, offset, bytes: size - offset };
    end = offset;
  }
  const whole = end;
  for (;;) {
    if (end === 0) return { hash: undefined, size: whole, torn };
    const start = (await lastNewline(file, end - 1)) + 1;
    if (end - 1 - start > MAX_LINE_BYTES)
      throw corrupt(day, await lineAt(file, start), "is too long to be a record");
    const line = await readRange(file, start, end - 1);
    if (!isBlankLine(line)) {
      const hash = hashOf(line);
      if (hash === undefined) {
        throw corrupt(day, await lineAt(file, start), "is no record, or its record_hash is not its hash");
      }
      return { hash, size: whole, torn };
    }
    end = start;
  }
}

async function readCompressedEnd(path: string, day: DayFile): Promise<FileEnd> {
  let rest: Buffer = Buffer.alloc(0);
  let last: Buffer | undefined;
  let line = 0;
  for await (const chunk of createReadStream(path).pipe(createGunzip())) {
    const bytes: Buffer = chunk;
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      const whole = Buffer.concat([rest, bytes.subarray(from, at)]);
      line += 1;
      if (!isBlankLine(whole)) last = whole;
      rest = Buffer.alloc(0);
      from = at + 1;
    }
    rest = Buffer.concat([rest, bytes.subarray(from)]);
    if (rest.length > MAX_LINE_BYTES) throw corrupt(day, line + 1, "is too long to be a record");
  }
  if (last === undefined) return { hash: undefined, size: 0, torn: undefined };
  const hash = rest.length === 0 ? hashOf(last) : undefined;
  if (hash === undefined) throw corrupt(day, line, "is no record, or its record_hash is not its hash");
  return { hash, size: 0, torn: undefined };
}

/** The hash that a line states, if it is a record and that is its hash. */
function hashOf(line: Buffer): Sha256Text | undefined {
  try {
    const record: unknown = JSON.parse(line.toString());
    if (!isPlainObject(record)) return undefined;
    const prev = ownValue(record, "prev_hash");
    const stated = ownValue(record, "record_hash");
    if (!isSha256Text(prev) || !isSha256Text(stated)) return undefined;
    const text = canonicalBytes(ownValue(record, "receipt"), { maxDepth: RECORD_LEVELS });
    return recordHash(text, prev) === stated ? stated : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}

/** Where the last newline before `end` is; -1 when there is none. */
async function lastNewline(file: OpenFile, end: number): Promise<number> {
  for (let to = end; to > 0;) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const found = (await readRange(file, from, to)).lastIndexOf(NEWLINE);
    if (found >= 0) return from + found;
    to = from;
  }
  return -1;
}

/** The number of the line that begins at an offset. Reads all before it: for error messages alone. */
async function lineAt(file: OpenFile, offset: number): Promise<number> {
  let line = 1;
  for (let from = 0; from < offset; from += CHUNK_BYTES) {
    const chunk = await readRange(file, from, Math.min(offset, from + CHUNK_BYTES));
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) line += 1;
  }
  return line;
}

async function readByte(file: OpenFile, at: number): Promise<number | undefined> {
  return (await readRange(file, at, at + 1))[0];
}

/** Reads bytes that are there. A file that became shorter meanwhile gives fewer. */
export async function readRange(file: OpenFile, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length), from + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function corrupt(day: DayFile, line: number, fault: string): AuditLogError {
  return new AuditLogError(
    "audit_corrupt",
    `${day.name}:${line} ${fault}: nothing can be chained to it; verify the log, keep it, and begin another directory`,
    { place: { file: day.name, line } },
  );
}
