import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

import { compressedForm } from "../read/byte-source.js";
import type { RecordFile } from "../read/byte-source.js";
import { systemCode } from "../file-system.js";

const NEWLINE = 0x0a;
/** A line that is being written is there whole within milliseconds. */
const LOOK_AGAIN_MS = 10;
const LOOKS = 5;

/** A file, as it is now, and how much of it is read. */
export interface MeasuredFile {
  readonly file: RecordFile;
  /** As it lies on disk. */
  readonly size: number;
}

/**
 * Measures files, so that what is appended meanwhile is not read. The last one may be at work: its size is taken when its
 * last line has its end, or none comes. One that was compressed since it was listed is given in that form. One that cannot be
 * looked at has size 0: reading it tells why.
 */
export async function measureFiles(files: readonly RecordFile[]): Promise<MeasuredFile[]> {
  const measured: MeasuredFile[] = [];
  for (const file of files) {
    const size =
      file === files.at(-1) && !file.compressed ? await settledSize(file.path) : await sizeOf(file.path);
    measured.push(size === undefined ? await measurePacked(file) : { file, size });
  }
  return measured;
}

async function measurePacked(file: RecordFile): Promise<MeasuredFile> {
  const packed = compressedForm(file);
  const size = packed && (await sizeOf(packed.path));
  return packed === undefined || size === undefined ? { file, size: 0 } : { file: packed, size };
}

async function settledSize(path: string): Promise<number | undefined> {
  let size = await sizeOf(path);
  for (let look = 0; look < LOOKS && (await isTorn(path, size)); look++) {
    await setTimeout(LOOK_AGAIN_MS);
    const now = await sizeOf(path);
    if (now === size) return size;
    size = now;
  }
  return size;
}

/** @returns `undefined` when there is nothing. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : 0;
  } catch (cause) {
    return systemCode(cause) === "ENOENT" ? undefined : 0;
  }
}

async function isTorn(path: string, size: number | undefined): Promise<boolean> {
  if (size === undefined || size === 0) return false;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== NEWLINE;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}
