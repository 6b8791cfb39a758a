import { lstatSync } from "node:fs";
import { mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** Which file something is, and how it stands. */
export interface FileState {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly isDirectory: boolean;
  /** Whether it is a regular file: a pipe would keep its reader waiting. */
  readonly isFile: boolean;
}

/** An open file. */
export interface OpenFile {
  readonly fd: number;
  /** Writes once, at the end of a file opened to append. @returns bytes written, which on a full disk may be less than asked for. */
  write(bytes: Uint8Array): Promise<number>;
  /** Reads once. @returns bytes read; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  state(): Promise<FileState>;
  close(): Promise<void>;
}

/** The part of a file system that a log writes with. Errors are those of `node:fs`, with their `code`. */
export interface FileSystem {
  /** @param flags - As `node:fs` has them. @param mode - Of a file that is made. */
  open(path: string, flags: string, mode: number): Promise<OpenFile>;
  /** @returns `undefined` when there is nothing at the path. Looks at a link itself. */
  stateOf(path: string): FileState | undefined;
  /** Makes a directory and those above it. @returns the first that was made. */
  makeDirectory(path: string, mode: number): Promise<string | undefined>;
  list(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get fd(): number {
    return this.#handle.fd;
  }

  async write(bytes: Uint8Array): Promise<number> {
    return (await this.#handle.write(bytes)).bytesWritten;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, position)).bytesRead;
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  async state(): Promise<FileState> {
    return fileState(await this.#handle.stat());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The machine's. */
export const nodeFileSystem: FileSystem = {
  open: async (path, flags, mode) => new NodeFile(await open(path, flags, mode)),
  stateOf: (path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : fileState(stats);
  },
  makeDirectory: (path, mode) => mkdir(path, { recursive: true, mode }),
  list: (path) => readdir(path),
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
};

interface NodeStats {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  isDirectory(): boolean;
  isFile(): boolean;
}

function fileState(stats: NodeStats): FileState {
  const { dev, ino, size, mtimeMs } = stats;
  return { dev, ino, size, mtimeMs, isDirectory: stats.isDirectory(), isFile: stats.isFile() };
}

/** Makes the names in a directory durable. Windows has no such thing, and does it by itself. */
export async function syncDirectory(path: string, files: FileSystem): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await files.open(path, "r", 0);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The code of an error of the file system, such as `ENOENT`; `undefined` when it is another error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
