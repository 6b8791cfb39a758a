import { join } from "node:path";

import { readFault } from "./faults.js";
import { systemCode } from "./file-system.js";
import type { FileSystem, OpenFile } from "./file-system.js";
import { JOURNAL_FOLDER, JOURNAL_SUFFIX, readJournal } from "./intent-journal.js";
import type { IntentPlace } from "./intent-journal.js";
import { lockOrNot } from "./kernel-lock.js";
import type { KernelLocks } from "./kernel-lock.js";
import { readRange } from "./tip.js";

/** What a process that is gone had let through and not ended. It is this process's to end, until `release`. */
export interface GoneWriter {
  readonly open: ReadonlyMap<string, IntentPlace>;
  /** Gives up what is not in `rest`; the rest is left for whoever starts next. */
  release(rest: ReadonlyMap<string, IntentPlace>): Promise<void>;
}

/**
 * Finds the journals of processes that are gone, and locks them. Those of living ones are locked by these, and left alone.
 * Has to be done while the log's lock is held: a journal that is being begun is not locked yet.
 */
export async function takeGoneWriters(
  dir: string,
  files: FileSystem,
  locks: KernelLocks,
): Promise<GoneWriter[]> {
  const folder = join(dir, JOURNAL_FOLDER);
  const gone: GoneWriter[] = [];
  for (const name of await listFolder(folder, files)) {
    if (!name.endsWith(JOURNAL_SUFFIX)) continue;
    const path = join(folder, name);
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
  for (const name of await listFolder(folder, files)) {
    const path = join(folder, name);
    const file = name.endsWith(JOURNAL_SUFFIX) ? await openExisting(path, files) : undefined;
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

async function listFolder(folder: string, files: FileSystem): Promise<string[]> {
  try {
    return await files.list(folder);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw readFault(folder, cause);
  }
}
