import { join } from "node:path";

import { AuditLogError } from "../../errors.js";
import { readFault } from "../faults.js";
import { systemCode } from "../file-system.js";
import type { FileSystem, OpenFile } from "../file-system.js";
import { JOURNAL_FOLDER, JOURNAL_SUFFIX, readJournal } from "./intent-journal.js";
import type { IntentPlace } from "./intent-journal.js";
import { lockOrNot } from "../write/kernel-lock.js";
import type { KernelLocks } from "../../lib/kernel-locks.js";
import { LogLock } from "../write/log-lock.js";
import { readRange } from "../write/tip.js";

/** What a process that is gone had let through and not ended. */
export interface GoneWriter {
  readonly open: ReadonlyMap<string, IntentPlace>;
  /** Gives up what is not in `rest`; the rest is left for whoever starts next. */
  release(rest: ReadonlyMap<string, IntentPlace>): Promise<void>;
}

/** Held by the process that ends what others left: whoever starts at the same time waits for it, and finds what it left. */
const RECOVERY_LOCK = "recovery.lock";

/** A process that ends many calls, or one that is stopped, may hold it. */
const RECOVERY_WAIT_MS = 10_000;

/** The journals of gone processes. Until they are released nobody else can take them. */
export interface GoneWriters {
  readonly writers: readonly GoneWriter[];
  /** Lets others have what is left. */
  release(): Promise<void>;
}

/**
 * Finds the journals of processes that are gone, and locks them. Those of living ones are locked by these, and left alone.
 *
 * @param locked - Has something done under the log's lock: a journal that is being begun is not locked yet.
 * @throws `AuditLogError`, as a rejection; `audit_busy` when another process is at it and does not come to an end.
 */
export async function takeGoneWriters(
  dir: string,
  files: FileSystem,
  locks: KernelLocks,
  locked: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<GoneWriters> {
  const folder = join(dir, JOURNAL_FOLDER);
  if (files.stateOf(folder)?.isDirectory !== true) return { writers: [], release: () => Promise.resolve() };
  const recovery = await LogLock.open(join(folder, RECOVERY_LOCK), files, locks);
  try {
    if (!(await recovery.acquireWithin(RECOVERY_WAIT_MS))) {
      throw new AuditLogError(
        "audit_busy",
        `another process has been ending calls that were left in ${dir} for ${RECOVERY_WAIT_MS} ms`,
      );
    }
    return {
      writers: await locked(() => takeJournals(folder, files, locks)),
      release: async () => {
        recovery.release();
        await recovery.close();
      },
    };
  } catch (error) {
    await recovery.close();
    throw error;
  }
}

async function takeJournals(folder: string, files: FileSystem, locks: KernelLocks): Promise<GoneWriter[]> {
  const gone: GoneWriter[] = [];
  for (const path of await listJournals(folder, files)) {
    const file = await openExisting(path, files);
    if (file === undefined) continue;
    if (!lockOrNot(locks, file.fd, path)) await file.close();
    else gone.push(await takeOver(path, file, files));
  }
  return gone;
}

/** The intents that living processes have let through and not ended. */
export async function listLiveIntents(
  dir: string,
  files: FileSystem,
  locks: KernelLocks,
): Promise<{ readonly live: ReadonlySet<string>; readonly gone: ReadonlySet<string> }> {
  const folder = join(dir, JOURNAL_FOLDER);
  const live = new Set<string>();
  const gone = new Set<string>();
  for (const path of await listJournals(folder, files)) {
    const file = await openExisting(path, files);
    if (file === undefined) continue;
    try {
      const into = isHeld(locks, file, path) ? live : gone;
      for (const id of (await readOpen(file)).keys()) into.add(id);
    } finally {
      await file.close();
    }
  }
  return { live, gone };
}

function isHeld(locks: KernelLocks, file: OpenFile, path: string): boolean {
  if (!lockOrNot(locks, file.fd, path)) return true;
  locks.unlock(file.fd);
  return false;
}

async function takeOver(path: string, file: OpenFile, files: FileSystem): Promise<GoneWriter> {
  return {
    open: await readOpen(file),
    release: async (rest) => {
      try {
        if (rest.size === 0) await files.unlink(path);
      } finally {
        // Closing it unlocks it.
        await file.close();
      }
    },
  };
}

async function readOpen(file: OpenFile): Promise<Map<string, IntentPlace>> {
  const { size } = await file.state();
  return readJournal((await readRange(file, 0, size)).toString("latin1"));
}

async function openExisting(path: string, files: FileSystem): Promise<OpenFile | undefined> {
  try {
    // An exclusive lock needs the right to write.
    return await files.open(path, "r+", 0o600);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw readFault(path, cause);
  }
}

/** What is no file, such as a link or a pipe, is no journal. */
async function listJournals(folder: string, files: FileSystem): Promise<string[]> {
  const names = await listFolder(folder, files);
  const paths = names.filter((name) => name.endsWith(JOURNAL_SUFFIX)).map((name) => join(folder, name));
  return paths.filter((path) => files.stateOf(path)?.isFile === true);
}

async function listFolder(folder: string, files: FileSystem): Promise<string[]> {
  try {
    return await files.list(folder);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw readFault(folder, cause);
  }
}
