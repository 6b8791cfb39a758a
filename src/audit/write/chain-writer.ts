import { join } from "node:path";

import type { Sha256Text } from "../../crypto/digest.js";
import { AuditLogError } from "../../errors.js";
import { delay } from "../../lib/delay.js";
import { formatTime } from "../../lib/time.js";
import { dayFileName, dayStartMs, readDayName } from "../read/day-files.js";
import type { DayFile } from "../read/day-files.js";
import { fullFault, ioFault, openFault, writeFault } from "../faults.js";
import { syncDirectory, systemCode } from "../file-system.js";
import type { FileState, FileSystem, OpenFile } from "../file-system.js";
import { DayDirectory } from "./day-directory.js";
import { checkGrowth } from "./growth.js";
import { recordHash } from "../record/record-hash.js";
import { LINE_OVERHEAD, writeLine } from "../record/record-text.js";
import { cutTornTail } from "./repair.js";
import type { LogRepair } from "./repair.js";
import { readTip } from "./tip.js";
import type { Tip } from "./tip.js";

/** Where a record was written. */
export interface WrittenRecord {
  readonly file: string;
  /** Byte at which its line begins. */
  readonly offset: number;
  readonly prevHash: Sha256Text;
  readonly recordHash: Sha256Text;
}

/** What was written at one go. It is durable once `sync` has resolved. */
export interface WrittenBatch {
  readonly records: readonly WrittenRecord[];
  /** @throws `AuditLogError` `audit_io`, as a rejection. Is not to be called again after that. */
  sync(): Promise<void>;
}

const DAY_MS = 86_400_000;
const MAX_INTERRUPTED = 100;
const MOST_KEPT_BYTES = 1_048_576;

/** How long a line without an end is watched before it counts as torn, and how often it is looked at while it changes. */
const TORN_WAIT_MS = 30;
const MOST_LOOKS = 10;

/** Writes records to the newest file of a log. Used by the holder of the log's lock alone. */
export class ChainWriter {
  readonly #dir: string;
  readonly #files: FileSystem;
  readonly #clock: () => number;
  readonly #days: DayDirectory;
  #tip: Tip | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #open: { readonly day: DayFile; readonly file: OpenFile; readonly state: FileState } | undefined;

  constructor(dir: string, files: FileSystem, clock: () => number) {
    this.#dir = dir;
    this.#files = files;
    this.#clock = clock;
    this.#days = new DayDirectory(dir, files);
  }

  /** The newest record's hash, and its file; `undefined` while that is not known, as after a write that went wrong. */
  get tip(): Tip | undefined {
    return this.#tip;
  }

