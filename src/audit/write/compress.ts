import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

import { AuditLogError } from "../../errors.js";
import { listDayFiles } from "../read/day-files.js";
import { writeFault } from "../faults.js";
import { syncDirectory } from "../file-system.js";
import type { FileState, FileSystem } from "../file-system.js";
import type { KernelLocks } from "../../lib/kernel-locks.js";
import { LogLock } from "./log-lock.js";

/** Runs work while nobody else writes to the log. */
type Locked = <T>(work: () => Promise<T>) => Promise<T>;

const PART = ".gz.part";

/** Held while days are compressed: two at once would each take the other's work for its own. */
const COMPRESS_LOCK = "compress.lock";

/**
 * Compresses the files of all days but the newest. A file is removed once its compressed form is on disk and was read back; a
 * crash leaves one of them, or both.
 *
 * @returns names of the files that were made.
 */
export async function compressDays(
  dir: string,
  files: FileSystem,
  locks: KernelLocks,
  locked: Locked,
): Promise<string[]> {
  const alone = await LogLock.open(join(dir, COMPRESS_LOCK), files, locks);
  try {
    if (!alone.tryAcquire()) {
      throw new AuditLogError(
        "audit_busy",
        `another process compresses the days of ${dir}; wait until it is through`,
      );
    }
    return await compressAlone(dir, files, locked);
  } finally {
    // Closing it unlocks it.
    await alone.close();
  }
}

async function compressAlone(dir: string, files: FileSystem, locked: Locked): Promise<string[]> {
  // What a crash left. Nobody else is at it.
  for (const name of await files.list(dir)) if (name.endsWith(PART)) await files.unlink(join(dir, name));
  for (const { name } of listDayFiles(await files.list(dir)).doubles) {
    await removeDouble(dir, files, name, locked);
  }
  const { days } = listDayFiles(await files.list(dir));
  const made: string[] = [];
  for (const { name, compressed } of days.slice(0, -1)) {
    if (compressed) continue;
    const path = join(dir, name);
    const part = `${path}.${randomBytes(8).toString("hex")}${PART}`;
    const before = files.stateOf(path);
    try {
      await pipeline(
        createReadStream(path),
        createGzip(),
        createWriteStream(part, { flags: "wx", mode: 0o600 }),
      );
      await syncFile(part);
      if ((await digestOf(part, true)) !== (await digestOf(path, false))) throw changed(name);
      await locked(async () => {
        // The released CLI files by the receipts' dates: it may have written to this day meanwhile. No more than a look:
        // while the lock is held, nobody can append.
        if (!isSameState(before, files.stateOf(path))) throw changed(name);
        await files.rename(part, `${path}.gz`);
        await syncDirectory(dir, files);
        await files.unlink(path);
        await syncDirectory(dir, files);
      });
    } catch (cause) {
      await files.unlink(part).catch(() => undefined);
      throw writeFault(path, cause);
    }
    made.push(`${name}.gz`);
  }
  return made;
}

/** A crash left a day's two forms. The plain one is removed if both say the same. */
async function removeDouble(
  dir: string,
  files: FileSystem,
  compressedName: string,
  locked: Locked,
): Promise<void> {
  const path = join(dir, compressedName);
  const plain = path.slice(0, -".gz".length);
  const before = files.stateOf(plain);
  if ((await digestOf(path, true)) !== (await digestOf(plain, false))) throw changed(compressedName);
  await locked(async () => {
    if (!isSameState(before, files.stateOf(plain))) throw changed(compressedName);
    await files.unlink(plain);
    await syncDirectory(dir, files);
  });
}

function isSameState(before: FileState | undefined, now: FileState | undefined): boolean {
  return (
    before !== undefined &&
    now !== undefined &&
    before.ino === now.ino &&
    before.dev === now.dev &&
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs
  );
}

function changed(name: string): AuditLogError {
  return new AuditLogError(
    "audit_io",
    `${name} does not say what its other form says: both are kept, look at them`,
  );
}

async function digestOf(path: string, compressed: boolean): Promise<string> {
  const hash = createHash("sha256");
  const bytes = createReadStream(path);
  if (compressed) await pipeline(bytes, createGunzip(), hash);
  else await pipeline(bytes, hash);
  return hash.digest("hex");
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
