import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { AuditLogError } from "../../errors.js";
import { fullFault, ioFault, openFault, writeFault } from "../faults.js";
import { syncDirectory } from "../file-system.js";
import type { FileSystem, OpenFile } from "../file-system.js";
import { lockOrNot } from "../write/kernel-lock.js";
import type { KernelLocks } from "../../lib/kernel-locks.js";

/** Folder of the journals, within the log's directory. */
export const JOURNAL_FOLDER = "writers";
export const JOURNAL_SUFFIX = ".open";

/** From so many bytes on, a journal of which little is still open is begun anew. */
const RENEW_AT_BYTES = 1_048_576;

/** Where an intent's line is in the log. */
export interface IntentPlace {
  readonly file: string;
  readonly offset: number;
  /** By which whoever let it through knows it again: hex digits. Absent when nothing was given. */
  readonly tag?: string | undefined;
}

/**
 * Which intents one process let through and has not ended yet: a file beside the log, that the process holds locked while
 * it lives. When it dies, whoever starts next finds the file unlocked, and what is in it nobody else will end.
 *
 * The file is a text of lines, `+ID FILE OFFSET TAG` for an intent and `-ID` for its end. An end is noted late or not at all
 * when the process dies: the log itself says what has ended.
 */
export class IntentJournal {
  readonly #folder: string;
  readonly #files: FileSystem;
  readonly #locks: KernelLocks;
  readonly #open = new Map<string, IntentPlace>();
  #ended: string[] = [];
  #file: { readonly path: string; readonly file: OpenFile; size: number } | undefined;

  constructor(dir: string, files: FileSystem, locks: KernelLocks) {
    this.#folder = join(dir, JOURNAL_FOLDER);
    this.#files = files;
    this.#locks = locks;
  }

  /** Notes intents, before their records are written. @throws `AuditLogError`: then nothing may be written. */
  async add(intents: ReadonlyMap<string, IntentPlace>): Promise<void> {
    const journal = await this.#current();
    const text = [...this.#ended.map((id) => `-${id}\n`), ...lines(intents)].join("");
    await append(journal, text);
    this.#ended = [];
    for (const [id, place] of intents) this.#open.set(id, place);
  }

  /** Makes what was added durable. */
  async sync(): Promise<void> {
    const journal = this.#file;
    await journal?.file.datasync().catch((cause: unknown) => {
      throw ioFault(journal.path, "cannot be made durable", cause);
    });
  }

  /** Notes that an intent's end is in the log. */
  end(id: string): void {
    if (this.#open.delete(id) && this.#file !== undefined) this.#ended.push(id);
  }

  /** Lets go of the file. With intents that have no end it stays, and is found by whoever starts next. */
  async close(): Promise<void> {
    const journal = this.#file;
    if (journal === undefined) return;
    this.#file = undefined;
    if (this.#open.size === 0) await this.#files.unlink(journal.path).catch(() => undefined);
    await journal.file.close();
  }

  async #current(): Promise<{ readonly path: string; readonly file: OpenFile; size: number }> {
    const journal = this.#file;
    if (journal !== undefined && journal.size < RENEW_AT_BYTES) return journal;
    if (journal !== undefined && this.#ended.length + journal.size / 64 < 4 * this.#open.size) return journal;
    return this.#begin(journal);
  }

  /** Begins a journal with what is open, and only then gives up the one before. */
  async #begin(before: { readonly path: string; readonly file: OpenFile } | undefined): Promise<{
    readonly path: string;
    readonly file: OpenFile;
    size: number;
  }> {
    const path = join(this.#folder, `${randomBytes(8).toString("hex")}${JOURNAL_SUFFIX}`);
    let file: OpenFile;
    try {
      await this.#files.makeDirectory(this.#folder, 0o700);
      file = await this.#files.open(path, "ax", 0o600);
    } catch (cause) {
      throw openFault(path, cause);
    }
    const journal = { path, file, size: 0 };
    try {
      // Nobody else has it: its name is as good as unique.
      if (!lockOrNot(this.#locks, file.fd, path))
        throw new AuditLogError("audit_io", `${path} is locked by somebody else`);
      await append(journal, [...lines(this.#open)].join(""));
      await syncAll(journal, this.#folder, this.#files);
    } catch (error) {
      // Nothing of it stays: it is tried again with each append, for as long as a disk is full.
      await this.#files.unlink(path).catch(() => undefined);
      await file.close();
      throw error;
    }
    this.#ended = [];
    this.#file = journal;
    if (before !== undefined) {
      const isGone = await this.#files.unlink(before.path).then(
        () => true,
        () => false,
      );
      // While it is there it stays locked: unlocked, its intents would be ended by others, and some of them run.
      if (isGone) await before.file.close();
    }
    return journal;
  }
}

async function syncAll(
  journal: { path: string; file: OpenFile },
  folder: string,
  files: FileSystem,
): Promise<void> {
  try {
    await journal.file.sync();
    await syncDirectory(folder, files);
  } catch (cause) {
    throw ioFault(journal.path, "cannot be made durable", cause);
  }
}

async function append(
  journal: { readonly path: string; readonly file: OpenFile; size: number },
  text: string,
): Promise<void> {
  if (text === "") return;
  // What was cut off before by a full disk must not run into this.
  const bytes = Buffer.from(`\n${text}`);
  const written = await journal.file.write(bytes).catch((cause: unknown) => {
    throw writeFault(journal.path, cause);
  });
  journal.size += written;
  // A line that was not written whole is passed over by whoever reads it.
  if (written < bytes.length) throw fullFault(journal.path);
}

function* lines(intents: ReadonlyMap<string, IntentPlace>): Generator<string, void, undefined> {
  for (const [id, { file, offset, tag }] of intents) {
    yield tag === undefined ? `+${id} ${file} ${offset}\n` : `+${id} ${file} ${offset} ${tag}\n`;
  }
}

const LINE = /^\+(rec_[0-9a-f]{32}) ([0-9-]+\.jsonl) ([0-9]{1,15})(?: ([0-9a-f]{64}))?$/;

/** Reads a journal's text: the intents without an end. Lines that are none, such as one cut off, are passed over. */
export function readJournal(text: string): Map<string, IntentPlace> {
  const open = new Map<string, IntentPlace>();
  for (const line of text.split("\n")) {
    const [, id, file, offset, tag] = LINE.exec(line) ?? [];
    if (id !== undefined && file !== undefined) {
      open.set(id, { file, offset: Number(offset), ...(tag === undefined ? {} : { tag }) });
    } else if (line.startsWith("-")) open.delete(line.slice(1));
  }
  return open;
}