  /**
   * Brings what is known of the log's end up to date: other processes may have written since.
   *
   * @returns what was cut off, when a writer died while it wrote a line.
   * @throws `AuditLogError`: `audit_corrupt` when something but an appending writer was at work.
   */
  async refresh(): Promise<LogRepair | undefined> {
    const newest = await this.#days.newestName();
    const tip = this.#tip;
    if (tip !== undefined && newest === tip.day?.name) {
      const state = newest === undefined ? undefined : this.#files.stateOf(join(this.#dir, newest));
      if (state === undefined && newest === undefined) return undefined;
      if (state !== undefined && this.#isOurs(state)) {
        if (state.size === tip.size) return undefined;
        await checkGrowth(this.#dir, this.#files, tip, state.size);
      }
    } else if (tip?.day !== undefined && (newest === undefined || newest < tip.day.name)) {
      throw new AuditLogError(
        "audit_corrupt",
        `${join(this.#dir, tip.day.name)} was removed while it was written to`,
      );
    }
    return this.#readTip();
  }

  /**
   * Writes records, each chained to the one before, behind everything else. All or nothing: what was written of them is
   * taken back when there is no room for the rest.
   *
   * @param texts - Canonical JSON of the receipts, as UTF-8.
   * @param beforehand - Told where the records will be. When it fails, nothing is written.
   */
  async write(
    texts: readonly Uint8Array[],
    beforehand: (records: readonly WrittenRecord[]) => Promise<void>,
  ): Promise<WrittenBatch> {
    const tip = this.#tip;
    if (tip === undefined) throw new TypeError("refresh comes before write");
    const { day, file } = await this.#fileToWrite(tip);
    const start = day.name === tip.day?.name ? tip.size : 0;
    const records: WrittenRecord[] = [];
    const bytes = this.#bufferOf(texts.reduce((sum, text) => sum + text.length + LINE_OVERHEAD, 0));
    let prevHash = tip.hash;
    let length = 0;
    for (const text of texts) {
      const hash = recordHash(text, prevHash);
      records.push({ file: day.name, offset: start + length, prevHash, recordHash: hash });
      length += writeLine(bytes, length, text, prevHash, hash);
      prevHash = hash;
    }
    await beforehand(records);
    // Until it is known that all is written, nothing is known.
    this.#tip = undefined;
    if (!(await this.#append(file, day, bytes, start))) {
      // Taken back: all is as it was.
      this.#tip = tip;
      throw fullFault(join(this.#dir, day.name));
    }
    this.#tip = { hash: prevHash, day, size: start + length };
    const path = join(this.#dir, day.name);
    const sync = (): Promise<void> =>
      file.datasync().catch((cause: unknown) => {
        throw ioFault(path, "cannot be made durable", cause);
      });
    return { records, sync };
  }

  /** Bytes to write into. They are used again for the next batch, as this one is written by then, unless there are many. */
  #bufferOf(length: number): Buffer {
    if (length > MOST_KEPT_BYTES) return Buffer.allocUnsafe(length);
    if (length > this.#buffer.length)
      this.#buffer = Buffer.allocUnsafeSlow(Math.min(length * 2, MOST_KEPT_BYTES));
    return this.#buffer.subarray(0, length);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }

  #isOurs(state: FileState): boolean {
    const open = this.#open;
    return open === undefined || (open.state.ino === state.ino && open.state.dev === state.dev);
  }

  async #readTip(): Promise<LogRepair | undefined> {
    this.#tip = undefined;
    const { tip, torn } = await this.#readSettledTip();
    await this.#closeUnless(tip.day);
    const repair = torn === undefined ? undefined : await cutTornTail(this.#dir, this.#files, torn);
    this.#tip = tip;
    return repair;
  }

  /** A program that does not keep to the log's lock may be about to end its line: what is torn stays as it is. */
  async #readSettledTip(): ReturnType<typeof readTip> {
    let before = await readTip(this.#dir, this.#files, await this.#days.list());
    for (let looks = 0; before.torn !== undefined && looks < MOST_LOOKS; looks++) {
      await delay(TORN_WAIT_MS);
      const now = await readTip(this.#dir, this.#files, await this.#days.list());
      if (now.torn?.offset === before.torn.offset && now.torn.bytes === before.torn.bytes) return now;
      before = now;
    }
    return before;
  }

  /** What is open stays so if it is still the file of that name. */
  async #closeUnless(day: DayFile | undefined): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    const state = this.#files.stateOf(join(this.#dir, open.day.name));
    if (day?.name === open.day.name && state !== undefined && this.#isOurs(state)) return;
    if (day?.name === open.day.name) {
      throw new AuditLogError(
        "audit_corrupt",
        `${join(this.#dir, open.day.name)} was replaced while it was written to`,
      );
    }
    await this.close();
  }

  /** The file for a record that is written now: the newest, unless a new day has begun. Names never go back. */
  async #fileToWrite(tip: Tip): Promise<{ readonly day: DayFile; readonly file: OpenFile }> {
    const today = formatTime(this.#clock()).slice(0, "0000-00-00".length);
    const { day: newest } = tip;
    if (newest === undefined || newest.day < today) return this.#begin(today, newest);
    if (newest.compressed) return this.#begin(dayAfter(newest.day), newest);
    return this.#open?.day.name === newest.name ? this.#open : this.#use(newest, "a");
  }

  async #begin(
    day: string,
    before: DayFile | undefined,
  ): Promise<{ readonly day: DayFile; readonly file: OpenFile }> {
    const file = readDayName(dayFileName(day));
    if (file === undefined) throw new AuditLogError("audit_io", `the clock gives a day that is none: ${day}`);
    if (before !== undefined) await this.#syncDay(before);
    const opened = await this.#use(file, "ax");
    await syncDirectory(this.#dir, this.#files).catch((cause: unknown) => {
      throw ioFault(this.#dir, "cannot be made durable", cause);
    });
    return opened;
  }

  /** Whoever wrote it last may not be through: what is chained to must not be lost while what is chained to it is not. */
  async #syncDay(day: DayFile): Promise<void> {
    const path = join(this.#dir, day.name);
    try {
      const file = this.#open?.day.name === day.name ? undefined : await this.#files.open(path, "r", 0);
      try {
        await (file ?? this.#open?.file)?.datasync();
      } finally {
        await file?.close();
      }
    } catch (cause) {
      throw ioFault(path, "cannot be made durable", cause);
    }
  }

  async #use(day: DayFile, flags: "a" | "ax"): Promise<{ readonly day: DayFile; readonly file: OpenFile }> {
    const path = join(this.#dir, day.name);
    const file = await this.#files.open(path, flags, 0o600).catch((cause: unknown) => {
      throw openFault(path, cause);
    });
    await this.close();
    this.#open = { day, file, state: await file.state() };
    return this.#open;
  }

  /** @returns whether all was written. If not, nothing of it is there. @throws `AuditLogError` when that is not known. */
  async #append(file: OpenFile, day: DayFile, bytes: Uint8Array, start: number): Promise<boolean> {
    const path = join(this.#dir, day.name);
    let written = 0;
    try {
      written = await writeOnce(file, bytes);
    } catch (cause) {
      const fault = writeFault(path, cause);
      if (fault.code !== "audit_full") throw fault;
    }
    // So a full disk shows itself: the write before the one that fails is short.
    if (written === bytes.length) return true;
    try {
      // Nobody was told of these lines, and no other can have been chained to them.
      await file.truncate(start);
    } catch (cause) {
      throw ioFault(path, "is full, and cannot be cut back", cause);
    }
    return false;
  }
}

/** Writes once. A write that a signal kept from beginning is begun again. */
async function writeOnce(file: OpenFile, bytes: Uint8Array): Promise<number> {
  for (let interrupted = 0; ; interrupted++) {
    try {
      return await file.write(bytes);
    } catch (error) {
      if (systemCode(error) !== "EINTR" || interrupted === MAX_INTERRUPTED) throw error;
    }
  }
}

function dayAfter(day: string): string {
  return formatTime((dayStartMs(day) ?? 0) + DAY_MS).slice(0, day.length);
}
