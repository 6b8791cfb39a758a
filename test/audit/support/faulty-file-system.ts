import { rmSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

import { nodeFileSystem } from "../../../src/audit/file-system.js";
import type { FileSystem, OpenFile } from "../../../src/audit/file-system.js";

/** What happens at an operation: an error of that code, a write of half the bytes, or the end of the process. */
export type Fault = "ENOSPC" | "EIO" | "EINTR" | "EROFS" | "short" | "crash";

interface Entry {
  /** Bytes that the disk has. */
  synced: number;
  /** Bytes that were written. */
  size: number;
  /** Whether the disk has its name. */
  named: boolean;
}

/**
 * The machine's file system, in which one operation, counted from 0, goes wrong. Knows what would be left if the machine
 * lost power.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #at: number;
  readonly #fault: Fault;
  readonly #entries = new Map<string, Entry>();
  #count = 0;
  #dead = false;
  /** What the faulty operation was. */
  hit: string | undefined;

  constructor(at: number, fault: Fault) {
    this.#at = at;
    this.#fault = fault;
  }

  async open(path: string, flags: string, mode: number): Promise<OpenFile> {
    this.#step(`open ${flags} ${path}`);
    const before = nodeFileSystem.stateOf(path);
    const file = await nodeFileSystem.open(path, flags, mode);
    const { size } = await file.state();
    if (!this.#entries.has(path)) {
      this.#entries.set(path, { synced: before === undefined ? 0 : size, size, named: before !== undefined });
    }
    return this.#wrap(path, file);
  }

  stateOf(path: string): ReturnType<FileSystem["stateOf"]> {
    return nodeFileSystem.stateOf(path);
  }

  makeDirectory(path: string, mode: number): Promise<string | undefined> {
    this.#step(`mkdir ${path}`);
    return nodeFileSystem.makeDirectory(path, mode);
  }

  list(path: string): Promise<string[]> {
    this.#step(`list ${path}`);
    return nodeFileSystem.list(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step(`rename ${from}`);
    await nodeFileSystem.rename(from, to);
    const entry = this.#entries.get(from);
    this.#entries.delete(from);
    if (entry !== undefined) this.#entries.set(to, entry);
  }

  async unlink(path: string): Promise<void> {
    this.#step(`unlink ${path}`);
    await nodeFileSystem.unlink(path);
    this.#entries.delete(path);
  }

  /** Leaves what the disk has: of what was written and not synced, some share. */
  losePower(share: number): void {
    this.#dead = true;
    for (const [path, { synced, size, named }] of this.#entries) {
      const state = nodeFileSystem.stateOf(path);
      if (state === undefined || state.isDirectory) continue;
      if (!named) rmSync(path);
      else if (size > synced) truncateSync(path, synced + Math.floor((size - synced) * share));
    }
  }

  #wrap(path: string, file: OpenFile): OpenFile {
    const step = (what: string): void => {
      this.#step(`${what} ${path}`);
    };
    const entry = (): Entry => this.#entries.get(path) ?? { synced: 0, size: 0, named: true };
    const grow = async (): Promise<void> => {
      entry().size = (await file.state()).size;
    };
    const sync = async (what: "sync" | "datasync"): Promise<void> => {
      step(what);
      await file[what]();
      const { isDirectory, size } = await file.state();
      if (!isDirectory) entry().synced = size;
      else for (const [name, known] of this.#entries) if (dirname(name) === path) known.named = true;
    };
    return {
      fd: file.fd,
      write: async (bytes) => {
        const half = this.#steps(`write ${path}`);
        const written = await file.write(half ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes);
        await grow();
        return written;
      },
      read: (into, position) => file.read(into, position),
      datasync: () => sync("datasync"),
      sync: () => sync("sync"),
      truncate: async (length) => {
        step("truncate");
        await file.truncate(length);
        await grow();
        entry().synced = Math.min(entry().synced, length);
      },
      state: () => file.state(),
      close: () => file.close(),
    };
  }

  #step(what: string): void {
    if (this.#steps(what)) throw Object.assign(new Error(`a fault at ${what}`), { code: "EIO" });
  }

  /** @returns whether a write is to be short. */
  #steps(what: string): boolean {
    if (this.#dead) throw Object.assign(new Error("the process is gone"), { code: "EIO" });
    const isHere = this.#count === this.#at;
    this.#count += 1;
    if (!isHere) return false;
    this.hit = what;
    if (this.#fault === "short") return what.startsWith("write");
    if (this.#fault === "crash") this.#dead = true;
    throw Object.assign(new Error(`a fault at ${what}`), {
      code: this.#fault === "crash" ? "EIO" : this.#fault,
    });
  }
}
