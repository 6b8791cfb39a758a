import { AuditLogError } from "../../errors.js";
import type { AuditLogErrorCode } from "../../errors.js";
import { delay } from "../../lib/delay.js";
import type { ChainWriter, WrittenBatch, WrittenRecord } from "./chain-writer.js";
import type { IntentJournal, IntentPlace } from "../intents/intent-journal.js";
import type { LogLock } from "./log-lock.js";
import type { LogRepair } from "./repair.js";

/** What becomes of an intent with a record: it is let through, or it has its end. */
export interface IntentNote {
  readonly id: string;
  readonly event: "let_through" | "ended";
  /** By which whoever lets it through will know it again: 64 hex digits. */
  readonly tag?: string | undefined;
}

/** What a queue works with. */
export interface CommitParts {
  readonly lock: LogLock;
  readonly writer: ChainWriter;
  readonly journal: IntentJournal;
  /** Whether a record counts as written only when the disk has it. */
  readonly durable: boolean;
  /** The record to be written of a repair, if any. */
  readonly recordOf: (repair: LogRepair) => Uint8Array | undefined;
  readonly finish: (repair: LogRepair) => Promise<void>;
  readonly onFault: (fault: AuditLogError, lasting: boolean) => void;
  readonly onResumed: () => void;
}

interface Pending {
  readonly text: Uint8Array;
  readonly note: IntentNote | undefined;
  readonly resolve: (record: WrittenRecord) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_RECORDS = 1024;
const BATCH_BYTES = 4_194_304;

/** After these nothing was written, or it was taken back: once the cause is gone, the log goes on. */
const PASSING: readonly AuditLogErrorCode[] = [
  "audit_full",
  "audit_not_writable",
  "audit_unreadable",
  "audit_clock",
];

/** How long appending is refused after such a fault, before it is tried again. */
const PAUSE_MS = 1000;

/** How long `close` waits for what is queued. The lock may be held by a process that is stopped. */
const DRAIN_MS = 5000;

/**
 * Commits records in groups: what comes in while the disk is at work is written and made durable together, under one
 * hold of the log's lock.
 */
export class CommitQueue {
  readonly #parts: CommitParts;
  readonly #closing = new AbortController();
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #fault: { readonly error: AuditLogError; readonly lasting: boolean; readonly untilMs: number } | undefined;
  #pending: () => Promise<readonly LogRepair[]> = () => Promise.resolve([]);
  #repairs: LogRepair[] = [];
  /** Settles when whatever holds the lock, or waits for it, is through. */
  #turn: Promise<void> = Promise.resolve();
  #waitingSince: number | undefined;
  #closed = false;
  #appended = 0;
  #commits = 0;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  get fault(): AuditLogError | undefined {
    return this.#fault?.error;
  }

