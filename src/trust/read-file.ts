import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { BigIntStats } from "node:fs";

import { TrustRegistryError } from "../errors.js";
import { wholePath } from "../lib/whole-path.js";

/** Bytes that a registry may have: about 200,000 entries. */
export const MAX_REGISTRY_BYTES: number = 64 * 1024 * 1024;

const MAX_ATTEMPTS = 5;

/** What a file was when it was read. Two equal stamps are, as far as the file system tells, of the same content. */
export type FileStamp = string;

/** @returns the stamp of the file at a path, links followed; the error's code where there is none to read. */
export async function readStamp(path: string): Promise<FileStamp> {
  try {
    return stampOf(await stat(path, { bigint: true }));
  } catch (cause) {
    return errorCode(cause);
  }
}

/** @returns bytes of the file at a path; 0 when it cannot be told, and reading will say why. */
export async function readSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/**
 * Reads a file whole, once nobody is writing to it: what changes under the reading is read again.
 *
 * @param file - Name for messages.
 * @throws `TrustRegistryError` `registry_not_found`, `registry_unreadable`, `registry_too_large`.
 */
export async function readWhole(
  path: string,
  file: string,
): Promise<{ bytes: Uint8Array; stamp: FileStamp }> {
  const handle = await openFile(path, file);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await handle.stat({ bigint: true });
      refuseOdd(before, file);
      const bytes = await readUpTo(handle, Number(before.size) + 1);
      const stamp = stampOf(await handle.stat({ bigint: true }));
      if (stamp === stampOf(before) && bytes.length === Number(before.size)) return { bytes, stamp };
    }
  } catch (cause) {
    throw cause instanceof TrustRegistryError ? cause : unreadable(file, "cannot be read", cause);
  } finally {
    await handle.close();
  }
  throw unreadable(file, "is being written to; write another file and rename it over this one");
}

async function openFile(path: string, file: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for whoever writes to it.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") {
      const message = `${wholePath(file)}: there is no such file; create it, or correct the path`;
      throw new TrustRegistryError("registry_not_found", message, { file, cause });
    }
    throw unreadable(file, `cannot be opened (${errorCode(cause)}); let this process read it`, cause);
  }
}

function refuseOdd(stats: BigIntStats, file: string): void {
  if (stats.isDirectory()) throw unreadable(file, "is a directory; give the path of the registry file in it");
  if (!stats.isFile()) throw unreadable(file, "is not a regular file");
  if (stats.size > MAX_REGISTRY_BYTES) {
    const message = `${file}: has ${stats.size} bytes; a registry may have ${MAX_REGISTRY_BYTES}`;
    throw new TrustRegistryError("registry_too_large", message, { file });
  }
}

async function readUpTo(handle: FileHandle, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function stampOf(stats: BigIntStats): FileStamp {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(":");
}

function unreadable(file: string, problem: string, cause?: unknown): TrustRegistryError {
  return new TrustRegistryError("registry_unreadable", `${file}: ${problem}`, { file, cause });
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "unknown error";
}
