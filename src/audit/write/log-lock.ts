import { AuditLogError } from "../../errors.js";
import { delay } from "../../lib/delay.js";
import { openFault } from "../faults.js";
import type { FileState, FileSystem, OpenFile } from "../file-system.js";
import { lockOrNot } from "./kernel-lock.js";
import type { KernelLocks } from "../../lib/kernel-locks.js";

/** Other writers of the log hold this file while they write. Nobody deletes it. */
export const LOCK_FILE = "log.lock";

/** At first the holder is through in no time; a holder that is stopped is asked for rarely. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 16;

/** A lock that one process holds at a time, such as that of a log: whoever has it is the only writer, whatever day it is. */
export class LogLock {
  readonly #path: string;
  readonly #files: FileSystem;
  readonly #locks: KernelLocks;
  readonly #file: OpenFile;
  readonly #state: FileState;

  private constructor(path: string, files: FileSystem, locks: KernelLocks, file: OpenFile, state: FileState) {
    this.#path = path;
    this.#files = files;
    this.#locks = locks;
    this.#file = file;
    this.#state = state;
  }

  /** @param path - Of the lock's file, which is made if it is not there. */
  static async open(path: string, files: FileSystem, locks: KernelLocks): Promise<LogLock> {
    const file = await files.open(path, "a", 0o600).catch((cause: unknown) => {
      throw openFault(path, cause);
    });
    return new LogLock(path, files, locks, file, await file.state());
  }

  /**
   * Waits until this holds the lock. Nobody's lock is ever taken away: while a holder is stopped, this waits.
   *
   * @throws `AuditLogError` `audit_lock_lost` when the file is not the one that was opened any more: another process may
   * hold the new one. `audit_closed` when `signal` is aborted.
   */
  async acquire(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.tryAcquire()) {
      if (!(await delay(waitMs, signal))) throw new AuditLogError("audit_closed", "the audit log is closed");
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
    const now = this.#files.stateOf(this.#path);
    if (now?.ino === this.#state.ino && now.dev === this.#state.dev) return;
    this.release();
    throw new AuditLogError(
      "audit_lock_lost",
      `${this.#path} was ${now === undefined ? "removed" : "replaced"}: another process may write to the log now; ` +
        "stop all that write to it and start them again",
    );
  }

  /** Takes the lock if nobody has it. */
  tryAcquire(): boolean {
    return lockOrNot(this.#locks, this.#file.fd, this.#path);
  }

  /** Waits for the lock, so long at the most. @returns whether this holds it. */
  async acquireWithin(ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!this.tryAcquire()) {
      if (performance.now() > deadline) return false;
      await delay(LONGEST_WAIT_MS);
    }
    return true;
  }

  release(): void {
    this.#locks.unlock(this.#file.fd);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