  get counts(): { readonly appended: number; readonly commits: number; readonly waiting: number } {
    return { appended: this.#appended, commits: this.#commits, waiting: this.#queue.length };
  }

  /**
   * Appends a record.
   *
   * @param text - Canonical JSON of its receipt, as UTF-8. It is not copied.
   * @returns where it is, once it is durable. Rejects with `AuditLogError`.
   */
  append(text: Uint8Array, note?: IntentNote): Promise<WrittenRecord> {
    if (this.#closed) return Promise.reject(closedError());
    const fault = this.#fault;
    if (fault !== undefined && (fault.lasting || performance.now() < fault.untilMs)) {
      return Promise.reject(stoppedError(fault.error));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ text, note, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * Finds the end of the log, and puts on record what was repaired there.
   *
   * @param pending - Finds repairs that were begun by others.
   */
  async settle(pending: () => Promise<readonly LogRepair[]>): Promise<void> {
    this.#pending = pending;
    await this.#commit([]);
  }

  /**
   * Has something done while nobody else writes to the log: no other process, and nothing else of this one, of which the
   * kernel's lock knows nothing.
   */
  locked<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.#holding(work));
    this.#turn = done.then(nothing, nothing);
    return done;
  }

  /** How long the lock has been waited for, in milliseconds; 0 when it is not. */
  get waitedMs(): number {
    return this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince;
  }

  async #holding<T>(work: () => Promise<T>): Promise<T> {
    const { lock } = this.#parts;
    this.#waitingSince = performance.now();
    try {
      await lock.acquire(this.#closing.signal);
    } finally {
      this.#waitingSince = undefined;
    }
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  /** Takes no more, and waits until all is written that was taken, for some seconds at the most. */
  async close(): Promise<void> {
    this.#closed = true;
    const drained = new AbortController();
    const timeUp = delay(DRAIN_MS, drained.signal).then((passed) => {
      if (passed) this.#closing.abort();
    });
    await this.#running;
    await this.#turn;
    drained.abort();
    await timeUp;
  }

  async #run(): Promise<void> {
    // What is asked for in the same turn goes into the first batch together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        const records = await this.#commit(batch);
        batch.forEach(({ resolve }, index) => {
          const record = records[index];
          if (record !== undefined) resolve(record);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
        this.#refuseRest();
      }
    }
    this.#running = undefined;
  }

  #take(): Pending[] {
    let count = 0;
    let bytes = 0;
    for (const { text } of this.#queue) {
      if (count > 0 && (count === BATCH_RECORDS || bytes + text.length > BATCH_BYTES)) break;
      count += 1;
      bytes += text.length;
    }
    return this.#queue.splice(0, count);
  }

  /** @returns the records of the batch. */
  async #commit(batch: readonly Pending[]): Promise<readonly WrittenRecord[]> {
    try {
      const records = await this.#write(batch);
      this.#appended += batch.length;
      this.#commits += 1;
      if (this.#fault !== undefined) {
        this.#fault = undefined;
        this.#parts.onResumed();
      }
      return records;
    } catch (cause) {
      const error = cause instanceof AuditLogError ? cause : unexpected(cause);
      const lasting = !PASSING.includes(error.code);
      if (error.code !== "audit_closed") {
        this.#fault = { error, lasting, untilMs: performance.now() + PAUSE_MS };
        this.#parts.onFault(error, lasting);
      }
      throw stoppedError(error);
    }
  }

  async #write(batch: readonly Pending[]): Promise<readonly WrittenRecord[]> {
    const { writer, journal, durable } = this.#parts;
    const intents = batch.filter(({ note }) => note?.event === "let_through");
    let own = 0;
    const written = await this.locked(async (): Promise<WrittenBatch | undefined> => {
      const repairs = await this.#findRepairs();
      const records = repairs.map(this.#parts.recordOf).filter((text) => text !== undefined);
      own = records.length;
      const texts = [...records, ...batch.map(({ text }) => text)];
      const done =
        texts.length === 0
          ? undefined
          : await this.#noting(intents, () =>
              writer.write(texts, (places) => this.#noteIntents(batch, places.slice(own))),
            );
      await this.#finishRepairs(repairs, done);
      return done;
    });
    if (durable) await Promise.all([written?.sync(), intents.length === 0 ? undefined : journal.sync()]);
    for (const { note } of batch) if (note?.event === "ended") journal.end(note.id);
    return written?.records.slice(own) ?? [];
  }

  /** What is to be put on record: a line that was torn just now, and repairs that were begun and not finished. */
  async #findRepairs(): Promise<readonly LogRepair[]> {
    const repair = await this.#parts.writer.refresh();
    if (repair !== undefined) this.#repairs.push(repair);
    const pending = await this.#pending();
    this.#pending = () => Promise.resolve([]);
    // One that was begun before, and is of the line that was cut just now, is the same.
    const isNew = ({ keptAs }: LogRepair): boolean => this.#repairs.every((known) => known.keptAs !== keptAs);
    this.#repairs.push(...pending.filter(isNew));
    return [...this.#repairs];
  }

  /** While the lock is held: others would find the repair unfinished, and finish it too. */
  async #finishRepairs(repairs: readonly LogRepair[], written: WrittenBatch | undefined): Promise<void> {
    if (repairs.length === 0) return;
    await written?.sync();
    for (const repair of repairs) {
      await this.#parts.finish(repair);
      this.#repairs = this.#repairs.filter((other) => other !== repair);
    }
  }

  async #noteIntents(batch: readonly Pending[], records: readonly WrittenRecord[]): Promise<void> {
    const places = new Map<string, IntentPlace>();
    batch.forEach(({ note }, index) => {
      const record = records[index];
      if (note?.event === "let_through" && record !== undefined) {
        places.set(note.id, { file: record.file, offset: record.offset, tag: note.tag });
      }
    });
    if (places.size > 0) await this.#parts.journal.add(places);
  }

  /** Takes intents out of the journal again whose records did not get into the log. */
  async #noting<T>(intents: readonly Pending[], write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      // What may have been written may have to be ended: whoever starts next looks for it in the log.
      const isUnwritten = this.#parts.writer.tip !== undefined;
      for (const { note } of intents) if (isUnwritten && note !== undefined) this.#parts.journal.end(note.id);
      throw error;
    }
  }

  #refuseRest(): void {
    const fault = this.#fault;
    if (fault === undefined) return;
    for (const { reject } of this.#queue.splice(0)) reject(stoppedError(fault.error));
  }
}

function nothing(): void {
  return undefined;
}

/** Each caller gets an error of its own: one that is shared would hold the stack of one of them. */
function stoppedError(fault: AuditLogError): AuditLogError {
  return new AuditLogError(fault.code, fault.message, { place: fault.place, cause: fault });
}

function closedError(): AuditLogError {
  return new AuditLogError("audit_closed", "the audit log is closed");
}

function unexpected(cause: unknown): AuditLogError {
  return new AuditLogError("audit_io", "the audit log failed in a way that is not known; open it again", {
    cause,
  });
}
