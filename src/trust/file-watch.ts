import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";

import { readStamp } from "./read-file.js";
import type { FileStamp } from "./read-file.js";

export interface FileWatchTimes {
  /** How long a file has to stay as it is before it is read, in milliseconds. */
  readonly settleMs: number;
  /** How often the file is looked at where no event comes (network mounts, a parent that was swapped), in milliseconds. */
  readonly pollMs: number;
}

/** Looks, with a file that never settles, before it is read all the same. */
const MAX_UNSETTLED = 100;

/**
 * Watches the file that a path leads to, however it is replaced: written in place, renamed over, a link swapped on the
 * way to it, deleted and made anew.
 *
 * What counts is the file's stamp. Events of the directories only say when to look, so that it does not matter which
 * ones a platform sends. Never keeps the process alive.
 */
export class FileWatch {
  readonly #path: string;
  readonly #onChange: () => Promise<void>;
  readonly #times: FileWatchTimes;
  readonly #directories = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #isLooking = false;
  #isClosed = false;
  #handled: FileStamp | undefined;
  #unsettled: FileStamp | undefined;
  #unsettledLooks = 0;

  /** @param onChange - Called when the file is another one and has settled; the next look waits for it. Must not reject. */
  constructor(path: string, onChange: () => Promise<void>, times: FileWatchTimes) {
    this.#path = path;
    this.#onChange = onChange;
    this.#times = times;
  }

  async start(): Promise<void> {
    await this.#watchDirectories();
    this.#lookIn(this.#times.settleMs);
  }

  /** Says what of the file was read: only something else is a change. `undefined`: read it again at the next look. */
  setHandled(stamp: FileStamp | undefined): void {
    this.#handled = stamp;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unwatchDirectories();
  }

  #lookIn(delayMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#isSoon = delayMs <= this.#times.settleMs;
    this.#timer = setTimeout(() => void this.#look(), delayMs).unref();
  }

  readonly #lookSoon = (): void => {
    if (!this.#isSoon) this.#lookIn(this.#times.settleMs);
  };

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const stamp = await readStamp(this.#path);
    const isSettled = this.#hasSettled(stamp);
    const isChange = isSettled && stamp !== this.#handled && !this.#isClosed;
    if (isChange) {
      this.#handled = stamp;
      await this.#onChange();
      // A directory that was replaced is watched under its new identity.
      this.#unwatchDirectories();
    }
    if (isSettled) await this.#watchDirectories();
    this.#isLooking = false;
    // What happened while `onChange` ran gave no event.
    this.#lookIn(isSettled && !isChange ? this.#times.pollMs : this.#times.settleMs);
  }

  /** A stamp that is not the one that was read has to be seen twice: then nobody wrote for a while. */
  #hasSettled(stamp: FileStamp): boolean {
    const isSame = stamp === this.#handled || stamp === this.#unsettled;
    this.#unsettledLooks = isSame ? 0 : this.#unsettledLooks + 1;
    this.#unsettled = isSame ? undefined : stamp;
    return isSame || this.#unsettledLooks > MAX_UNSETTLED;
  }

  /** Watches the directory of the path and, where a link leads elsewhere, that of the file itself. */
  async #watchDirectories(): Promise<void> {
    const wanted = new Set([dirname(this.#path), await realDirectory(this.#path)]);
    if (this.#isClosed) return;
    for (const [directory, watcher] of this.#directories) {
      if (wanted.has(directory)) continue;
      watcher.close();
      this.#directories.delete(directory);
    }
    for (const directory of wanted) if (!this.#directories.has(directory)) this.#watchDirectory(directory);
  }

  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, this.#lookSoon);
      watcher.on("error", () => this.#drop(directory, watcher));
      this.#directories.set(directory, watcher);
    } catch {
      // No such directory at the moment, or no watches left: the next look in `pollMs` sees changes all the same.
      this.#directories.delete(directory);
    }
  }

  #unwatchDirectories(): void {
    for (const watcher of this.#directories.values()) watcher.close();
    this.#directories.clear();
  }

  #drop(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#directories.get(directory) === watcher) this.#directories.delete(directory);
    this.#lookSoon();
  }
}

async function realDirectory(path: string): Promise<string> {
  try {
    return dirname(await realpath(path));
  } catch {
    // There is no file at the moment.
    return dirname(path);
  }
}
