import { randomBytes } from "node:crypto";
import { readFileSync, realpathSync, renameSync } from "node:fs";
import { chmod, chown, open, realpath, stat, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { createFile, replaceFile } from "../../lib/atomic-file.js";
import { quoted } from "../../lib/text.js";
import { MAX_REGISTRY_BYTES } from "../read-file.js";
import { editFault } from "./edit-fault.js";

/** Which file is read and which is written. All paths but `file` are absolute. */
export interface Target {
  /** The registry's path as the caller gave it, for messages. */
  readonly file: string;
  /** The registry's path before links were followed. */
  readonly given: string;
  /** The file that is read. */
  readonly source: string;
  /** The file that is written. */
  readonly path: string;
  readonly isInPlace: boolean;
}

/** Follows the links on the way to a registry and to where it is to be written. */
export async function findTarget(file: string, output: string | undefined): Promise<Target> {
  const given = resolve(file);
  const source = await followLinks(given);
  return output === undefined
    ? { file, given, source, path: source, isInPlace: true }
    : { file, given, source, path: resolve(output), isInPlace: false };
}

/**
 * Writes a registry: whole or not at all, with the permissions of the one that was read. One that is replaced keeps its owner and
 * must still be what was read.
 *
 * @param read - What was read.
 * @throws `TrustRegistryError` `registry_edit_invalid` when it was changed since, or cannot be written. Then nothing was.
 */
export async function writeTarget(target: Target, read: Uint8Array, text: string): Promise<void> {
  const size = Buffer.byteLength(text);
  if (size > MAX_REGISTRY_BYTES) {
    const problem = `would have ${size} bytes, and a registry may have ${MAX_REGISTRY_BYTES}; take old entries out`;
    throw editFault(target, problem);
  }
  const { path, isInPlace } = target;
  const next = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString("hex")}.next`);
  try {
    const stats = await stat(target.source);
    if (!isInPlace) {
      await createFile(path, { text, mode: stats.mode & 0o777 });
      return;
    }
    await replaceFile(next, { text, mode: stats.mode & 0o777 });
    try {
      await keepOwner(target, next, stats);
      // The umask took permissions away that the file has.
      await chmod(next, stats.mode & 0o7777);
      putInPlace(target, next, read);
    } catch (error) {
      await unlink(next);
      throw error;
    }
    await syncDirectory(dirname(path));
  } catch (cause) {
    throw targetFault(target, cause);
  }
}

/** Who edits by hand, or with another tool, does not know of the lock: so there is a last look directly before the rename. */
function putInPlace(target: Target, next: string, read: Uint8Array): void {
  const { given, source, path } = target;
  if (realpathSync(given) !== source || !readFileSync(source).equals(read)) {
    throw editFault(target, "was changed while it was being edited; nothing was written, do it again");
  }
  renameSync(next, path);
}

async function keepOwner(target: Target, next: string, before: Stats): Promise<void> {
  const { uid, gid } = await stat(next);
  if (uid === before.uid && gid === before.gid) return;
  try {
    await chown(next, before.uid, before.gid);
  } catch (cause) {
    const problem = "belongs to another user or group, and would not afterwards; do it as its owner";
    throw editFault(target, problem, { cause });
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows does not open directories.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // There is no such file: reading it says so, and one to be written is made.
    return path;
  }
}

/** Says what to do about what the system refused; anything else is what it was. */
export function targetFault(target: Target, cause: unknown): unknown {
  return isSystemError(cause) ? notWritable(target, cause) : cause;
}

function notWritable(target: Target, cause: NodeJS.ErrnoException): Error {
  const { path } = target;
  if (cause.code === "EEXIST")
    return editFault(target, `${quoted(path)} is there already; move it away, or write to another file`, {
      cause,
    });
  const problem = `${quoted(path)} cannot be written (${cause.code}); ${cause.code === "ENOSPC" ? "make room on its disk" : "let this process write to its directory"}`;
  return editFault(target, problem, { cause });
}

function isSystemError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && "syscall" in cause;
}
