import { createHash } from "node:crypto";
import { join } from "node:path";

import type { JsonRecord } from "../../lib/json.js";
import { formatTime } from "../../lib/time.js";
import { openFault, writeFault } from "../faults.js";
import { syncDirectory } from "../file-system.js";
import type { FileSystem, OpenFile } from "../file-system.js";
import { readRange } from "./tip.js";
import type { TornTail } from "./tip.js";

/** What was done about a torn line. */
export interface LogRepair {
  readonly file: string;
  /** Where the torn line began. */
  readonly offset: number;
  readonly bytes: number;
  /** SHA-256 of what was cut off, in hex. */
  readonly sha256: string;
  /** The file, beside the log's, in which it is kept. */
  readonly keptAs: string;
}

const PENDING = ".broken-pending";
const PENDING_NAME = /^(\d{4}-\d{2}-\d{2}\.jsonl)\.(\d+)\.broken-pending$/;
const COPY_BYTES = 1_048_576;

/**
 * Cuts a torn line off a log's newest file, after it was copied to a file beside it. Nothing else is ever cut. The copy has
 * its final name once the repair is on record: see {@link finishRepair}.
 *
 * @throws `AuditLogError`. What was torn is then still there, or in the copy, or in both.
 */
export async function cutTornTail(dir: string, files: FileSystem, torn: TornTail): Promise<LogRepair> {
  const path = join(dir, torn.file.name);
  const name = `${torn.file.name}.${torn.offset}${PENDING}`;
  const keptPath = join(dir, name);
  const file = await files.open(path, "r+", 0o600).catch((cause: unknown) => {
    throw openFault(path, cause);
  });
  try {
    const sha256 = await copyAside(file, torn, keptPath, files);
    await syncDirectory(dir, files);
    await file.truncate(torn.offset);
    await file.datasync();
    return { file: torn.file.name, offset: torn.offset, bytes: torn.bytes, sha256, keptAs: name };
  } catch (cause) {
    throw writeFault(path, cause);
  } finally {
    await file.close();
  }
}

/** Finds repairs whose line is cut, but that a crash kept from being put on record. */
export async function findPendingRepairs(
  dir: string,
  files: FileSystem,
  names: readonly string[],
): Promise<LogRepair[]> {
  const repairs: LogRepair[] = [];
  for (const name of names) {
    const [, day, offset] = PENDING_NAME.exec(name) ?? [];
    if (day === undefined || offset === undefined) continue;
    if (files.stateOf(join(dir, name))?.isFile !== true) continue;
    const file = await files.open(join(dir, name), "r", 0);
    try {
      const { size } = await file.state();
      const hash = createHash("sha256");
      for (let at = 0; at < size; at += COPY_BYTES) {
        hash.update(await readRange(file, at, Math.min(size, at + COPY_BYTES)));
      }
      repairs.push({
        file: day,
        offset: Number(offset),
        bytes: size,
        sha256: hash.digest("hex"),
        keptAs: name,
      });
    } finally {
      await file.close();
    }
  }
  return repairs;
}

/** Gives what was cut off its final name, which ends in `.broken`. @returns that name. */
export async function finishRepair(dir: string, files: FileSystem, repair: LogRepair): Promise<string> {
  const name = freeName(dir, files, repair);
  await files.rename(join(dir, repair.keptAs), join(dir, name));
  await syncDirectory(dir, files);
  return name;
}

/** The record of a repair. It names the file under its final name. */
export function repairRecord(
  dir: string,
  files: FileSystem,
  repair: LogRepair,
  nowMs: number,
): JsonRecord & { type: string; ts: string } {
  const { file, offset, bytes, sha256 } = repair;
  const kept_as = freeName(dir, files, repair);
  return {
    type: "log_repair",
    ts: formatTime(nowMs),
    file,
    offset,
    bytes,
    sha256: `sha256:${sha256}`,
    kept_as,
  };
}

function freeName(dir: string, files: FileSystem, { keptAs }: LogRepair): string {
  const stem = keptAs.slice(0, -PENDING.length);
  let name = `${stem}.broken`;
  for (let copy = 2; files.stateOf(join(dir, name)) !== undefined; copy++) name = `${stem}.${copy}.broken`;
  return name;
}

async function copyAside(
  file: OpenFile,
  torn: TornTail,
  keptPath: string,
  files: FileSystem,
): Promise<string> {
  const hash = createHash("sha256");
  const kept = await files.open(keptPath, "w", 0o600);
  try {
    const end = torn.offset + torn.bytes;
    for (let at = torn.offset; at < end; at += COPY_BYTES) {
      const bytes = await readRange(file, at, Math.min(end, at + COPY_BYTES));
      hash.update(bytes);
      await writeAll(kept, bytes, keptPath);
    }
    await kept.sync();
  } finally {
    await kept.close();
  }
  return hash.digest("hex");
}

async function writeAll(file: OpenFile, bytes: Uint8Array, path: string): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await file.write(bytes.subarray(at));
    if (written === 0)
      throw writeFault(path, Object.assign(new Error("nothing was written"), { code: "ENOSPC" }));
    at += written;
  }
}
