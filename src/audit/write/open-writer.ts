import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

import { canonicalBytes } from "../../crypto/canonical-json.js";
import { AuditLogError } from "../../errors.js";
import { formatTime } from "../../lib/time.js";
import type { AuditEvent } from "../events.js";
import { ChainWriter } from "./chain-writer.js";
import { CommitQueue } from "./commit-queue.js";
import { openFault } from "../faults.js";
import { syncDirectory } from "../file-system.js";
import type { FileSystem } from "../file-system.js";
import { IntentJournal } from "../intents/intent-journal.js";
import type { KernelLocks } from "../../lib/kernel-locks.js";
import { homeGiven } from "../read/list-files.js";
import { LOCK_FILE, LogLock } from "./log-lock.js";
import type { CheckedAuditOptions } from "../options.js";
import { findPendingRepairs, finishRepair, repairRecord } from "./repair.js";
import type { Tip } from "./tip.js";

/** What a log writes with. */
export interface LogWriter {
  /** The directory's own path. */
  readonly dir: string;
  readonly queue: CommitQueue;
  readonly locks: KernelLocks;
  readonly tip: () => Tip | undefined;
  close(): Promise<void>;
}

/** Opens a log's directory to be written to, finds its end, and repairs a torn line there. */
export async function openLogWriter(
  path: string,
  files: FileSystem,
  locks: KernelLocks,
  options: CheckedAuditOptions,
): Promise<LogWriter> {
  const dir = await makeDirectory(path, files);
  const lock = await LogLock.open(join(dir, LOCK_FILE), files, locks);
  const clock = soundClock(options.clock);
  const writer = new ChainWriter(dir, files, clock);
  const journal = new IntentJournal(dir, files, locks);
  const tell = (event: AuditEvent): void => {
    try {
      const told: unknown = options.onEvent(event);
      if (told instanceof Promise) told.catch(() => undefined);
    } catch {
      // A listener changes nothing.
    }
  };
  const close = async (): Promise<void> => {
    await queue.close();
    await journal.close();
    await writer.close();
    await lock.close();
  };
  const queue = new CommitQueue({
    lock,
    writer,
    journal,
    durable: options.durable,
    recordOf: (repair) =>
      options.typedRecords ? canonicalBytes(repairRecord(dir, files, repair, clock())) : undefined,
    finish: async (repair) => {
      const keptAs = await finishRepair(dir, files, repair);
      tell({ type: "repaired", repair: { ...repair, keptAs } });
    },
    onFault: (error, lasting) => {
      tell({ type: "stopped", error, lasting });
    },
    onResumed: () => {
      tell({ type: "resumed" });
    },
  });
  try {
    await queue.settle(async () => findPendingRepairs(dir, files, await files.list(dir)));
  } catch (error) {
    await close();
    throw error;
  }
  return { dir, queue, locks, tip: () => writer.tip, close };
}

/** A clock that tells a time, or says that it does not: what is dated by nothing is not written. */
function soundClock(clock: () => number): () => number {
  return () => {
    let now: number | undefined;
    try {
      now = clock();
      // Throws for what has no form in RFC 3339.
      formatTime(now);
      return now;
    } catch (cause) {
      throw new AuditLogError("audit_clock", `the log's clock gives ${String(now)}, which is no time`, {
        cause,
      });
    }
  };
}

/** @returns the directory's own path: a link to it may be made to lead elsewhere while it is written to. */
async function makeDirectory(path: string, files: FileSystem): Promise<string> {
  try {
    const made = await files.makeDirectory(path, 0o700);
    const dir = await realpath(path);
    if (made !== undefined) await syncDirectory(dirname(made), files);
    const names = await files.list(dir);
    if (names.includes("audit") && names.includes("keys")) throw homeGiven(dir);
    return dir;
  } catch (cause) {
    throw openFault(path, cause);
  }
}
