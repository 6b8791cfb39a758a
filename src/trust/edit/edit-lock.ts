import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { loadKernelLocks } from "../../lib/kernel-locks.js";
import { editFault } from "./edit-fault.js";
import type { Target } from "./target.js";

/** How long another edit may take. */
const PATIENCE_MS = 5000;
const LOOK_AGAIN_MS = 10;
/** What the system says of what is no file. */
const NO_FILE = ["ENOENT", "EISDIR", "ENOTDIR", "ELOOP"];

/**
 * Does work while no other edit of the same file is under way, in this process or in another: what both had read, one of them would
 * write over the other's.
 *
 * @throws `TrustRegistryError` `registry_edit_invalid` when another takes longer than 5 s; a system error when the file cannot be opened.
 */
export async function whileLocked<T>(target: Target, work: () => Promise<T>): Promise<T> {
  const locks = await loadKernelLocks("a change of a trust registry");
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const handle = await openToLock(target.source);
    // Reading says what is wrong with it.
    if (handle === undefined) return await work();
    try {
      // Once it is replaced, the lock of the file that was there says nothing of the one that is.
      if (locks.tryLock(handle.fd) && (await handle.stat()).ino === (await stat(target.source)).ino) {
        return await work();
      }
    } finally {
      // The kernel lets go of the lock with the descriptor.
      await handle.close();
    }
    if (performance.now() > until)
      throw editFault(target, "is being changed by another process; do it again");
    await setTimeout(LOOK_AGAIN_MS);
  }
}

async function openToLock(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r+");
  } catch (cause) {
    if (NO_FILE.includes(cause instanceof Error && "code" in cause ? String(cause.code) : ""))
      return undefined;
    throw cause;
  }
}
