import { join, resolve } from "node:path";

import type { Sha256Text } from "../crypto/digest.js";
import { canonicalBytes } from "../crypto/canonical-json.js";
import { AuditLogError } from "../errors.js";
import { findAbandoned } from "./intents/abandoned.js";
import type { Abandoned } from "./intents/abandoned.js";
import { appendableText, requireFitting } from "./write/appendable.js";
import type { TypedRecord } from "./write/appendable.js";
import type { RecordFile } from "./read/byte-source.js";
import type { BundleManifest } from "./bundle/manifest.js";
import { writeBundle } from "./bundle/write-bundle.js";
import type { BundleOptions } from "./bundle/write-bundle.js";
import { compressDays } from "./write/compress.js";
import { takeGoneWriters, listLiveIntents } from "./intents/gone-writers.js";
import type { IntentNote } from "./write/commit-queue.js";
import { nodeFileSystem } from "./file-system.js";
import type { FileSystem } from "./file-system.js";
import { listRecordFiles } from "./read/list-files.js";
import { openLogWriter } from "./write/open-writer.js";
import type { LogWriter } from "./write/open-writer.js";
import { checkAuditOptions, checkDirectory } from "./options.js";
import type { AuditLogOptions, CheckedAuditOptions } from "./options.js";
import type { AuditEntry, QueryOptions } from "./read/query.js";
import { query } from "./read/query.js";
import { loadKernelLocks } from "../lib/kernel-locks.js";
import type { AuditSink } from "./sink.js";
import { listUnfinished } from "./intents/unfinished.js";
import type { UnfinishedIntent } from "./intents/unfinished.js";
import type { AuditReport } from "./verify/report.js";
import { verifyAudit } from "./verify/verify-audit.js";
import type { VerifyAuditOptions } from "./verify/verify-audit.js";

/** A batch takes a hundredth of that. */
const HELD_UP_MS = 5000;

/** Where an appended record is. */
export interface AppendedRecord {
  /** Name of the day's file. */
  readonly file: string;
  readonly prevHash: Sha256Text;
  readonly recordHash: Sha256Text;
}

/** The state of a log, for an operator or a health endpoint. */
export interface AuditHealth {
  /** Whether what is appended is taken. */
  readonly ok: boolean;
  readonly state: "open" | "stopped" | "closed" | "read_only";
  /** Why it is stopped, in one sentence; absent when it is not. */
  readonly problem?: string;
  readonly code?: string;
  /** Hash of the newest record, as far as this process knows. */
  readonly tip?: Sha256Text;
  /** The file that is written. */
  readonly file?: string;
  /** Records that this process appended. */
  readonly appended: number;
  /** How often it wrote: at most times many records together. */
  readonly commits: number;
  /** Records that wait to be written. */
  readonly waiting: number;
}

/**
 * A log of receipts, each chained to the one before by its hash: a directory of files, one for each day, that other
 * implementations read as well (wire format, section 11). What was appended is on disk, and cannot be changed
 * without breaking the chain.
 *
 * Any number of processes of one machine can append to one log. What is wrong with the records in it is found by
 * {@link AuditLog.verify}; opening and appending look at the newest one alone.
 */
