import { randomBytes } from "node:crypto";
import { link, open, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What a file is written with. */
export interface FileContent {
  readonly text: string;
  /** Permissions from the first byte on, such as `0o600`; the umask does not add to them. */
  readonly mode: number;
}

/** A file that is to be written. */
export interface NewFile {
  readonly path: string;
  readonly content: FileContent;
}

/**
 * Writes a file that is not there yet: whole and on disk, or not at all. Of several at once one writes it.
 *
 * @throws a system error, `EEXIST` when there is one.
 */
export async function createFile(path: string, content: FileContent): Promise<void> {
  await createFiles([{ path, content }]);
}

/**
 * Writes files of one directory that are not there yet, each whole and on disk or not at all. They are all written before the first
 * gets its name, so that a process that ends meanwhile leaves all or none, but for a moment between two names.
 *
 * @throws a system error, `EEXIST` for the first that is there: then those after it are not written.
 */
export async function createFiles(files: readonly NewFile[]): Promise<void> {
  const parts: string[] = [];
  try {
    for (const { path, content } of files) parts.push(await writePart(path, content));
    for (const [index, { path }] of files.entries()) {
      // Unlike a rename, a link does not replace what is there.
      await link(parts[index] ?? "", path);
    }
  } finally {
    await Promise.all(parts.map((part) => unlink(part)));
  }
  for (const dir of new Set(files.map(({ path }) => dirname(path)))) await syncDirectory(dir);
}

/**
 * Puts a file in the place of another: whoever opens it finds the old one or the new one, also after a loss of power.
 *
 * @throws a system error: then the old one is there.
 */
export async function replaceFile(path: string, content: FileContent): Promise<void> {
  const part = await writePart(path, content);
  try {
    await rename(part, path);
  } catch (error) {
    await unlink(part);
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writePart(path: string, { text, mode }: FileContent): Promise<string> {
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString("hex")}.part`);
  const file = await open(part, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await closeAndRemove(file, part);
    throw error;
  }
  await file.close();
  return part;
}

/** What the write failed with is what counts: a disk that is full may fail these too. */
async function closeAndRemove(file: FileHandle, part: string): Promise<void> {
  await Promise.allSettled([file.close(), unlink(part)]);
}

async function syncDirectory(dir: string): Promise<void> {
  // Windows does not open directories.
  if (process.platform === "win32") return;
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