export class AuditLog implements AuditSink, AsyncDisposable {
  /** The log's directory: its absolute path, or where that led when the log was opened to be written to. */
  readonly dir: string;
  readonly #options: CheckedAuditOptions;
  readonly #files: FileSystem;
  readonly #writer: LogWriter | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    dir: string,
    options: CheckedAuditOptions,
    files: FileSystem,
    writer: LogWriter | undefined,
  ) {
    this.dir = dir;
    this.#options = options;
    this.#files = files;
    this.#writer = writer;
  }

  /**
   * Opens a log, makes its directory if it is not there, and repairs a line that was torn when its writer died: that is set
   * aside in a file that ends in `.broken`, and put on record. A log that another implementation wrote is continued.
   *
   * @param dir - The directory that holds the day's files: `SIGNET_HOME/audit`, not `SIGNET_HOME`.
   * @throws `OptionError`; `DependencyError` when `fs-native-extensions` does not load, which only appending needs;
   * `AuditLogError`: `audit_not_found` (for reading), `audit_not_writable`, `audit_unreadable`, `audit_full`,
   * `audit_corrupt` when the newest record is not what it should be.
   *
   * @example
   * ```ts
   * import { AuditLog } from "signet-mcp/audit";
   *
   * const log = await AuditLog.open("./audit");
   * await log.append(receipt);
   * const report = await log.verify({ registry: "config/registry.yaml" });
   * ```
   */
  static async open(dir: string, options: AuditLogOptions = {}): Promise<AuditLog> {
    return AuditLog.openWith(nodeFileSystem, dir, options);
  }

  /** The same on another file system. For tests: what that loses is lost. @internal */
  static async openWith(files: FileSystem, dir: string, options: AuditLogOptions = {}): Promise<AuditLog> {
    const path = resolve(checkDirectory(dir));
    const checked = checkAuditOptions(options);
    if (checked.readOnly) {
      await listRecordFiles(path);
      return new AuditLog(path, checked, files, undefined);
    }
    const writer = await openLogWriter(path, files, await loadKernelLocks("an audit log"), checked);
    return new AuditLog(writer.dir, checked, files, writer);
  }

  /**
   * Appends a receipt of any version, or a record with a `type` and a `ts`. Whether its signature holds is not looked at.
   *
   * @returns where it is, once it is durable. Records that are appended at the same time share the time that takes.
   * @throws as a rejection, `AuditLogError`: `record_invalid`, `record_too_large`; `audit_full`, `audit_not_writable`: it
   * was not written, and appending goes on once the cause is gone; `audit_io`, `audit_lock_lost`, `audit_corrupt`: it may have been
   * written, and nothing is appended until the log is opened again; `audit_closed`, `audit_read_only`.
   */
  async append(receipt: unknown): Promise<AppendedRecord> {
    return this.appendText(appendableText(receipt));
  }

  /**
   * Appends what is canonical JSON already, without a look at what it says.
   *
   * @param text - Of a receipt or a record with a `type`, as UTF-8. Not to be written to until this has settled.
   * @internal
   */
  async appendText(text: Uint8Array, note?: IntentNote): Promise<AppendedRecord> {
    requireFitting(text);
    const { file, prevHash, recordHash } = await this.#writing().queue.append(text, note);
    return { file, prevHash, recordHash };
  }

  /**
   * Appends a record of the package's own, unless the log takes none.
   *
   * @internal
   */
  async appendTyped(record: TypedRecord, note?: IntentNote): Promise<AppendedRecord | undefined> {
    return this.#options.typedRecords ? this.appendText(canonicalBytes(record), note) : undefined;
  }

  /** Finds records, oldest or newest first, while they are read. See {@link QueryOptions}. */
  query(options: QueryOptions = {}): AsyncIterable<AuditEntry> {
    return query(this.dir, { clock: this.#options.clock, ...options });
  }

  /** Verifies the whole log: its chain, and all signatures. See {@link VerifyAuditOptions}. */
  verify(options: VerifyAuditOptions = {}): Promise<AuditReport> {
    return verifyAudit(this.dir, options);
  }

  /** Lists the calls of which the log does not say how they ended. Reads all of it. */
  async unfinished(): Promise<readonly UnfinishedIntent[]> {
    const owners =
      this.#writer === undefined
        ? { live: new Set<string>(), gone: new Set<string>() }
        : await listLiveIntents(this.dir, this.#files, this.#writer.locks);
    return listUnfinished(await this.#recordFiles(), owners);
  }

  /**
   * Takes what processes that are gone had let through and not ended.
   *
   * @internal
   */
  async takeAbandoned(): Promise<Abandoned> {
    const { queue, locks } = this.#writing();
    const gone = await takeGoneWriters(this.dir, this.#files, locks, (work) => queue.locked(work));
    try {
      return await findAbandoned(gone, await this.#recordFiles());
    } catch (error) {
      for (const writer of gone.writers) await writer.release(writer.open);
      await gone.release();
      throw error;
    }
  }

  /**
   * Compresses the files of all days but the newest to `.jsonl.gz`, which this package reads in place and the released CLI
   * does not: to it a log begins after its compressed days.
   *
   * @returns names of the files that were compressed.
   */
  async compress(): Promise<readonly string[]> {
    const { queue, locks } = this.#writing();
    return compressDays(this.dir, this.#files, locks, (work) => queue.locked(work));
  }

  /**
   * Writes a stretch of the log as an evidence bundle, which an auditor can verify elsewhere: with `restoreBundle`, with the released CLI, or
   * with nothing of Signet's at all.
   *
   * @param target - A directory that is not there, or empty.
   * @throws `AuditLogError`: `bundle_exists`, `bundle_empty`, `audit_unreadable`, `audit_not_writable`, `audit_full`, `audit_io`;
   * `OptionError`; `TrustRegistryError` for a registry file that does not hold.
   */
  async bundle(target: string, options: BundleOptions = {}): Promise<BundleManifest> {
    return writeBundle(await this.#recordFiles(), target, options, this.#options.clock);
  }

  health(): AuditHealth {
    const writer = this.#writer;
    if (writer === undefined) return { ok: true, state: "read_only", appended: 0, commits: 0, waiting: 0 };
    const { queue } = writer;
    const { fault, waitedMs } = queue;
    const tip = writer.tip();
    const state = this.#closing !== undefined ? "closed" : fault === undefined ? "open" : "stopped";
    const isHeldUp = waitedMs > HELD_UP_MS;
    return {
      ok: state === "open" && !isHeldUp,
      state,
      ...(isHeldUp
        ? { problem: `another process has held the log's lock for ${Math.round(waitedMs)} ms` }
        : {}),
      ...(fault === undefined ? {} : { problem: fault.message, code: fault.code }),
      ...(tip === undefined ? {} : { tip: tip.hash }),
      ...(tip?.day === undefined ? {} : { file: tip.day.name }),
      ...queue.counts,
    };
  }

  /** Appends what was taken, and lets go of the files. What is appended later is refused. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#writer?.close() ?? Promise.resolve();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #writing(): LogWriter {
    if (this.#closing !== undefined) throw new AuditLogError("audit_closed", "the audit log is closed");
    if (this.#writer !== undefined) return this.#writer;
    throw new AuditLogError("audit_read_only", "the audit log was opened for reading only");
  }

  async #recordFiles(): Promise<readonly RecordFile[]> {
    const { days } = await listRecordFiles(this.dir);
    return days.map(({ name, compressed }) => ({ path: join(this.dir, name), name, compressed }));
  }
}
